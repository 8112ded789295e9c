"""Whether a studio should record at a moment, and why: pure functions of windows and override."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from control_api.recordings.reasons import Code, Reason
from control_api.schedules.windows import Window

WindowKey = tuple[int, str]
"""A window's schedule and the local date of its start: stays the same if its times are moved."""


class Want(enum.StrEnum):
    START = "start"
    STOP = "stop"


class Override(msgspec.Struct, frozen=True):
    """What an operator wants of a studio from `since` until `until`, whatever schedules say.

    A stop holds for `windows`, those that were running when it was asked for, also if their end is
    moved afterwards; a window that begins later is recorded.
    """

    want: Want
    since: float
    until: float
    by: str
    title: str = ""
    windows: tuple[WindowKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Desired:
    """Whether a studio should record, since when without a break, and why.

    `is_known` is False as long as no plan was read: then nothing is started or stopped. `until` is
    when it ends as far as is known now; `windows` are those that ask for it.
    """

    on: bool
    reason: Reason
    since: float = 0.0
    until: float | None = None
    title: str = ""
    windows: tuple[Window, ...] = ()
    is_known: bool = True


UNKNOWN = Desired(False, Reason(Code.NO_PLAN), is_known=False)


def desired_state(windows: Sequence[Window], override: Override | None) -> Desired:
    """The state that is wanted now; `windows` and `override` are those of this moment."""
    stopped = override is not None and override.want is Want.STOP
    asking = tuple(
        w for w in windows if not (override and stopped and key_of(w) in override.windows)
    )
    if override is not None and not stopped:
        since = min([override.since, *(w.start for w in asking)])
        until = max([override.until, *(w.end for w in asking)])
        reason = Reason(Code.STARTED_BY, {"by": override.by})
        return Desired(True, reason, since, until, override.title, asking)
    if asking:
        first = min(asking, key=lambda window: window.start)
        titles = ", ".join(dict.fromkeys(w.title for w in asking))
        until = max(w.end for w in asking)
        reason = Reason(Code.SCHEDULED, {"title": titles})
        return Desired(True, reason, first.start, until, first.title, asking)
    if override is not None and windows:
        return Desired(False, Reason(Code.STOPPED_BY, {"by": override.by}))
    return Desired(False, Reason(Code.NOTHING_SCHEDULED))


def stop(now: float, windows: Sequence[Window], by: str) -> Override | None:
    """The override that a stop leaves; none is needed outside of all windows."""
    if not windows:
        return None
    keys = tuple(key_of(window) for window in windows)
    return Override(Want.STOP, now, max(w.end for w in windows), by, windows=keys)


def is_over(override: Override, windows: Sequence[Window], now: float) -> bool:
    """Whether an override has done its work. `windows` are those of this moment.

    A stop lasts as long as one of its windows does, wherever their ends were moved to.
    """
    if override.want is Want.START:
        return now >= override.until
    return now >= override.until and not any(key_of(w) in override.windows for w in windows)


def key_of(window: Window) -> WindowKey:
    return window.schedule_id, window.date
