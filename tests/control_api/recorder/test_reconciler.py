"""The reconciler, step by step, over a virtual OBS."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from control_api.recorder.control_rights import Block
from control_api.recorder.plan import PlanData, merged, plan_of
from control_api.recorder.runs import Run
from control_api.recordings.reasons import Code, Reason
from control_api.schedules.windows import Schedule
from tests.control_api.recorder.simulation import STUDIO, Evening, planned_of

BEGIN = 1_795_000_000.0 // 86_400 * 86_400
"""A midnight in UTC."""


def schedule(number: int, start: int, end: int) -> Schedule:
    """Today, from second to second."""
    day = date.fromtimestamp(BEGIN)
    return Schedule(
        number,
        f"act {number}",
        STUDIO,
        frozenset(),
        start,
        end,
        ZoneInfo("UTC"),
        add=frozenset([day]),
    )


@pytest.fixture
def evening() -> Evening:
    return Evening(BEGIN, [schedule(1, 60, 120), schedule(2, 120, 180)])


def lost(run: Run, code: Code) -> float:
    """Seconds of the run's gaps of that code."""
    return sum(gap.seconds for gap in run.gaps if gap.code is code)


def by_hand(run: Run) -> list[tuple[Code, str]]:
    """The run's gaps that somebody made, and who, but for the start of the recording."""
    return [(gap.code, gap.params["by"]) for gap in run.gaps if gap.code is not Code.STARTING]


def play(evening: Evening, until: int) -> None:
    evening.play(BEGIN + until)


def test_windows_that_touch_are_one_recording_and_two_runs(evening: Evening) -> None:
    play(evening, 200)
    assert evening.obs.starts == 1
    (row,) = evening.recordings
    assert 118 <= row.duration <= 120
    runs = evening.runs
    assert [(run.schedule_id, run.outcome) for run in runs] == [(1, "recorded"), (2, "recorded")]
    assert runs[1].recorded_seconds == 60


def test_a_run_that_goes_on_says_soon_what_was_recorded(evening: Evening) -> None:
    play(evening, 66)
    assert evening.run(1).recorded_seconds >= 2
    play(evening, 100)
    evening.crash()
    assert evening.run(1).recorded_seconds >= 35


def test_overrides_survive_a_restart(evening: Evening) -> None:
    play(evening, 10)
    assert evening.service is not None
    evening.service.start("anna", 40, "Rehearsal")
    play(evening, 20)
    evening.crash()
    evening.boot()
    play(evening, 49)
    assert evening.obs.path is not None
    play(evening, 52)
    assert evening.obs.path is None

    play(evening, 70)
    evening.service.end("anna")
    evening.crash()
    evening.boot()
    play(evening, 119)
    assert evening.obs.path is None
    play(evening, 123)
    assert evening.obs.path is not None
    first = evening.run(1)
    assert first.outcome == "partly"
    assert (first.gaps[-1].code, first.gaps[-1].params["by"]) == (Code.STOPPED_BY, "anna")


def test_a_dialog_in_obs_is_a_fault_told_once_and_got_over(evening: Evening) -> None:
    evening.obs.refuses = True
    play(evening, 100)
    assert evening.service is not None
    assert "dialog" in (evening.service.status.fault or "")
    evening.obs.refuses = False
    play(evening, 110)
    assert evening.service.status.fault is None
    assert evening.kinds == ["recording_failed", "recording_started", "recording_recovered"]
    play(evening, 200)
    run = evening.run(1)
    assert run.outcome == "partly"
    assert run.recorded_seconds == pytest.approx(20, abs=5)
    assert "window_missed" in evening.kinds


def test_a_start_that_is_refused_is_tried_again_at_least_every_3_seconds(evening: Evening) -> None:
    evening.obs.says_no = True
    play(evening, 100)
    assert evening.kinds == ["recording_failed"]
    evening.obs.says_no = False
    play(evening, 105)
    assert evening.obs.path is not None


def test_windows_that_went_by_while_nobody_ran_are_missed(evening: Evening) -> None:
    play(evening, 20)
    evening.crash()
    play(evening, 300)
    evening.boot()
    play(evening, 302)
    assert [run.outcome for run in evening.runs] == ["missed", "missed"]
    codes = {gap.code for run in evening.runs for gap in run.gaps}
    assert codes == {Code.RECORDER_NOT_RUNNING}


