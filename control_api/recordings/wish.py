"""What should be: the operator's override if there is one, else what the schedules say.

Pure functions of time, windows and override; nothing is remembered, so nothing can get stuck.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from control_api.schedules.windows import Window


class Want(enum.StrEnum):
    START = "start"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Override:
    """What an operator wants of a studio from `since` until `until`, whatever schedules say.

    A stop is for the windows that had begun by then: one that begins later is a new wish.
    """

    want: Want
    since: float
    until: float
    who: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Wish:
    """Whether a studio should record, since when that is wanted without a break, and why."""

    on: bool
    reason: str
    since: float = 0.0
    title: str = ""
    windows: tuple[Window, ...] = ()


def wish(windows: Sequence[Window], override: Override | None) -> Wish:
    """`windows` are those of enabled schedules, and `override` is, of this moment."""
    stopped = override is not None and override.want is Want.STOP
    calling = tuple(
        w for w in windows if override is None or not stopped or w.start > override.since
    )
    if override is not None and not stopped:
        since = min([override.since, *(w.start for w in calling)])
        return Wish(True, f"started by {override.who}", since, override.title, calling)
    if calling:
        first = min(calling, key=lambda window: window.start)
        title = ", ".join(dict.fromkeys(w.title for w in calling))
        return Wish(True, f"scheduled: {title}", first.start, first.title, calling)
    if override is not None and windows:
        return Wish(False, f"stopped by {override.who}")
    return Wish(False, "nothing is scheduled")


def stop(now: float, windows: Sequence[Window], who: str) -> Override | None:
    """The override that a stop at `now` leaves: none is needed outside of all windows."""
    if not windows:
        return None
    return Override(Want.STOP, now, max(window.end for window in windows), who)
