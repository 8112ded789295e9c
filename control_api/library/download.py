"""A file as an answer: parts of it by Range, nothing if the asker has it already (RFC 9110)."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from datetime import tzinfo
from email.utils import formatdate, parsedate_to_datetime
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from control_api.library.names import disposition, download_name, shown, suffix
from control_api.library.service import Opened
from leitstand.media.formats import EXTENSIONS

_AT_ONCE = 1 << 18
_CONTENT: dict[str, dict[str, Any]] = {media: {} for _, media in sorted(set(EXTENSIONS.values()))}
DOCUMENTED: dict[int | str, dict[str, Any]] = {
    200: {"content": _CONTENT, "description": "The file"},
    206: {"content": _CONTENT, "description": "The part that was asked for"},
    304: {"description": "It is as the asker has it"},
    416: {"description": "The range begins after the end"},
}
"""What OpenAPI says of such answers."""
_RANGE = re.compile(r"bytes=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.ASCII | re.IGNORECASE)


class Unsatisfiable(Exception):
    """The range begins after the end."""


class Sent(StreamingResponse):
    """The bytes [first, end) of a file, which is closed afterwards, also when the asker went away
    before the answer began. Players do that at each seek."""

    def __init__(
        self, opened: Opened, piece: tuple[int, int], status: int, headers: Mapping[str, str]
    ) -> None:
        self._file = opened.file
        super().__init__(_read(opened.file, *piece), status, headers, _media(opened))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with contextlib.closing(self._file):
            await super().__call__(scope, receive, send)


def part(header: str | None, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last; None for the whole, as for several ranges at once.

    Raises Unsatisfiable.
    """
    found = _RANGE.fullmatch(header.strip()) if header else None
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if first == "":
        if int(last) == 0 or size == 0:
            raise Unsatisfiable
        return max(0, size - int(last)), size
    if last != "" and int(last) < int(first):
        return None
    if int(first) >= size:
        raise Unsatisfiable
    return int(first), size if last == "" else min(int(last) + 1, size)


def answer(opened: Opened, asked: Mapping[str, str], zone: tzinfo, body: bool = True) -> Response:
    """Closes the file when it is sent, or at once where nothing is."""
    tag = f'"{opened.row.id}-{opened.size:x}-{opened.mtime_ns:x}"'
    headers = _headers(opened, tag, zone)
    if _has_it(asked.get("if-none-match"), tag):
        return _bare(opened, 304, headers)
    wanted = asked.get("range") if _is_same(asked.get("if-range"), tag, opened) else None
    try:
        piece = part(wanted, opened.size)
    except Unsatisfiable:
        return _bare(opened, 416, headers | {"Content-Range": f"bytes */{opened.size}"})
    first, end = piece or (0, opened.size)
    headers["Content-Length"] = str(end - first)
    if piece:
        headers["Content-Range"] = f"bytes {first}-{end - 1}/{opened.size}"
    status = 206 if piece else 200
    if not body:
        return _bare(opened, status, headers)
    return Sent(opened, (first, end), status, headers)


def _headers(opened: Opened, tag: str, zone: tzinfo) -> dict[str, str]:
    row = opened.row
    name = download_name(
        row.studio, row.title, shown(row.start, zone), PurePosixPath(row.name).name
    )
    return {
        "ETag": tag,
        "Last-Modified": formatdate(opened.mtime_ns // 10**9, usegmt=True),
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "Content-Disposition": disposition(name),
        "X-Content-Type-Options": "nosniff",
    }


def _bare(opened: Opened, status: int, headers: Mapping[str, str]) -> Response:
    opened.file.close()
    return Response(None, status, headers, _media(opened) if status in (200, 206) else None)


def _media(opened: Opened) -> str:
    return EXTENSIONS[suffix(opened.row.name)][1]


def _read(file: BinaryIO, first: int, end: int) -> Iterator[bytes]:
    file.seek(first)
    while first < end and (piece := file.read(min(_AT_ONCE, end - first))):
        first += len(piece)
        yield piece


def _has_it(if_none_match: str | None, tag: str) -> bool:
    if if_none_match is None:
        return False
    tags = [one.strip().removeprefix("W/") for one in if_none_match.split(",")]
    return tag in tags or "*" in tags


def _is_same(if_range: str | None, tag: str, opened: Opened) -> bool:
    """Whether the part that is asked for goes with what the asker has."""
    if if_range is None or if_range.strip() == tag:
        return True
    try:
        then = parsedate_to_datetime(if_range).timestamp()
    except (ValueError, TypeError, OverflowError):
        return False
    return then == opened.mtime_ns // 10**9