def test_a_recording_by_hand_in_obs_is_kept_and_replaced_when_it_ends(evening: Evening) -> None:
    evening.obs.start_by_hand()
    play(evening, 200)
    (row,) = evening.recordings
    assert row.origin == "foreign"
    assert evening.obs.path is not None
    evening.obs.stop_by_hand()
    play(evening, 203)
    assert evening.obs.path is None


OTHER = Block(Reason(Code.OTHER_LEITSTAND, {"host": "desk"}), is_standby=False)


def leave(evening: Evening, at: int, until: int) -> None:
    """Another Leitstand begins a recording at `at`, and has ended at `until`."""
    evening.blocked = OTHER
    play(evening, at)
    evening.obs.start_by_hand()
    play(evening, until)
    assert evening.obs.path is not None
    evening.blocked, evening.left = None, {evening.obs.path: "desk"}


def test_what_another_leitstand_began_goes_on_as_the_window_s(evening: Evening) -> None:
    leave(evening, 60, 100)
    play(evening, 105)
    (row,) = evening.recordings
    assert (row.origin, row.title, row.by) == ("schedule", "act 1", "")
    assert row.reason.text.startswith("started by another Leitstand, on desk")
    play(evening, 200)
    assert evening.obs.path is None
    assert evening.obs.starts == len(evening.recordings) == 1
    assert evening.kinds == [
        "other_leitstand",
        "fault_cleared",
        "recording_started",
        "recording_taken_over",
        "window_missed",
        "recording_stopped",
    ]
    # Nobody here has seen what the other one recorded.
    assert lost(evening.run(1), Code.OTHER_LEITSTAND) == pytest.approx(40, abs=2)
    assert evening.run(2).outcome == "recorded"


def test_what_another_leitstand_began_is_not_stopped_before_it_is_wanted(evening: Evening) -> None:
    leave(evening, 10, 30)
    play(evening, 55)
    (row,) = evening.recordings
    assert (row.origin, row.by) == ("leitstand", "the Leitstand on desk")
    assert evening.obs.path is not None
    play(evening, 65)
    (row,) = evening.recordings
    assert (row.origin, row.title) == ("schedule", "act 1")
    play(evening, 200)
    assert evening.obs.path is None
    assert [run.outcome for run in evening.runs] == ["recorded", "recorded"]


def test_what_another_leitstand_left_alone_stays_somebody_s_in_obs(evening: Evening) -> None:
    leave(evening, 10, 30)
    evening.left = {"/rec/of another time.mkv": "desk"}
    play(evening, 200)
    (row,) = evening.recordings
    assert row.origin == "foreign"
    assert evening.obs.path is not None


def test_when_somebody_stops_it_in_obs_inside_a_window_it_goes_on(evening: Evening) -> None:
    play(evening, 90)
    evening.obs.stop_by_hand()
    play(evening, 95)
    assert evening.obs.starts == 2
    first, second = evening.recordings
    assert second.evening == first.evening == first.uid
    play(evening, 130)
    assert set(evening.kinds) == {"recording_started", "recording_stopped"}
    assert by_hand(evening.run(1)) == [(Code.STOPPED_BY, "somebody in OBS itself")]


def test_a_recording_that_ends_without_anybody_stopping_it_is_a_fault(evening: Evening) -> None:
    play(evening, 90)
    evening.obs.path = None
    play(evening, 95)
    assert "recording_failed" in evening.kinds


def test_a_start_that_fails_after_somebody_stopped_it_in_obs_is_refused(evening: Evening) -> None:
    play(evening, 90)
    evening.obs.refuses = True
    evening.obs.stop_by_hand()
    play(evening, 115)
    assert "recording_failed" in evening.kinds
    assert lost(evening.run(1), Code.OBS_REFUSES) >= 15


def test_a_pause_is_by_whoever_asked_for_it_until_it_is_over(evening: Evening) -> None:
    play(evening, 70)
    assert evening.service is not None
    evening.service.pause(True, "anna")
    play(evening, 80)
    evening.service.pause(False, "anna")
    play(evening, 90)
    evening.obs.pausing = True
    play(evening, 95)
    evening.obs.pausing = False
    play(evening, 130)
    assert by_hand(evening.run(1)) == [
        (Code.PAUSED_BY, "anna"),
        (Code.PAUSED_BY, "somebody in OBS itself"),
    ]


def test_a_window_that_is_taken_back_is_closed(evening: Evening) -> None:
    play(evening, 90)
    evening.change([])
    play(evening, 95)
    assert evening.obs.path is None
    run = evening.run(1)
    assert (run.outcome, run.end) == ("recorded", BEGIN + 90)


