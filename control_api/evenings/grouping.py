"""Which recordings of a studio are one evening. Pure.

An evening is one window with everything that overlaps or touches it; windows that touch are one.
Outside windows, recordings less than 30 minutes apart are one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

APART_SECONDS = 30 * 60.0
TOUCH_SECONDS = 60.0
"""How far apart a recording and the next one may be that goes on with it: OBS takes time to stop
and to start."""


@dataclass(frozen=True, slots=True)
class Part:
    """A recording from `begin` to `end` (Unix seconds), and the evening that it is of already."""

    id: str
    begin: float
    end: float
    evening: str | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """What a schedule wanted, [begin, end)."""

    begin: float
    end: float
    title: str = ""


@dataclass(slots=True)
class Group:
    """Recordings that are one evening, by begin; `window` is the one that they are of."""

    window: Window | None
    parts: list[Part] = field(default_factory=list)


def grouped(parts: Iterable[Part], windows: Iterable[Window]) -> list[Group]:
    """Every recording in one group; groups by the begin of their first part."""
    ordered = sorted(parts, key=lambda part: (part.begin, part.id))
    merged = merged_windows(windows)
    chosen = [_window_of(part, merged) for part in ordered]
    _spread(ordered, chosen, range(1, len(ordered)), -1)
    _spread(ordered, chosen, range(len(ordered) - 2, -1, -1), 1)
    groups: list[Group] = []
    by_window: dict[Window, Group] = {}
    last_end = float("-inf")
    for part, window in zip(ordered, chosen, strict=True):
        if window is not None:
            if window not in by_window:
                groups.append(by_window.setdefault(window, Group(window)))
            by_window[window].parts.append(part)
        elif groups and groups[-1].window is None and part.begin - last_end < APART_SECONDS:
            groups[-1].parts.append(part)
        else:
            groups.append(Group(None, [part]))
        last_end = max(last_end, part.end)
    return groups


def claims(groups: Iterable[Group], fixed: Collection[str]) -> Iterator[tuple[Group, str | None]]:
    """Each group with the evening that it is to be: that of its first part, once each, and None
    for a new one. A group with a part of an evening that is `fixed` stays as it is."""
    taken = set(fixed)
    for group in groups:
        known = [part.evening for part in group.parts if part.evening]
        if not known or any(id in fixed for id in known):
            continue
        id = next((id for id in known if id not in taken), None)
        if id is not None:
            taken.add(id)
        yield group, id


def merged_windows(windows: Iterable[Window]) -> list[Window]:
    """By begin; those that touch as one, with the title of the first that has one."""
    merged: list[Window] = []
    for window in sorted(windows, key=lambda one: (one.begin, one.end)):
        if merged and window.begin <= merged[-1].end:
            before = merged[-1]
            end, title = max(before.end, window.end), before.title or window.title
            merged[-1] = Window(before.begin, end, title)
        else:
            merged.append(window)
    return merged


def _window_of(part: Part, windows: Sequence[Window]) -> Window | None:
    """The one of which it has most, or that it touches."""
    shares = [(_overlap(part, window), window) for window in windows]
    most, window = max(shares, key=lambda share: share[0], default=(-TOUCH_SECONDS, None))
    return window if most > -TOUCH_SECONDS else None


def _overlap(part: Part, window: Window) -> float:
    """Seconds in common; below 0: how far apart they are."""
    return min(part.end, window.end) - max(part.begin, window.begin)


def _spread(
    parts: Sequence[Part], chosen: list[Window | None], places: Iterable[int], step: int
) -> None:
    """What touches a part of a window is of that window too."""
    for place in places:
        near = parts[place + step]
        if chosen[place] is None and _apart(parts[place], near) <= TOUCH_SECONDS:
            chosen[place] = chosen[place + step]


def _apart(one: Part, other: Part) -> float:
    return max(one.begin, other.begin) - min(one.end, other.end)
