"""Time stamps of a clip's packets, and their order in the file."""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from av.container.output import OutputContainer

from leitstand.cut.audio import Sound
from leitstand.cut.pictures import Sample
from leitstand.cut.plan import delay
from leitstand.cut.request import CannotCopy
from leitstand.cut.writer import packet

# Seconds into the clip, and the packet that belongs there.
Timed = tuple[Fraction, Any]


@dataclass(frozen=True, slots=True)
class Times:
    """The time stamps of the pictures as they are shown; the last one stays for `last` ticks."""

    shown: Sequence[int]
    last: int
    unit: Fraction

    def duration(self, pts: int) -> int:
        place = bisect_right(self.shown, pts)
        return self.shown[place] - pts if place < len(self.shown) else self.last


def spliced(
    samples: Iterator[Sample], order: Sequence[int], times: Times, track: Any
) -> Iterator[Timed]:
    """Pictures in `order`; each is decoded as late as all the others allow."""
    ahead = delay(order)
    first = times.shown[0]
    step = max(1, (times.shown[-1] + times.last - first) // len(times.shown))
    ranked = times.shown
    place = -1
    for place, sample in enumerate(samples):
        if place >= len(order) or sample.pts != order[place]:
            raise CannotCopy("the pictures do not come in the order that was planned")
        early = place - ahead
        dts = (ranked[early] if early >= 0 else first + early * step) - first
        stamps = (sample.pts - first, dts, times.duration(sample.pts))
        made = packet(sample.data, track, times.unit, stamps, sample.key)
        yield dts * times.unit, made
    if place + 1 != len(order):
        raise CannotCopy("pictures are missing that were planned")


def encoded(samples: Iterator[Sample], times: Times, track: Any) -> Iterator[Timed]:
    """Pictures of one encoder, which has worked out the order itself."""
    first = times.shown[0]
    for sample in samples:
        dts = (sample.pts if sample.dts is None else sample.dts) - first
        stamps = (sample.pts - first, dts, times.duration(sample.pts))
        yield dts * times.unit, packet(sample.data, track, times.unit, stamps, sample.key)


def sound(sounds: Iterator[Sound], start: Fraction, track: Any) -> Iterator[Timed]:
    """Sound with second zero at `start`."""
    rate = track.codec_context.sample_rate
    unit = Fraction(1, rate)
    for one in sounds:
        time = one.time - start
        at = round(time * rate)
        stamps = (at, at, round(one.duration * rate))
        yield time, packet(one.data, track, unit, stamps, True)


def interleave(
    made: OutputContainer, tracks: Sequence[Iterator[Timed]], told: Callable[[Fraction], None]
) -> None:
    """Writes all tracks in the order of time."""
    for time, one in heapq.merge(*tracks, key=lambda pair: pair[0]):
        made.mux_one(one)
        told(time)