def test_a_window_that_was_booked_is_not_booked_again_after_a_crash(evening: Evening) -> None:
    play(evening, 183)
    evening.crash()
    play(evening, 195)
    evening.boot()
    play(evening, 197)
    run = evening.run(2)
    assert (run.outcome, run.recorded_seconds) == ("recorded", 60)


def test_a_recording_that_took_the_place_of_ours_is_not_taken_for_it(evening: Evening) -> None:
    play(evening, 70)
    evening.crash()
    evening.obs.stop_by_hand()
    play(evening, 72)
    evening.obs.start_by_hand()
    # It runs longer by now than ours did when it was last seen.
    play(evening, 100)
    evening.boot()
    play(evening, 102)
    first, second = evening.recordings
    assert (second.origin, second.obs_path) == ("foreign", "/rec/2.mkv")
    assert (first.origin, first.obs_path, first.state) == ("schedule", "/rec/1.mkv", "checking")
    play(evening, 200)
    assert evening.obs.path == "/rec/2.mkv"


def test_what_obs_starts_only_after_it_was_given_up_is_ours_and_ended(evening: Evening) -> None:
    play(evening, 10)
    assert evening.service is not None
    evening.obs.takes = 12
    evening.service.start("anna", 40, "")
    play(evening, 18)
    evening.service.follow_schedule()
    play(evening, 30)
    assert (evening.obs.starts, evening.obs.path) == (1, None)
    (row,) = evening.recordings
    assert (row.origin, row.evening) == ("schedule", row.uid)


def test_a_clock_that_is_set_forward_while_it_records_changes_nothing(evening: Evening) -> None:
    play(evening, 70)
    evening.clock.set = 20
    play(evening, 90)
    evening.clock.set = 25
    play(evening, 200)
    assert evening.obs.starts == 1
    assert evening.kinds == ["recording_started", "recording_stopped"]
    assert {run.outcome for run in evening.runs} == {"recorded"}


def test_a_clock_that_is_set_back_while_it_records_changes_nothing(evening: Evening) -> None:
    play(evening, 100)
    evening.clock.set = -30
    play(evening, 240)
    assert evening.obs.starts == 1
    assert evening.kinds == ["recording_started", "recording_stopped"]
    assert {run.outcome for run in evening.runs} == {"recorded"}


def test_a_clock_that_is_set_past_a_window_stops_it_by_the_clock(evening: Evening) -> None:
    play(evening, 100)
    evening.clock.set = 7200
    play(evening, 105)
    assert evening.obs.path is None
    assert [run.outcome for run in evening.runs] == ["recorded"]


def test_a_window_that_is_switched_off_and_on_again_goes_on_with_its_account(
    evening: Evening,
) -> None:
    only = [schedule(1, 60, 240)]
    evening.change(only)
    play(evening, 90)
    evening.change([])
    play(evening, 100)
    assert evening.run(1).outcome == "recorded"
    evening.change(only, changed_at=BEGIN + 100)
    play(evening, 150)
    evening.obs.kill()
    play(evening, 183)
    evening.obs.up = True
    play(evening, 260)
    run = evening.run(1)
    assert run.outcome == "partly"
    assert lost(run, Code.NOT_WANTED) == pytest.approx(10, abs=2)
    assert lost(run, Code.OBS_AWAY) == pytest.approx(33, abs=3)
    assert {gap.code for gap in run.gaps} <= {Code.NOT_WANTED, Code.OBS_AWAY, Code.STARTING}
    assert run.start + sum(gap.seconds for gap in run.gaps) + run.recorded_seconds == run.end
    assert evening.kinds.count("window_missed") == 1


def test_a_schedule_that_is_saved_after_its_start_counts_from_then(evening: Evening) -> None:
    evening.change([])
    play(evening, 100)
    evening.change([schedule(1, 60, 160)], changed_at=BEGIN + 100)
    play(evening, 200)
    run = evening.run(1)
    assert run.outcome == "recorded"
    assert run.gaps[0].code is Code.NOT_WANTED
    assert run.gaps[0].end == pytest.approx(BEGIN + 100, abs=2)
    assert "window_missed" not in evening.kinds


def test_a_schedule_that_is_saved_late_while_the_recorder_is_down(evening: Evening) -> None:
    evening.change([])
    play(evening, 90)
    evening.crash()
    play(evening, 120)
    evening.change([schedule(1, 60, 240)], changed_at=BEGIN + 100)
    evening.boot()
    play(evening, 260)
    run = evening.run(1)
    codes = [(gap.code, round(gap.seconds)) for gap in run.gaps]
    assert codes[:2] == [(Code.NOT_WANTED, 40), (Code.RECORDER_NOT_RUNNING, 20)]


