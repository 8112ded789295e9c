"""How to read an answer of any version: fields that were renamed, times, unknown values."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from operator import attrgetter
from typing import TypeGuard

from exporter.counters import Values
from exporter.sources.source import SourceError
from leitstand.clients.mediamtx import MediaMTXError
from leitstand.clients.mediamtx.objects import Object

Names = tuple[str, ...]
"""A field's names, newest first; empty where the object has no such field."""

INBOUND_BYTES: Names = ("inboundBytes", "bytesReceived")
OUTBOUND_BYTES: Names = ("outboundBytes", "bytesSent")

PROTOCOLS = frozenset({"rtsp", "rtsps", "rtmp", "rtmps", "srt", "webrtc", "hls", "moq"})
FORWARD_PROTOCOLS = PROTOCOLS | {"whip", "whips"}
UNKNOWN_PROTOCOL = "other"


def numbers(objects: Sequence[Object], fields: Sequence[Names]) -> Iterable[Values]:
    """The counters of each object; None for a field that this version does not have.

    One list comes from one server, so its first object tells the names for all. At least two
    fields.
    """
    if not objects:
        return ()
    return map(attrgetter(*(_known(objects[0], names) for names in fields)), objects)


def _known(example: Object, names: Names) -> str:
    return next((name for name in names if getattr(example, name) is not None), "lacking")


def is_known(time: str | None) -> TypeGuard[str]:
    """False for null and for Go's zero time (the year 1)."""
    return time is not None and time != "" and not time.startswith("0001-")


def seconds(time: str | None) -> float | None:
    """An RFC 3339 time as Unix time; None for one that is not known."""
    return datetime.fromisoformat(time).timestamp() if is_known(time) else None


@contextlib.contextmanager
def as_source_error() -> Iterator[None]:
    """Turn what goes wrong while asking and reading into a SourceError."""
    try:
        yield
    except MediaMTXError as error:
        raise SourceError(str(error)) from None
    except ValueError:
        # A time that is none; its text may quote the answer, so it is not told.
        raise SourceError("answered with a time or number that cannot be read") from None
