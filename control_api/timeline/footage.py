"""What the timeline knows of one video: when which second of it was filmed, and how good it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple


class Quality(NamedTuple):
    """Which of two videos of the same moment is taken: the lower value."""

    is_estimated: bool = False
    """The start was estimated from names and times."""
    is_damaged: bool = False
    """A part of the file does not play."""
    is_rendition: bool = False
    """It is a remux or a copy of another video."""


BEST = Quality()
WHOLE_SECONDS = 1.5
"""How wrong an estimated start may be where names of files tell whole seconds."""
PARTS_OF_SECONDS = 0.2
"""The same where they tell parts of seconds too, as MediaMTX's do."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece without a pause: `length` seconds from `offset` in the file, filmed at `wall`."""

    offset: float
    wall: float
    length: float

    @property
    def end(self) -> float:
        return self.wall + self.length


@dataclass(frozen=True, slots=True)
class Footage:
    """One video; without stretches its time is unknown. `full` is the range [start, end) of the
    file in which it has all kinds of tracks; an estimated start is wrong by `tolerance` at most."""

    id: str
    duration: float
    stretches: tuple[Stretch, ...]
    quality: Quality = BEST
    full: tuple[float, float] = (0.0, float("inf"))
    tolerance: float = WHOLE_SECONDS

    def wall_at(self, offset: float) -> float | None:
        """When a second of the file was filmed; None where its time is unknown."""
        before = [piece for piece in self.stretches if piece.offset <= offset]
        return before[-1].wall + offset - before[-1].offset if before else None

    @property
    def begin(self) -> float:
        return self.stretches[0].wall

    @property
    def end(self) -> float:
        return self.stretches[-1].end


def footage(
    id: str,
    duration: float,
    start: float | None,
    anchors: Sequence[Sequence[float]],
    *,
    quality: Quality = BEST,
    tracks: Sequence[Mapping[str, Any]] = (),
    tolerance: float = WHOLE_SECONDS,
) -> Footage:
    """A video of which `anchors` say when it goes on after each pause, as (offset, Unix time)."""
    known = [(at, wall) for at, wall in anchors] or ([] if start is None else [(0.0, start)])
    # Where a recording goes on, it may have been resumed after the newest second that is known.
    ends = [min(at, duration) for at in (*(at for at, _ in known[1:]), duration)]
    pieces = (Stretch(at, wall, end - at) for (at, wall), end in zip(known, ends, strict=True))
    stretches = tuple(piece for piece in pieces if piece.length > 0) if known else ()
    return Footage(id, duration, stretches, quality, full_range(tracks), tolerance)


def full_range(tracks: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """From where to where in the file there is video and audio, as far as tracks tell their own
    `start` and `end`."""
    kinds: dict[str, list[tuple[float, float]]] = {}
    for track in tracks:
        start, end = track.get("start"), track.get("end")
        if isinstance(start, int | float) and isinstance(end, int | float):
            kinds.setdefault(str(track.get("kind")), []).append((float(start), float(end)))
    longest = [max(ranges, key=lambda one: one[1] - one[0]) for ranges in kinds.values()]
    begin = max((start for start, _ in longest), default=0.0)
    end = min((end for _, end in longest), default=float("inf"))
    return (begin, end) if begin < end else (0.0, float("inf"))


def until(start: float, duration: float, anchors: Sequence[Sequence[float]]) -> float:
    """When a video ends by the clock: what follows the last pause continues its end."""
    known = [(float(at), float(wall)) for at, wall in anchors if at <= duration] or [(0.0, start)]
    offset, wall = known[-1]
    return wall + max(0.0, duration - offset)