def test_windows_saved_while_the_recorder_was_down_are_missed_although_read_late(
    evening: Evening,
) -> None:
    only = [schedule(1, 60, 80)]
    evening.change(only)
    play(evening, 20)
    evening.crash()
    play(evening, 200)
    evening.boot()
    play(evening, 202)
    saved = [schedule(2, 90, 120), schedule(3, 10, 25), schedule(4, 20, 400)]
    evening.change([*only, *saved], changed_at=BEGIN + 30)
    play(evening, 410)
    assert [run.schedule_id for run in evening.runs] == [4, 1, 2]
    missed, long = evening.run(2), evening.run(4)
    assert (missed.outcome, lost(missed, Code.RECORDER_NOT_RUNNING)) == ("missed", 30)
    assert lost(long, Code.NOT_WANTED) == 10
    assert lost(long, Code.RECORDER_NOT_RUNNING) == pytest.approx(173, abs=3)
    assert sums_up(long)
    assert evening.kinds.count("window_missed") == 3


def test_a_start_by_an_earlier_recorder_was_a_start_although_the_plan_is_read_late(
    evening: Evening,
) -> None:
    evening.obs.takes = 4
    wanted = [schedule(1, 60, 160)]
    evening.change(wanted)
    play(evening, 75)
    evening.crash()
    # As an earlier version leaves it: a recording, and no account yet.
    evening.store.values = {
        key: value for key, value in evening.store.values.items() if "/run/" not in key
    }
    evening.plan = None
    evening.boot()
    play(evening, 78)
    evening.change(wanted)
    play(evening, 170)
    run = evening.run(1)
    assert {gap.code for gap in run.gaps} == {Code.STARTING}
    assert lost(run, Code.STARTING) == pytest.approx(5, abs=2)


def test_an_end_that_was_moved_while_the_recorder_was_down_counts(evening: Evening) -> None:
    before = [planned_of(schedule(1, 60, 120))]
    evening.plan = plan_of(PlanData(tuple(before)))
    play(evening, 100)
    evening.crash()
    play(evening, 200)
    evening.boot()
    play(evening, 202)
    after = [planned_of(schedule(1, 60, 160), changed_at=BEGIN + 110)]
    evening.plan = plan_of(PlanData(merged(evening.plan.data, after)))
    play(evening, 210)
    run = evening.run(1)
    assert run.end == BEGIN + 160
    assert lost(run, Code.NOT_WANTED) == 0
    assert sums_up(run)


def test_a_window_that_the_database_kept_back_is_missed_for_that(evening: Evening) -> None:
    evening.change([])
    play(evening, 100)
    evening.change([schedule(1, 60, 90), schedule(2, 70, 400)], changed_at=BEGIN + 50)
    play(evening, 410)
    assert lost(evening.run(1), Code.NO_PLAN) == 30
    assert lost(evening.run(2), Code.NO_PLAN) == pytest.approx(31, abs=2)


def test_an_end_that_is_moved_while_the_clock_is_wrong_makes_no_window_late(
    evening: Evening,
) -> None:
    evening.change([schedule(1, 60, 160)])
    play(evening, 20)
    evening.clock.set = -7200

    def set_right(now: int) -> None:
        if now == BEGIN + 80:
            evening.clock.set = 0
            evening.change([schedule(1, 60, 140)])

    evening.play(BEGIN + 200, set_right)
    run = evening.run(1)
    assert run.end == BEGIN + 140
    assert lost(run, Code.NO_PLAN) == 0
    assert lost(run, Code.NOT_WANTED) == pytest.approx(20, abs=2)
    assert sums_up(run)


def test_an_end_that_is_moved_while_nobody_looks_makes_no_window_late(evening: Evening) -> None:
    evening.change([schedule(1, 60, 160)])
    play(evening, 140)
    evening.clock.set = -4000
    play(evening, 150)
    service, evening.service = evening.service, None
    play(evening, 165)
    evening.clock.set = 0
    evening.change([schedule(1, 60, 180)], changed_at=BEGIN + 150 - 4000)
    play(evening, 170)
    evening.service = service
    play(evening, 190)
    run = evening.run(1)
    assert run.end == BEGIN + 180
    assert lost(run, Code.NO_PLAN) == 0
    assert sums_up(run)


