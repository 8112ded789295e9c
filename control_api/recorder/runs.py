"""The account of one window: what of it was recorded, and why the rest was not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from control_api.recorder.desired_state import WindowKey
from control_api.recordings.reasons import BY_HAND, Code, Reason
from control_api.schedules.runs import TOLERANCE_SECONDS, Outcome
from control_api.schedules.tables import RunRow
from control_api.schedules.windows import Window

_LEAST_RECORDED_SECONDS = 1.0
_SKIPPED = frozenset({Code.NOT_WANTED, Code.RECORDER_NOT_RUNNING})
"""Codes of gaps that a clock that was set forward leaves."""


class Gap(msgspec.Struct, frozen=True):
    """A part [start, end) of a window (Unix seconds) that was not recorded, and the reason."""

    start: float
    end: float
    code: Code
    params: dict[str, Any] = {}

    @property
    def reason(self) -> Reason:
        return Reason(self.code, self.params)

    @property
    def seconds(self) -> float:
        return self.end - self.start


class Run(msgspec.Struct):
    """A window [start, end) in Unix seconds, accounted for up to `accounted_until`.

    A run that was closed goes on if its window is wanted again. `reported_missing` is how many
    seconds were missing when that was last reported.
    """

    schedule_id: int
    date: str
    studio: str
    title: str
    start: float
    end: float
    accounted_until: float
    recorded_seconds: float = 0.0
    gaps: list[Gap] = []
    outcome: Outcome = Outcome.RUNNING
    reported_missing: float = 0.0

    @property
    def key(self) -> WindowKey:
        return self.schedule_id, self.date

    @property
    def missing_seconds(self) -> float:
        """What was wanted and not recorded, for whatever reason."""
        return sum(gap.seconds for gap in self.gaps if gap.code is not Code.NOT_WANTED)

    @property
    def missed_seconds(self) -> float:
        """The same without what people paused or stopped."""
        return sum(gap.seconds for gap in self.gaps if gap.code not in BY_HAND)

    def take_window(self, window: Window) -> None:
        """Take over where the window ends now, and its title."""
        self.end, self.title = max(window.end, self.accounted_until), window.title

    def add_gap(self, until: float, reason: Reason) -> None:
        """Account for everything up to `until` as not recorded."""
        if until > self.accounted_until:
            self.gaps = _joined(self.gaps, Gap(self.accounted_until, until, *_parts(reason)))
            self.accounted_until = until

    def add_recorded(self, until: float) -> None:
        """Account for everything up to `until` as recorded."""
        if until > self.accounted_until:
            self.recorded_seconds += until - self.accounted_until
            self.accounted_until = until

    def retract_recorded(self, since: float) -> None:
        """Take back what was accounted as recorded from `since` on: the file lacks it."""
        begin = max(since, self.gaps[-1].end if self.gaps else self.start)
        if begin < self.accounted_until:
            self.recorded_seconds -= self.accounted_until - begin
            self.accounted_until = begin

    def account_again(
        self, begin: float, until: float, recorded_from: float, reason: Reason
    ) -> bool:
        """Account for what a clock that was set forward had skipped, and shows after all.

        Of [begin, until) everything from `recorded_from` on was recorded. True if any of it had
        been skipped.
        """
        gaps: list[Gap] = []
        for gap in self.gaps:
            first, last = max(begin, gap.start), min(until, gap.end)
            if gap.code not in _SKIPPED or first >= last:
                gaps.append(gap)
                continue
            since = min(max(recorded_from, first), last)
            gaps += [
                Gap(gap.start, first, gap.code, gap.params),
                Gap(first, since, *_parts(reason)),
                Gap(last, gap.end, gap.code, gap.params),
            ]
            self.recorded_seconds += last - since
        is_changed = len(gaps) > len(self.gaps)
        self.gaps = _all_joined(gaps) if is_changed else self.gaps
        return is_changed

    def lose(self, begin: float, end: float, reason: Reason) -> None:
        """Account for what was recorded of [begin, end) as a gap: its file cannot be used."""
        begin, end = max(begin, self.start), min(end, self.accounted_until)
        gaps: list[Gap] = []
        for gap in sorted(self.gaps, key=lambda gap: gap.start):
            if begin < min(gap.start, end):
                gaps.append(Gap(begin, min(gap.start, end), *_parts(reason)))
            gaps.append(gap)
            begin = max(begin, gap.end)
        if begin < end:
            gaps.append(Gap(begin, end, *_parts(reason)))
        lost = sum(gap.seconds for gap in gaps if gap not in self.gaps)
        self.recorded_seconds = max(0.0, self.recorded_seconds - lost)
        self.gaps = gaps

    def regain(self, uid: str) -> None:
        """Account for what the recording `uid` had as recorded again: its file can be used."""
        back = [gap for gap in self.gaps if gap.code is Code.FILE_UNUSABLE]
        back = [gap for gap in back if gap.params.get("uid") == uid]
        self.recorded_seconds += sum(gap.seconds for gap in back)
        self.gaps = [gap for gap in self.gaps if gap not in back]

    def close(self) -> None:
        """Judge what became of it."""
        if self.missing_seconds <= TOLERANCE_SECONDS:
            self.outcome = Outcome.RECORDED
        elif self.recorded_seconds >= _LEAST_RECORDED_SECONDS:
            self.outcome = Outcome.PARTLY
        else:
            self.outcome = Outcome.MISSED

    @property
    def is_to_report(self) -> bool:
        """Whether more is missing than was reported so far."""
        return self.missing_seconds - self.reported_missing > TOLERANCE_SECONDS

    @property
    def summary(self) -> str:
        """What is missing and why, as a sentence."""
        missing, gaps = self.missing_seconds, self.gaps
        reasons = [gap.reason.text for gap in gaps if gap.code is not Code.NOT_WANTED]
        return (
            f"{self.title}: {missing:.0f} s of {self.end - self.start:.0f} s were not recorded: "
            f"{'; '.join(dict.fromkeys(reasons))}"
        )


def begun(window: Window) -> Run:
    """The run of a window that nothing is accounted of yet."""
    return Run(
        schedule_id=window.schedule_id,
        date=window.date,
        studio=window.studio,
        title=window.title,
        start=window.start,
        end=window.end,
        accounted_until=window.start,
    )


def run_of(row: RunRow, date: str = "") -> Run:
    """The run of a row; `date` is for one that has none."""
    return Run(
        schedule_id=row.schedule_id,
        date=row.date or date,
        studio=row.studio,
        title=row.title,
        start=row.start,
        end=row.end,
        accounted_until=row.accounted_until,
        recorded_seconds=row.recorded_seconds,
        gaps=[
            Gap(gap["start"], gap["end"], Code(gap["code"]), gap.get("params", {}))
            for gap in row.gaps
        ],
        outcome=Outcome(row.outcome),
    )


def _parts(reason: Reason) -> tuple[Code, dict[str, Any]]:
    return reason.code, dict(reason.params)


def _joined(gaps: Sequence[Gap], gap: Gap) -> list[Gap]:
    """The gaps and one more, joined with the last if it goes on for the same reason."""
    last = gaps[-1] if gaps else None
    # Parameters such as the free space change from look to look: the code decides.
    if last is not None and last.end == gap.start and last.code is gap.code:
        if last.params.get("by") == gap.params.get("by"):
            return [*gaps[:-1], Gap(last.start, gap.end, last.code, last.params)]
    return [*gaps, gap]


def _all_joined(gaps: Sequence[Gap]) -> list[Gap]:
    """The gaps that are not empty, joined where one goes on for the same reason."""
    joined: list[Gap] = []
    for gap in gaps:
        if gap.seconds > 0:
            joined = _joined(joined, gap)
    return joined
