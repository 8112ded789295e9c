"""Chapters of a clip, as the container keeps them: MP4, Matroska and WebM all can."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from av.container.output import OutputContainer

from leitstand.cut.media import Media
from leitstand.cut.request import Chapter, Part

_UNIT = Fraction(1, 1000)


def in_a_row(
    marks: Sequence[tuple[float, str]], length: float, opening: str = "Start"
) -> list[Chapter]:
    """Chapters that begin at these seconds, each until the next or the clip's end.

    What lies before the first one is a chapter too, called `opening`: MP4 keeps no gaps. Of
    several that begin in the same millisecond the last one counts; those at or after the end are
    left out.
    """
    begins = {round(max(0.0, at), 3): title for at, title in sorted(marks, key=lambda one: one[0])}
    inside = [(at, title) for at, title in begins.items() if at < round(length, 3)]
    if inside and inside[0][0] > 0:
        inside.insert(0, (0.0, opening))
    ends = [*(at for at, _ in inside[1:]), length]
    return [Chapter(at, end, title) for (at, title), end in zip(inside, ends, strict=False)]


def of_part(media: Media, part: Part, at: float = 0.0) -> list[Chapter]:
    """The chapters of a file that touch a part of it; the part begins at `at` in the clip."""
    found = []
    for one in media.container.chapters():
        unit = one["time_base"] or _UNIT
        begins, ends = (float(one[key] * unit - media.origin) for key in ("start", "end"))
        first, last = max(begins, part.start), min(ends, part.end)
        if first < last:
            shift, title = at - part.start, one["metadata"].get("title", "")
            found.append(Chapter(first + shift, last + shift, title))
    return found


def later(given: Sequence[Chapter], seconds: float) -> list[Chapter]:
    """The same in a clip that begins so much earlier; so does the first one."""
    return [
        Chapter(one.start + seconds if place else one.start, one.end + seconds, one.title)
        for place, one in enumerate(given)
    ]


def put(made: OutputContainer, given: Sequence[Chapter]) -> None:
    """Before anything is written."""
    if given:
        made.set_chapters(
            [
                {
                    "id": number,
                    "start": round(one.start / _UNIT),
                    "end": round(one.end / _UNIT),
                    "time_base": _UNIT,
                    "metadata": {"title": one.title},
                }
                for number, one in enumerate(given, 1)
            ]
        )