def test_the_end_of_a_window_that_came_late_is_missed_for_that(evening: Evening) -> None:
    """Its begin was known: what was added to it, and had gone by, was not."""
    evening.change([schedule(1, 60, 80)])
    play(evening, 100)
    evening.change([schedule(1, 60, 200)], changed_at=BEGIN + 50)
    play(evening, 210)
    assert lost(evening.run(1), Code.NO_PLAN) == pytest.approx(21, abs=2)


def test_a_stop_by_hand_holds_when_the_windows_end_is_moved(evening: Evening) -> None:
    evening.change([schedule(1, 60, 120)])
    play(evening, 80)
    assert evening.service is not None
    evening.service.end("anna")
    play(evening, 100)
    evening.change([schedule(1, 60, 180)], changed_at=BEGIN + 100)
    play(evening, 200)
    assert evening.obs.starts == 1
    run = evening.run(1)
    assert run.gaps[-1].code is Code.STOPPED_BY
    assert run.gaps[-1].end == BEGIN + 180


def test_back_to_the_schedule_undoes_a_stop(evening: Evening) -> None:
    play(evening, 80)
    assert evening.service is not None
    evening.service.end("anna")
    play(evening, 90)
    assert evening.obs.path is None
    evening.service.follow_schedule()
    play(evening, 95)
    assert evening.obs.path is not None
    assert not evening.service.status.is_overridden


def test_a_longer_end_holds_over_a_restart_and_ends_by_itself(evening: Evening) -> None:
    evening.change([schedule(1, 60, 120)])
    play(evening, 80)
    assert evening.service is not None
    assert evening.service.status.until == BEGIN + 120
    evening.service.extend(BEGIN + 150, "anna")
    evening.crash()
    evening.boot()
    play(evening, 149)
    assert evening.obs.path is not None
    play(evening, 155)
    assert evening.obs.path is None
    run = evening.run(1)
    assert (run.outcome, run.end) == ("recorded", BEGIN + 150)
    assert evening.obs.starts == 1


def test_a_recorder_that_was_stopped_for_a_while_has_missed_nothing_that_obs_recorded(
    evening: Evening,
) -> None:
    play(evening, 80)
    service, evening.service = evening.service, None
    play(evening, 110)
    evening.service = service
    play(evening, 200)
    assert {run.outcome for run in evening.runs} == {"recorded"}
    assert evening.obs.starts == 1


def test_nothing_is_started_or_stopped_as_long_as_no_plan_was_read(evening: Evening) -> None:
    plan, evening.plan = evening.plan, None
    evening.crash()
    evening.store.values.clear()
    evening.obs.start_by_hand()
    evening.boot()
    play(evening, 70)
    assert evening.service is not None
    assert not evening.service.status.is_known
    assert evening.obs.path is not None
    evening.plan = plan
    play(evening, 80)
    assert evening.obs.starts == 1


def sums_up(run: Run) -> bool:
    return run.start + run.recorded_seconds + sum(gap.seconds for gap in run.gaps) == run.end


def test_a_loss_after_the_clock_was_ahead_for_a_moment_is_in_the_account(
    evening: Evening,
) -> None:
    evening.change([schedule(1, 60, 240)])
    play(evening, 80)
    evening.clock.set = 7200
    play(evening, 90)
    evening.clock.set = 0
    play(evening, 120)
    evening.obs.kill()
    play(evening, 150)
    evening.obs.up = True
    play(evening, 260)
    run = evening.run(1)
    assert run.outcome == "partly"
    assert lost(run, Code.OBS_AWAY) == pytest.approx(30, abs=2)
    assert lost(run, Code.NOT_WANTED) == pytest.approx(10, abs=2)
    assert sums_up(run)
    assert evening.kinds.count("window_missed") == 1


def test_a_clock_that_is_set_back_before_a_window_leaves_an_account_that_sums_up(
    evening: Evening,
) -> None:
    play(evening, 100)
    evening.clock.set = -3600
    play(evening, 110)
    run = evening.run(1)
    assert (run.outcome, run.recorded_seconds) == ("recorded", pytest.approx(40, abs=2))
    assert sums_up(run)


def test_what_a_clock_skips_while_it_records_is_not_recorded(evening: Evening) -> None:
    evening.change([schedule(1, 60, 600)])
    play(evening, 100)
    evening.clock.set = 300
    play(evening, 310)
    run = evening.run(1)
    assert lost(run, Code.NOT_WANTED) == pytest.approx(300, abs=2)
    assert run.recorded_seconds == pytest.approx(240, abs=3)


