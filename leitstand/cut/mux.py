"""Time stamps of a clip's packets, and their order in the file."""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from av.container.output import OutputContainer

from leitstand.cut import clock
from leitstand.cut.audio import Sound
from leitstand.cut.pictures import Sample
from leitstand.cut.plan import delay
from leitstand.cut.request import CannotCopy
from leitstand.cut.writer import packet

# Seconds into the clip, and the packet that belongs there.
Timed = tuple[Fraction, Any]


@dataclass(frozen=True, slots=True)
class Times:
    """When the frames of a clip are shown: the one with the time stamp `pts[n]` of its source
    at `ticks[n]`, in `unit` from the clip's time 0; the last one until `end`."""

    pts: Sequence[int]
    ticks: Sequence[int]
    end: int
    unit: Fraction

    @classmethod
    def of(cls, shown: Sequence[int], unit: Fraction, start: Fraction, end: Fraction) -> Times:
        """Those of the frames `shown` in [start, end), in seconds of time stamps in `unit`."""
        into = clock.fine(unit)
        ticks = clock.placed(shown, unit, start, into)
        return cls(shown, ticks, max(round((end - start) / into), ticks[-1] + 1), into)

    @property
    def own(self) -> Times:
        """The same for frames that carry their times in the clip."""
        return Times(self.ticks, self.ticks, self.end, self.unit)

    def tick(self, pts: int) -> int:
        return self.ticks[bisect_left(self.pts, pts)]

    def duration(self, pts: int) -> int:
        place = bisect_left(self.pts, pts)
        following = self.ticks[place + 1] if place + 1 < len(self.ticks) else self.end
        return following - self.ticks[place]


def spliced(
    samples: Iterator[Sample], order: Sequence[int], times: Times, track: Any
) -> Iterator[Timed]:
    """Frames in `order`; each is decoded as late as all the others allow."""
    ahead = delay(order)
    first = times.ticks[0]
    step = _step(times)
    place = -1
    for place, sample in enumerate(samples):
        if place >= len(order) or sample.pts != order[place]:
            raise CannotCopy("the pictures do not come in the order that was planned")
        early = place - ahead
        dts = times.ticks[early] if early >= 0 else first + early * step
        stamps = (times.tick(sample.pts), dts, times.duration(sample.pts))
        yield dts * times.unit, packet(sample.data, track, times.unit, stamps, sample.key)
    if place + 1 != len(order):
        raise CannotCopy("pictures are missing that were planned")


def _step(times: Times) -> int:
    """Between the decoding times before the first frame is shown: as between most frames."""
    gaps = [after - one for one, after in pairwise([*times.ticks, times.end])]
    return max(1, sorted(gaps)[len(gaps) // 2])


def encoded(samples: Iterator[Sample], times: Times, track: Any) -> Iterator[Timed]:
    """Frames of one encoder, which has worked out the order itself."""
    for sample in samples:
        dts = sample.pts if sample.dts is None else sample.dts
        stamps = (sample.pts, dts, times.duration(sample.pts))
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
