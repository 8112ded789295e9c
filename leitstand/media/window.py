"""What a range of a file that is still being written takes: final bytes alone, and few of them.

Such a file has no index: a demuxer alone would read all that comes before the range. Offsets
within the file stay what they are, as a fragment may name its data by its place in the file.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from leitstand.media import flash
from leitstand.media.extent import readable
from leitstand.media.growth import layout_of
from leitstand.media.layout import Bytes
from leitstand.media.opening import Media, opened
from leitstand.media.view import View, behind, skipped

FEW = 12
"""So many units are read from the beginning."""
LOOK_BACK_SECONDS = (10, 30, 120)
"""How long before a range its last key frame is looked for, one after the other; where there is
none, the file is read from the beginning."""
_AFTER_SECONDS = 2
"""Audio may be written that much later than the video that it belongs to."""


@dataclass(frozen=True, slots=True)
class Window:
    """The bytes from `first` to `until` of a file, which begin at `at` of what is read of it.

    `head` is kept, as a recorder may write it anew when the recording ends. `origin` is the time
    of second zero of the whole file.
    """

    demuxer: str
    head: bytes
    first: int
    until: int
    at: int
    origin: Fraction = Fraction(0)

    def view(self, file: BinaryIO) -> View:
        return View(file, self.head, self.first, self.until, self.at)


@dataclass(frozen=True, slots=True)
class Written:
    """A file that is still being written, of which only a window is read."""

    path: Path
    window: Window

    @property
    def name(self) -> str:
        return self.path.name

    @contextmanager
    def opened(self) -> Iterator[View]:
        """The window, read-only. Raises OSError."""
        with read_only(self.path) as file:
            yield self.window.view(file)


@contextmanager
def read_only(path: Path) -> Iterator[BinaryIO]:
    """A file that somebody writes, without a lock and through no link. Raises OSError."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb", buffering=0) as file:
        yield file


@contextmanager
def opened_at(file: BinaryIO, demuxer: str, size: int, at: float) -> Iterator[Media]:
    """The first `size` bytes of a file that grows, read as media, from around `at` seconds on.

    Raises NotYet, Unreadable.
    """
    window = window_of(file, demuxer, size, at, at)
    with opened(window.view(file), demuxer) as media:
        yield Media(media.container, window.origin)


def window_of(file: BinaryIO, demuxer: str, size: int, start: float, end: float) -> Window:
    """The window for [start, end), in seconds from the beginning, in the first `size` bytes.

    Raises NotYet where they cannot be read before the recording ends, Unreadable.
    """
    layout = layout_of(file, demuxer)
    whole = Window(demuxer, b"", 0, size, 0)
    with opened(whole.view(file), demuxer) as media:
        whole = replace(whole, origin=media.origin)
    begins = Fraction(start) + whole.origin
    ends = Fraction(end) + whole.origin + _AFTER_SECONDS
    if demuxer == "flv":
        found = flash.between(Bytes(file, size), begins, ends)
        return whole if found is None else replace(whole, **found)
    if demuxer == "mpegts":
        # It is searched by its own times.
        return whole
    head = Bytes(file).read(0, layout.head)
    starts = [one for one in layout.starts if one < size]
    first, until = _Units(file, demuxer, head, size, starts).around(begins, ends)
    gap = skipped(demuxer, first - layout.head)
    if gap is None:
        first = layout.head
    return Window(demuxer, head + (gap or b""), first, until, first, whole.origin)


@dataclass(frozen=True, slots=True)
class _Units:
    """The whole clusters or fragments in the first `size` bytes of a file, by time stamps."""

    file: BinaryIO
    demuxer: str
    head: bytes
    size: int
    starts: Sequence[int]

    def around(self, start: Fraction, end: Fraction) -> tuple[int, int]:
        """From a unit well before the start, with a key frame between it and the start, to the end
        of the unit that has the end."""
        after = min(self._at(end) + 2, len(self.starts))
        until = self._end(after - 1)
        if len(self.starts) <= FEW:
            return self.starts[0], until
        holds = max(0, self._at(start))
        for seconds in LOOK_BACK_SECONDS:
            number = self._at(start - seconds)
            if number > 0 and self._has_key(number, holds, start):
                return self.starts[number], until
        return self.starts[0], until

    def _at(self, stamp: Fraction) -> int:
        """The last unit that begins at that time or before; -1 before the first."""
        return bisect_right(range(len(self.starts)), stamp, key=self._begins) - 1

    def _end(self, number: int) -> int:
        return self.starts[number + 1] if number + 1 < len(self.starts) else self.size

    def _view(self, first: int, last: int) -> View:
        first, until = self.starts[first], self._end(last)
        return behind(self.head, self.file, self.demuxer, first, until)

    def _begins(self, number: int) -> Fraction:
        return min((stamp for stamp, _ in self._packets(number, number)), default=Fraction(0))

    def _has_key(self, first: int, last: int, start: Fraction) -> bool:
        """Whether one of these units has a key frame before the start; without video each has."""
        packets = self._packets(first, last, of_video=True)
        return any(is_key and stamp <= start for stamp, is_key in packets)

    def _packets(
        self, first: int, last: int, *, of_video: bool = False
    ) -> Iterator[tuple[Fraction, bool]]:
        """The time stamp of each packet of some units, and whether it is a key frame. The head of
        a hybrid MP4 has packets too."""
        view = self._view(first, last)
        with opened(view, self.demuxer) as media:
            only = media.video.index if of_video and media.video is not None else None
            for packet in readable(media):
                is_other = only is not None and packet.stream.index != only
                if packet.pts is None or is_other or (packet.pos or view.begin) < view.begin:
                    continue
                yield packet.pts * Fraction(packet.time_base), packet.is_keyframe
