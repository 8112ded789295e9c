"""Judges an evening by the log of the test: what was lost, and whether the reports are true."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from control_api.recorder.desired_state import WindowKey
from control_api.recorder.runs import Gap, Run
from control_api.recordings.reasons import Code
from control_api.schedules.runs import Outcome
from tests.control_api.recorder.chaos_evidence import Evidence, Second

_BLIND = {"recorder killed", "recorder stopped"}
_HINDER = _BLIND | {"obs killed", "obs hangs", "obs refuses", "disk full"}
_STARTUP_SECONDS = 60
_BEGINS = {"obs_lost", "recording_failed", "recording_stalled"}
_ENDS = {"obs_back", "recording_recovered", "fault_cleared"}
_GAP_FAULTS = {
    Code.OBS_AWAY: {"obs killed", "obs hangs"},
    Code.RECORDER_NOT_RUNNING: _BLIND,
    Code.DISK_FULL: {"disk full"},
    # A start that a full disk has swallowed looks like one that OBS refused.
    Code.OBS_REFUSES: {"obs refuses", "disk full"},
}
"""What must have been wrong a moment ago for a gap's code to be true."""


class Verdict:
    """Each check raises AssertionError with what was wrong.

    `late` is how many seconds a start or a recovery may take, `near` by how many an account may
    be beside the log.
    """

    def __init__(self, evidence: Evidence, *, late: int = 5, near: int = 2) -> None:
        self._evidence, self._log = evidence, evidence.log
        self._begin, self._recorded = evidence.begin, evidence.recorded
        self._late, self._near = late, near
        self._shown: dict[int, list[int]] = defaultdict(list)
        for at, second in enumerate(self._log):
            self._shown[second.wall].append(at)

    def judge(self) -> None:
        """All checks."""
        self._recordings()
        self._rows()
        self._events()
        for run in self._evidence.runs:
            self._sums(run)
            self._codes(run)
        self._accounts()

    def _recordings(self) -> None:
        """OBS records what is wanted, and nothing else."""
        lost = [at for at, s in enumerate(self._log) if s.wanted and not self._recorded[at]]
        assert not (wrong := [at for at in lost if not self._may_lose(at)]), f"lost: {wrong}"
        more = [at for at, s in enumerate(self._log) if self._recorded[at] and not s.wanted]
        assert not (wrong := [at for at in more if not self._may_go_on(at)]), f"surplus: {wrong}"

    def _may_lose(self, at: int) -> bool:
        near = self._range(at, self._late, 0)
        began = at < self._late or any(
            not self._log[each].wanted or self._log[each].unsure for each in near
        )
        return began or any(
            self._log[each].faults & _HINDER and not self._recorded[each] for each in near
        )

    def _may_go_on(self, at: int) -> bool:
        near = [self._log[each] for each in self._range(at, self._late, 0)]
        return any(each.wanted or each.unsure or not each.sees for each in near)

    def _rows(self) -> None:
        """Each file that OBS began is one recording."""
        rows, evidence = self._evidence.rows, self._evidence
        assert len(set(rows)) == len(rows), f"a file has two rows: {rows}"
        missing, more = evidence.required - set(rows), set(rows) - evidence.possible
        assert not missing, f"files without a row: {missing}"
        assert not more, f"rows without a file: {more}"

    def _events(self) -> None:
        """Each fault begins once and ends once, and nothing is reported twice."""
        active: set[str] = set()
        said = set()
        for event in self._evidence.events:
            code, uid = event.data.get("code", ""), event.data.get("uid", "")
            if event.kind in _BEGINS:
                assert code not in active, f"{code} is reported again: {self._told()}"
                active.add(code)
            elif event.kind in _ENDS:
                assert code in active, f"{code} ends again: {self._told()}"
                active.remove(code)
            elif uid or event.kind == "window_missed":
                what = event.kind, event.message, uid
                assert what not in said, f"reported again: {self._told()}"
                said.add(what)
        self._fault_counts()

    def _fault_counts(self) -> None:
        # What was away while everything was started is in no log.
        before = range(self._begin - _STARTUP_SECONDS, self._begin)
        begun = [
            e.data.get("code")
            for e in self._evidence.events
            if e.kind in _BEGINS and int(e.time) not in before
        ]
        away = [second.is_away for second in self._log]
        # On a full disk nothing is wrong as long as nothing is wanted.
        full = [second.wanted and "disk full" in second.faults for second in self._log]
        for code, are in ((Code.OBS_AWAY, away), (Code.DISK_FULL, full)):
            times = sum(1 for is_so, _ in itertools.groupby(are) if is_so)
            assert begun.count(code) <= times, f"{code}: {times} times, {self._told()}"

    def _sums(self, run: Run) -> None:
        """Every second of a window is recorded or in one gap."""
        is_open = run.outcome is Outcome.RUNNING
        end = run.accounted_until if is_open else run.end
        total = run.start + run.recorded_seconds + sum(gap.seconds for gap in run.gaps)
        assert abs(total - end) < 0.02, f"{total - run.start} accounted for: {self._told(run)}"
        assert run.recorded_seconds >= 0, self._told(run)
        edges = [run.start, *itertools.chain(*((g.start, g.end) for g in run.gaps)), end]
        assert all(b - a > -0.002 for a, b in itertools.pairwise(edges)), (
            f"gaps overlap: {self._told(run)}"
        )

    def _codes(self, run: Run) -> None:
        for gap in run.gaps:
            for wall in range(int(gap.start), int(gap.end)):
                assert self._is_true(gap, wall, run.key), (
                    f"not {gap.code} at {wall - self._begin}: {self._told(run)}"
                )

    def _is_true(self, gap: Gap, wall: int, key: WindowKey) -> bool:
        around = range(wall - self._near, wall + self._near + 1)
        if gap.code is Code.RECORDER_NOT_RUNNING and wall < self._begin:
            return True
        skipped = [each for each in around if each not in self._shown]
        if gap.code is Code.FILE_UNUSABLE:
            shown = [at for each in around for at in self._shown.get(each, ())]
            return any(self._log[at].path in self._evidence.unplayable for at in shown)
        if gap.code is Code.NOT_WANTED and (skipped or self._was_ahead(wall)):
            return True
        if gap.code is Code.RECORDER_NOT_RUNNING and any(
            map(self._may_be_skipped_blindly, skipped)
        ):
            return True
        if wall + self._near >= self._log[-1].wall:
            # Accounted for on a clock that was ahead; the evening ends before that time comes.
            return True
        near = [at for each in around for at in self._shown.get(each, ())]
        return any(self._explains(gap.code, at, key) for at in near)

    def _was_ahead(self, wall: int) -> bool:
        """Whether the clock was set forward past this moment before it showed it."""
        first = min(self._shown.get(wall, [0]))
        return any(each.wall > wall for each in self._log[:first])

    def _may_be_skipped_blindly(self, wall: int) -> bool:
        """Whether the clock was set while the recorder did not run, and never showed this."""
        return wall not in self._shown and any(
            self._is_jump(at) and self._is_blind(at, self._late) for at in range(1, len(self._log))
        )

    def _is_jump(self, at: int) -> bool:
        return 0 < at < len(self._log) and self._log[at].wall != self._log[at - 1].wall + 1

    def _explains(self, code: Code, at: int, key: WindowKey) -> bool:
        around = [self._log[each] for each in self._range(at, self._near, self._near)]
        if any(each.unsure for each in around):
            return True
        if code is Code.NOT_WANTED:
            is_absent = any(key not in each.windows for each in around)
            is_unknown = self._was_changed_unseen(at, key)
            return len(around) <= 2 * self._near or is_absent or is_unknown
        if code is Code.STOPPED_BY:
            return any(key in each.stopped for each in around)
        if code is Code.STARTING:
            return self._has_changed(at)
        kinds = _GAP_FAULTS.get(code, set())
        before = self._near if code is Code.OBS_AWAY else self._late
        if any(self._log[each].faults & kinds for each in self._since(at, before)):
            return True
        # An OBS that was killed and came back unseen has ended the recording by itself.
        return code is Code.OBS_REFUSES and self._is_blind(at, self._late)

    def _since(self, at: int, before: int) -> range:
        """The seconds that the recorder may still judge by; longer if it saw nothing meanwhile."""
        first = max(0, at - before)
        while first > 0 and not self._log[first].sees:
            first -= 1
        return range(max(0, first - 1), min(len(self._log), at + self._near + 1))

    def _is_blind(self, at: int, before: int) -> bool:
        return any(self._log[each].faults & _BLIND for each in self._range(at, before, self._near))

    def _has_changed(self, at: int) -> bool:
        """Whether something began or ended a moment ago that a start follows on."""
        near = [self._log[each] for each in self._range(at, self._late, self._near)]
        states = {(each.wanted, each.faults & _HINDER) for each in near}
        return (
            len(states) > 1
            or len(near) <= self._late + self._near
            or any(each.act for each in near)
        )

    def _accounts(self) -> None:
        """No loss is silent, and nothing that was recorded is reported as lost."""
        runs = {run.key: run for run in self._evidence.runs}
        for at, key in self._steady():
            run, wall = runs.get(key), self._log[at].wall
            assert run is not None, f"no run of {key}"
            if run.outcome is Outcome.RUNNING and run.accounted_until <= wall + self._near:
                continue
            gap = next((g for g in run.gaps if g.start <= wall < g.end), None)
            if gap is not None and gap.code is Code.FILE_UNUSABLE:
                # What was recorded there is lost with its file.
                assert self._log[at].path in self._evidence.unplayable, self._told(run)
                continue
            is_missing = gap is not None and gap.code is not Code.NOT_WANTED
            assert is_missing != self._recorded[at], (
                f"{'recorded' if self._recorded[at] else 'lost'} at {at}: {self._told(run)}"
            )

    def _steady(self) -> Iterator[tuple[int, WindowKey]]:
        """Seconds around which all is the same: wanted, recorded or not, and shown once."""
        for at in range(self._near, len(self._log) - self._near):
            around = self._range(at, self._near, self._near)
            walls = [self._log[each].wall for each in around]
            if (
                any(len(self._shown[wall]) > 1 for wall in walls)
                or walls[-1] - walls[0] > 2 * self._near
            ):
                continue
            if len({self._recorded[each] for each in around}) > 1:
                continue
            if self._recorded[at] and not all(self._is_known(each) for each in around):
                continue
            for key in self._log[at].windows:
                is_plain = all(self._asks(self._log[each], key) for each in around)
                if is_plain and not any(self._was_changed_unseen(each, key) for each in around):
                    yield at, key

    def _was_changed_unseen(self, at: int, key: WindowKey) -> bool:
        """Whether clock or schedule were changed while the recorder did not run at that time."""
        blind = self._blind_stretch(at)
        if any(map(self._is_jump, blind)) and len(blind) > 1:
            return True
        return any(each == key[0] and at in blind for each, at in self._evidence.edits)

    def _blind_stretch(self, at: int) -> range:
        """From after the last look until the next one; the moment itself, if it was a look."""
        first = last = at
        while first > 0 and not self._log[first - 1].runs:
            first -= 1
        while last + 1 < len(self._log) and not self._log[last].runs:
            last += 1
        return range(first, last + 1)

    def _asks(self, second: Second, key: WindowKey) -> bool:
        is_asked = key in second.windows and key not in second.stopped
        return is_asked and second.act is None and not second.unsure

    def _is_known(self, at: int) -> bool:
        """Whether the recorder saw that OBS recorded then, or that it went on until it looked."""
        looks = (each for each in range(at, len(self._log)) if self._log[each].runs)
        next_look = next(looks, None)
        if next_look is None or self._log[next_look].is_away:
            return False
        return all(self._recorded[at : next_look + 1])

    def _range(self, at: int, before: int, after: int) -> range:
        return range(max(0, at - before), min(len(self._log), at + after + 1))

    def _told(self, run: Run | None = None) -> str:
        begin = self._begin
        if run is None:
            return "; ".join(
                f"{e.time - begin:g} {e.kind} {e.message}" for e in self._evidence.events
            )
        gaps: Any = [(g.start - begin, g.end - begin, str(g.code)) for g in run.gaps]
        return (
            f"run {run.key} {run.outcome} [{run.start - begin}, {run.end - begin}) until "
            f"{run.accounted_until - begin}, {run.recorded_seconds} recorded, gaps {gaps}"
        )
