"""Pictures and samples of a file by time, for whoever asks in the order of time."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.video.reformatter import ColorRange
from numpy.typing import NDArray

from leitstand.cut import audio
from leitstand.cut.media import Media, base
from leitstand.cut.request import CutError
from leitstand.media.canvas import Canvas
from leitstand.media.look import MATRIX_709, Colours, looked_at

SOUND_RATE = 48_000
_RGB = Colours(int(ColorRange.JPEG), matrix=MATRIX_709)
# Pictures and their times are told apart by less than this share of one picture.
_EARLY = 0.25
# Time stamps of decoded sound wander by less than this.
_WANDERING = Fraction(5, 1000)

Pixels = NDArray[np.uint8]
Samples = NDArray[np.float32]


class Reel:
    """The pictures of a file by time: what is shown then. Quick where times go forward."""

    def __init__(self, media: Media, size: tuple[int, int], rate: Fraction) -> None:
        self._media = media
        self._canvas = Canvas(*size, pixels="rgb24", colours=_RGB)
        self._early = _EARLY / float(rate)
        self._frames: Iterator[tuple[float, Any]] = iter(())
        self._shown: tuple[float, Any] | None = None
        self._next: tuple[float, Any] | None = None
        self._pixels: Pixels | None = None

    def at(self, time: float) -> Pixels:
        if self._shown is None or time < self._shown[0] - self._early:
            self._frames = self._decoded()
            self._next = next(self._frames, None)
            self._pixels = None
        while self._next is not None and self._next[0] <= max(0.0, time) + self._early:
            self._shown, self._pixels = self._next, None
            self._next = next(self._frames, None)
        if self._shown is None:
            raise CutError("There is no picture to put anything on.")
        if self._pixels is None:
            self._pixels = self._shown[1].to_ndarray()
        return self._pixels

    def _decoded(self) -> Iterator[tuple[float, Any]]:
        stream = self._media.video
        assert stream is not None
        self._media.container.seek(0)
        stream.codec_context.flush_buffers()
        unit = base(stream)
        first: int | None = None
        decoded = self._media.container.decode(stream)
        frames = looked_at(stream, (one for one in decoded if one.pts is not None))
        for frame in self._canvas.shown(frames):
            first = frame.pts if first is None else first
            yield float((frame.pts - first) * unit), frame


class Tape:
    """The first track of sound, in stereo; silence where there is none."""

    def __init__(self, media: Media, seconds: float) -> None:
        self._media = media
        self._seconds = seconds
        self._blocks: Iterator[Samples] = iter(())
        self._begin = 1
        self._samples = np.zeros((0, 2), np.float32)

    def at(self, time: Any) -> Samples:
        """The samples at that second, or at those of an array."""
        places = np.round(np.atleast_1d(time) * SOUND_RATE).astype(int)
        self._wind(int(places.min()), int(places.max()))
        inside = places - self._begin
        is_there = inside < len(self._samples)
        heard = np.zeros((len(places), 2), np.float32)
        heard[is_there] = self._samples[inside[is_there]]
        return heard if np.ndim(time) else heard[0]

    def _wind(self, first: int, last: int) -> None:
        """So that what lies between is at hand."""
        if first < self._begin:
            self._blocks, self._begin = self._decoded(), 0
            self._samples = np.zeros((0, 2), np.float32)
        pieces = [self._samples]
        until = self._begin + len(self._samples)
        while until <= last and (block := next(self._blocks, None)) is not None:
            pieces.append(block)
            until += len(block)
        self._samples = np.concatenate(pieces)
        gone = min(first - self._begin, len(self._samples))
        self._samples = self._samples[gone:]
        self._begin += gone

    def _decoded(self) -> Iterator[Samples]:
        zero = self._zero()
        stream, end = self._media.audio[0], zero + Fraction(self._seconds)
        frames = audio.frames(self._media, stream, (zero, end), lambda: None)
        resampler = av.AudioResampler("flt", "stereo", SOUND_RATE)
        expected = zero
        for frame in audio.trimmed(frames, zero, end):
            time = frame.pts * Fraction(frame.time_base)
            if time - expected > _WANDERING:
                yield np.zeros((round((time - expected) * SOUND_RATE), 2), np.float32)
                expected = time
            expected += Fraction(frame.samples, frame.sample_rate)
            frame.pts = None
            yield from _resampled(resampler, frame)
        yield from _resampled(resampler, None)

    def _zero(self) -> Fraction:
        """When the first picture is shown, else when the file begins."""
        video = self._media.video
        if video is None or video.start_time is None:
            return self._media.origin
        return video.start_time * base(video)


def _resampled(resampler: Any, frame: Any) -> Iterator[Samples]:
    for one in resampler.resample(frame):
        yield one.to_ndarray().reshape(-1, 2).astype(np.float32)
