"""How to read an answer of any version: fields that were renamed, times, unknown values."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from exporter.counters import Values
from exporter.sources.source import SourceError
from leitstand.clients.mediamtx import BadAnswer, Item, MediaMTXError

Names = tuple[str, ...]
"""A field's names, newest first; empty where the object has no such field."""

INBOUND_BYTES: Names = ("inboundBytes", "bytesReceived")
OUTBOUND_BYTES: Names = ("outboundBytes", "bytesSent")

PROTOCOLS = frozenset({"rtsp", "rtsps", "rtmp", "rtmps", "srt", "webrtc", "hls", "moq"})
FORWARD_PROTOCOLS = PROTOCOLS | {"whip", "whips"}
UNKNOWN_PROTOCOL = "other"


def first(item: Item, names: Names) -> Any:
    """The value under the newest name that this version has; None if it has none of them."""
    for name in names:
        if name in item:
            return item[name]
    return None


def numbers(items: Sequence[Item], fields: Sequence[Names]) -> Iterable[Values]:
    """The counters of each item; None for a field that this version does not have."""
    for item in items:
        yield tuple([None if (v := first(item, f)) is None else number(v) for f in fields])


def number(value: Any) -> float:
    """A JSON number as it is; raises BadAnswer for anything else."""
    if value.__class__ is int or value.__class__ is float:
        return value
    raise BadAnswer(f"gave a {type(value).__name__} for a number")


def seconds(text: str | None) -> float | None:
    """An RFC 3339 time as Unix time; None for null and for Go's zero time (the year 1)."""
    if not text or text.startswith("0001-"):
        return None
    return datetime.fromisoformat(text).timestamp()


def positive(value: Any) -> int | None:
    """A size or rate, where MediaMTX writes 0 for one that it does not know."""
    return int(value) if value else None


@contextlib.contextmanager
def as_source_error() -> Iterator[None]:
    """Turn what goes wrong while asking and reading into a SourceError.

    JSON of the wrong shape shows as a KeyError, TypeError and the like where it is read; its text
    may quote the answer, so only its kind is told.
    """
    try:
        yield
    except MediaMTXError as error:
        raise SourceError(str(error)) from None
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        kind = type(error).__name__
        raise SourceError(f"answered something of an unexpected shape ({kind})") from None
