"""Decoded audio in one row of samples: silence where there is none, a drifting clock followed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from numpy.typing import NDArray

from leitstand.cut import audio

Samples = NDArray[np.float32]
# Time and samples (channels, count).
Block = tuple[Fraction, Samples]

# Time stamps that are off by more than this tell of a gap, or of an overlap.
_GAP = Fraction(30, 1000)
# Time stamps of decoded audio wander by less than this.
_WANDERING = Fraction(3, 1000)
_NEAR = Fraction(1, 2000)
# By how much audio is stretched at most to follow its time stamps.
_STRETCH = Fraction(1, 100)


class Placer:
    """Turns decoded frames into samples as an encoder takes them, each block with its time.

    Where the time stamps drift away from the count of samples, the samples are stretched.
    """

    def __init__(self, encoder: AudioCodecContext) -> None:
        self._layout, self._rate = encoder.layout, encoder.sample_rate
        self._resampler: Any = None
        self._begun = self._expected = Fraction(0)
        self._taken = 0
        self._is_following = False

    def blocks(self, frames: Iterable[Any]) -> Iterator[Block]:
        """Frames in the order of time; times in seconds of their time stamps."""
        for frame in frames:
            time = frame.pts * Fraction(frame.time_base)
            if self._resampler is None or abs(time - self._expected) > _GAP:
                yield from self._end()
                self._begin(time)
            length = Fraction(frame.samples, frame.sample_rate)
            extra = self._extra(time - self._expected, length)
            self._expected += length
            yield from self._resampled(frame, extra)
        yield from self._end()

    def _begin(self, time: Fraction) -> None:
        self._resampler = av.AudioResampler("fltp", self._layout, self._rate)
        self._begun = self._expected = time
        self._taken, self._is_following = 0, False

    def _end(self) -> Iterator[Block]:
        if self._resampler is not None:
            yield from self._resampled(None, 0)
            self._resampler = None

    def _extra(self, late: Fraction, length: Fraction) -> int:
        """By how many samples the next block, of `length` seconds, is to be longer."""
        if abs(late) > _WANDERING:
            self._is_following = True
        elif abs(late) < _NEAR:
            self._is_following = False
        if not self._is_following:
            return 0
        most = length * _STRETCH
        return round(max(-most, min(most, late)) * self._rate)

    def _resampled(self, frame: Any, extra: int) -> Iterator[Block]:
        if frame is not None:
            frame.pts = None
        for one in self._resampler.resample(frame):
            samples = stretched(one.to_ndarray(), extra)
            self._expected += Fraction(samples.shape[1] - one.samples, self._rate)
            extra = 0
            yield self._begun + Fraction(self._taken, self._rate), samples
            self._taken += samples.shape[1]


def stretched(samples: Samples, extra: int) -> Samples:
    """The same audio in `extra` samples more (or less)."""
    count = samples.shape[1]
    if extra == 0 or count + extra < 2:
        return samples
    places = np.linspace(0, count - 1, count + extra)
    made = [np.interp(places, np.arange(count), channel) for channel in samples]
    return np.asarray(made, np.float32)


def filled(blocks: Iterable[Block], begin: int, until: int, encoder: Any) -> Iterator[Samples]:
    """Samples `begin` to `until` without gap or overlap; `blocks` have times from sample 0 on."""
    rate, channels, done = encoder.sample_rate, encoder.layout.nb_channels, begin
    for time, samples in blocks:
        at = round(time * rate)
        if at > done:
            yield from _silence(channels, min(at, until) - done, rate)
            done = max(done, min(at, until))
        fresh = samples[:, max(0, done - at) : max(0, until - at)]
        if fresh.shape[1]:
            yield fresh
            done += fresh.shape[1]
    yield from _silence(channels, until - done, rate)


def _silence(channels: int, count: int, block: int) -> Iterator[Samples]:
    while count > 0:
        yield np.zeros((channels, min(count, block)), np.float32)
        count -= block


def encoded(encoder: AudioCodecContext, row: Iterable[Samples]) -> Iterator[audio.Sound]:
    """A row of samples in the encoder's codec; times from its first sample on."""
    fifo, written = av.AudioFifo(), 0
    size = encoder.frame_size or 1024
    for samples in row:
        fifo.write(_frame(encoder, samples))
        while (ready := fifo.read(size)) is not None:
            yield from _pieces(encoder, ready, written)
            written += ready.samples
    rest = fifo.read(0, partial=True)
    if rest is not None:
        yield from _pieces(encoder, rest, written)
    yield from _pieces(encoder, None, written)


def _pieces(encoder: AudioCodecContext, frame: Any, written: int) -> Iterator[audio.Sound]:
    if frame is not None:
        frame.pts = written
        frame.time_base = Fraction(1, encoder.sample_rate)
    for packet in encoder.encode(frame):
        unit = Fraction(packet.time_base)
        length = Fraction(packet.duration or 0) * unit
        yield audio.Sound(bytes(packet), (packet.pts or 0) * unit, length)


def _frame(encoder: AudioCodecContext, samples: Samples) -> Any:
    packed = not encoder.format.is_planar
    block = samples.T.reshape(1, -1) if packed else samples
    made = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(block, np.float32), encoder.format.name, encoder.layout.name
    )
    made.sample_rate = encoder.sample_rate
    return made