def test_a_clock_that_is_set_while_the_recorder_stands_still_hides_no_loss(
    evening: Evening,
) -> None:
    evening.change([schedule(1, 60, 240)])
    evening.clock.set = -600
    play(evening, 61)
    service, evening.service = evening.service, None
    evening.clock.set = 0
    play(evening, 80)
    evening.service = service
    play(evening, 260)
    run = evening.run(1)
    assert lost(run, Code.RECORDER_NOT_RUNNING) == pytest.approx(19, abs=2)


def test_a_window_whose_end_is_moved_while_the_recorder_is_down_was_wanted_all_the_time(
    evening: Evening,
) -> None:
    before = [planned_of(schedule(1, 60, 200))]
    evening.plan = plan_of(PlanData(tuple(before)))
    play(evening, 50)
    evening.crash()
    play(evening, 90)
    after = [planned_of(schedule(1, 60, 240), changed_at=BEGIN + 80)]
    evening.plan = plan_of(PlanData(merged(evening.plan.data, after)))
    evening.boot()
    play(evening, 260)
    run = evening.run(1)
    assert lost(run, Code.RECORDER_NOT_RUNNING) == pytest.approx(30, abs=2)
    assert evening.kinds.count("window_missed") == 1


def test_the_end_of_a_window_that_a_crash_has_cost_is_in_the_account(evening: Evening) -> None:
    evening.change([schedule(1, 60, 120)])
    play(evening, 117)
    evening.crash()
    evening.obs.kill()
    play(evening, 125)
    evening.obs.up = True
    evening.boot()
    play(evening, 130)
    run = evening.run(1)
    assert 3 <= lost(run, Code.RECORDER_NOT_RUNNING) <= 6
    assert lost(run, Code.NOT_WANTED) == 0


def test_a_fault_is_reported_once_although_the_recorder_is_killed_meanwhile(
    evening: Evening,
) -> None:
    evening.obs.kill()
    play(evening, 20)
    evening.crash()
    evening.boot()
    play(evening, 30)
    assert evening.service is not None
    assert evening.service.status.faults[0].since == BEGIN
    evening.obs.up = True
    play(evening, 40)
    assert evening.kinds == ["obs_lost", "obs_back"]


def test_an_obs_that_was_killed_while_it_was_starting_has_not_refused(evening: Evening) -> None:
    evening.obs.takes = 5
    play(evening, 61)
    evening.obs.kill()
    play(evening, 70)
    evening.obs.up, evening.obs.takes = True, 0
    play(evening, 80)
    assert evening.obs.path is not None
    assert evening.kinds == ["obs_lost", "obs_back", "recording_started"]


def test_a_disk_that_is_not_full_any_more_is_not_what_keeps_it_from_recording(
    evening: Evening,
) -> None:
    evening.obs.full = evening.obs.refuses = True
    play(evening, 80)
    evening.obs.full = False
    play(evening, 100)
    evening.obs.refuses = False
    play(evening, 200)
    run = evening.run(1)
    assert lost(run, Code.DISK_FULL) == pytest.approx(20, abs=2)
    assert lost(run, Code.OBS_REFUSES) + lost(run, Code.STARTING) == pytest.approx(20, abs=4)


def test_a_disk_that_was_full_for_a_moment_is_what_ended_the_recording(evening: Evening) -> None:
    play(evening, 80)
    evening.obs.fill_for_a_moment()
    play(evening, 200)
    run = evening.run(1)
    assert {gap.code for gap in run.gaps} == {Code.STARTING, Code.DISK_FULL}
    assert lost(run, Code.DISK_FULL) == pytest.approx(1, abs=1)
    (failed,) = (event.message for event in evening.events if event.kind == "recording_failed")
    assert failed == "the disk of the record folder is full (0 MB free)"


def test_a_fault_that_does_not_matter_any_more_is_not_called_over(evening: Evening) -> None:
    evening.obs.full = True
    play(evening, 80)
    evening.change([])
    play(evening, 90)
    (cleared,) = (event.message for event in evening.events if event.kind == "fault_cleared")
    assert cleared.startswith("nothing is to be recorded any more; it was: the disk")


def test_a_start_that_is_not_wanted_any_more_leaves_no_fault(evening: Evening) -> None:
    play(evening, 58)
    evening.obs.full = True
    play(evening, 61)
    evening.change([])
    play(evening, 70)
    assert evening.events == []
