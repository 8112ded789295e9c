"""Decides which picture of a video is meant, and whether it has to be taken anew."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from control_api.clips.when import offset_at
from control_api.errors import BadInput
from control_api.frames.reading import Reader
from control_api.frames.store import Strip, StripStore
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
        """Seconds or a clock time in a video; whoever asked closes its file.

        Raises NotFound, Conflict for what is being written, BadInput for what is outside of it.
        """
        opened = self._library.opened(id)
        try:
            offset = self._offset(self._library.get(id), at, field)
        except BaseException:
            opened.file.close()
            raise
        return Moment(opened, offset, f'"{_key(opened)}-{offset!r}-{look.width}-{look.format}"')

    def picture(self, moment: Moment, look: Look) -> Shown:
        """The one shown then. Raises BadInput where the file gives none, Unavailable."""
        request = {"kind": "frame", "at": moment.at, "width": look.width, "format": look.format}
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

    def _offset(self, row: VideoRow, at: str | float, field: str) -> float:
        if isinstance(at, float | int) or _SECONDS.fullmatch(at):
            # A player that stands at the end shows the last picture.
            if float(at) <= row.duration:
                return float(at)
            raise BadInput(f"{field}: {float(at):g} s: the video has {row.duration:.3f} s")
        video = footage(row.id, row.duration, row.start, row.anchors)
        return offset_at(video, at, self._library.zone, field)


def _form(opened: Opened) -> str:
    return demuxer_of(opened.row.name)


def _key(opened: Opened) -> str:
    return f"{opened.row.id}-{opened.size:x}-{opened.mtime_ns:x}"
