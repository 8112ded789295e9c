"""One open media file: its container, tracks and origin. The only place that opens one to read."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, BinaryIO

import av

from leitstand.media import formats, tracks

_READ_AT_ONCE = 1 << 16
_MICROSECOND = Fraction(1, 1_000_000)


class Unreadable(Exception):
    """A file that cannot be opened as media; `code` is `empty_file` or `unreadable`."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail or code)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Media:
    """An open file. `origin` is the time of second zero, in seconds of its own time stamps."""

    container: Any
    origin: Fraction

    @property
    def video(self) -> Any | None:
        """The first track of moving frames."""
        return next(iter(tracks.video_tracks(self.container)), None)

    @property
    def audio(self) -> list[Any]:
        return tracks.audio_tracks(self.container)

    @property
    def played(self) -> list[Any]:
        """What players show: the first track of video, and of audio."""
        video = self.video
        return [*([] if video is None else [video]), *self.audio[:1]]

    @property
    def format(self) -> str:
        """What the demuxer calls itself, one of `formats.DEMUXERS`."""
        return formats.full_name(str(self.container.format.name))

    @property
    def declared(self) -> float | None:
        """The duration in seconds that the container declares, or that its demuxer estimates."""
        declared = self.container.duration
        if not declared or declared <= 0:
            return None
        # Matroska tells the end and not the length: the two differ where it starts late.
        late = max(0, self.container.start_time or 0) if self.format == formats.MATROSKA else 0
        return float((declared - late if declared > late else declared) / 1e6)

    def packets(self, streams: Sequence[Any]) -> Iterator[Any]:
        """The packets of some tracks from where the demuxer is, and an empty one of each track at
        the end. Raises av.FFmpegError at damage."""
        # At the end PyAV fails over tracks that begin later than the file does.
        with contextlib.suppress(IndexError):
            yield from self.container.demux(streams)

    def seconds(self, stamp: int, unit: Fraction) -> Fraction:
        """A time stamp as seconds from the origin."""
        return stamp * unit - self.origin


@contextmanager
def opened(
    source: BinaryIO | io.RawIOBase, demuxer: str = "", read_at_once: int = _READ_AT_ONCE
) -> Iterator[Media]:
    """A file that is open already, read as media; raises Unreadable.

    `demuxer` is what the file's name says; content that is something else is opened as what it is.
    """
    if not source.seek(0, os.SEEK_END):
        raise Unreadable("empty_file")
    with _container(source, demuxer, read_at_once) as container:
        yield Media(container, origin_of(container))


def _container(source: Any, demuxer: str, read_at_once: int) -> Any:
    failure: Exception | None = None
    for form in dict.fromkeys((demuxer, "")):
        source.seek(0)
        try:
            return av.open(
                source,
                format=form or None,
                options=formats.options(),
                metadata_errors="replace",
                buffer_size=read_at_once,
            )
        except (av.FFmpegError, ValueError, OSError) as error:
            if isinstance(getattr(source, "failure", None), OSError):
                raise
            failure = failure or error
    raise Unreadable("unreadable", type(failure).__name__) from failure


def origin_of(container: Any) -> Fraction:
    """The container's start time, as exact as the tracks say it."""
    rough = Fraction(container.start_time or 0, 1_000_000)
    exact = [
        one.start_time * Fraction(one.time_base)
        for one in container.streams
        if one.start_time is not None and one.time_base is not None
    ]
    near = [one for one in exact if abs(one - rough) <= 2 * _MICROSECOND]
    return near[0] if near else rough
