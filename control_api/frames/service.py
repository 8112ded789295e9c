"""Decides which picture of a video is meant, and whether it has to be taken anew."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from control_api.clips.when import offset_at
from control_api.errors import BadInput, Conflict
from control_api.frames.reading import Reader
from control_api.frames.store import Strip, StripStore
from control_api.library.growing import Grown
from control_api.library.portrait import WRITING
from control_api.library.service import LibraryService, Opened
from control_api.library.tables import VideoRow
from control_api.timeline.footage import footage
from leitstand.media.formats import demuxer_of

Format = Literal["jpeg", "png", "webp"]

_SECONDS = re.compile(r"\d{1,7}(?:\.\d{1,9})?", re.ASCII)
_STRIP_SECONDS = 6.0


@dataclass(frozen=True, slots=True)
class Look:
    """How a picture is to be; it is never wider than the video."""

    width: int
    format: Format


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture, and when it begins to be shown, in seconds into the video."""

    content: bytes
    time: float


@dataclass(frozen=True, slots=True)
class Moment:
    """A video's file, open, and the place that is meant. `tag` stands for the picture of it."""

    opened: Opened
    at: float
    tag: str
    size: int | None = None
    """How many bytes of the file are final, where it is being written."""


class FrameService:
    """Reads videos in processes of their own; strips are kept in `store`."""

    def __init__(self, library: LibraryService, reader: Reader, store: StripStore) -> None:
        self._library = library
        self._reader = reader
        self._store = store

    def named(self, filename: str) -> str:
        """The id of the newest video whose file has this name. Raises NotFound."""
        return self._library.named(filename).id

    def place(self, id: str, at: str | float, look: Look, field: str = "at") -> Moment:
        """Seconds or a clock time in a video; the caller closes its file.

        Raises NotFound, BadInput for what is outside of it, Conflict for one that is being written
        in a format that cannot be read meanwhile, Unavailable.
        """
        row = self._library.get(id)
        is_growing = row.state == WRITING
        opened = self._library.opened_growing(id) if is_growing else self._library.opened(id)
        try:
            grown = self._grown(opened) if is_growing else None
            duration = row.duration if grown is None else grown.newest
            offset = self._offset(row, duration, at, field)
        except BaseException:
            opened.file.close()
            raise
        size = None if grown is None else grown.size
        tag = f'"{_key(opened)}-{offset!r}-{look.width}-{look.format}"'
        return Moment(opened, offset, tag, size)

    def _grown(self, opened: Opened) -> Grown:
        grown = self._library.grown(opened)
        if grown.reason is not None:
            raise Conflict(f"the video is still being written: {grown.reason.text}")
        return grown

    def picture(self, moment: Moment, look: Look) -> Shown:
        """The one shown then. Raises BadInput where the file gives none, Unavailable."""
        request = {
            "kind": "frame",
            "at": moment.at,
            "size": moment.size,
            "width": look.width,
            "format": look.format,
        }
        with self._reader.turn():
            taken = self._reader.take(moment.opened.file, _form(moment.opened), request)
        return Shown(taken.content, float(taken.told["time"]))

    def strip(self, id: str, count: int, width: int) -> tuple[Strip, str]:
        """Small pictures for a time bar, each for an equal part of the video, and their tag.

        Raises NotFound, Conflict, BadInput where the file gives no picture, Unavailable.
        """
        opened = self._library.opened(id)
        with opened.file:
            name = f"{_key(opened)}-{count}-{width}"
            strip = self._store.get(name) or self._made(opened, name, count, width)
        return strip, f'"{name}"'

    def _made(self, opened: Opened, name: str, count: int, width: int) -> Strip:
        request = {
            "kind": "strip",
            "moments": self._moments(opened.row.id, count),
            "width": width,
            "seconds": _STRIP_SECONDS,
        }
        with self._reader.turn():
            # Somebody else may have asked for the same meanwhile.
            if kept := self._store.get(name):
                return kept
            taken = self._reader.take(opened.file, _form(opened), request)
        told = taken.told
        strip = Strip(told["times"], int(told["width"]), int(told["height"]), taken.content)
        if told["whole"]:
            self._store.put(name, strip)
        return strip

    def _moments(self, id: str, count: int) -> list[float]:
        duration = self._library.get(id).duration
        return [(number + 0.5) * duration / count for number in range(count)]

    def _offset(self, row: VideoRow, duration: float, at: str | float, field: str) -> float:
        if isinstance(at, float | int) or _SECONDS.fullmatch(at):
            # A player that stands at the end shows the last picture.
            if float(at) <= duration:
                return float(at)
            raise BadInput(f"{field}: {float(at):g} s: the video has {duration:.3f} s")
        video = footage(row.id, duration, row.start, row.anchors)
        return offset_at(video, at, self._library.zone, field)


def _form(opened: Opened) -> str:
    return demuxer_of(opened.row.name)


def _key(opened: Opened) -> str:
    return f"{opened.row.id}-{opened.size:x}-{opened.mtime_ns:x}"
