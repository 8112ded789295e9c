"""What was recorded into a file that cannot be used is in no account of a window."""

from __future__ import annotations

from pathlib import Path

import pytest

from control_api.database import Database
from control_api.events.kinds import Kind
from control_api.recorder import database_rows
from control_api.recorder.recording import Recording
from control_api.recorder.runs import Run, begun, run_of
from control_api.recordings.reasons import Code, Reason
from control_api.schedules.runs import RunStore
from control_api.schedules.windows import Window
from tests.control_api.recordings.test_examination import SECONDS, Desk
from tests.leitstand.cut.media import Recipe, record
from tests.running import eventually

_EXAMINED = (Kind.RECORDING_EXAMINED, Kind.WINDOW_MISSED)


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    return Desk(database, tmp_path, kinds=_EXAMINED)


def keep(desk: Desk, *items: Recording | Run) -> None:
    with desk.database.begin() as session:
        for item in items:
            database_rows.write(session, item)


def account(desk: Desk) -> Run:
    (row,) = RunStore(desk.database).newest(10)
    return run_of(row)


def run_around(recording: Recording) -> Run:
    """A window of 20 s: 5 s before the recording OBS was away, then all was recorded."""
    begin = recording.started_at - 5
    run = begun(Window(1, "stage", "Evening", begin, begin + 20, "2026-11-20"))
    run.add_gap(recording.started_at, Reason(Code.OBS_AWAY, {"detail": "is away"}))
    run.add_recorded(run.end)
    return run


def sums_up(run: Run) -> bool:
    lost = sum(gap.seconds for gap in run.gaps)
    return run.recorded_seconds + lost == pytest.approx(run.end - run.start)


@pytest.mark.parametrize("content", [b"", b"x" * 1000, None])
def test_a_file_that_cannot_be_used_is_not_recorded(desk: Desk, content: bytes | None) -> None:
    file = desk.folder / "a.mkv"
    if content is not None:
        file.write_bytes(content)
    recording = desk.recording(file)
    run = run_around(recording)
    run.close()
    assert run.outcome == "recorded"
    keep(desk, recording, run)
    with desk.examining():
        (missed,) = eventually(lambda: desk.missed, SECONDS)
    found = account(desk)
    assert sums_up(found)
    # What the run has after the recording's end is of another file.
    assert (found.outcome, round(found.recorded_seconds)) == ("partly", 6)
    assert [gap.code for gap in found.gaps] == [Code.OBS_AWAY, Code.FILE_UNUSABLE]
    assert (missed["outcome"], round(missed["missing_seconds"])) == ("partly", 14)
    assert file.name in missed["message"]


def test_a_run_that_ends_later_is_corrected_then_and_told_once(desk: Desk) -> None:
    recording = desk.recording(desk.folder / "gone.mkv")
    recording.ended_at = recording.started_at + 15
    run = run_around(recording)
    keep(desk, recording, run)
    with desk.examining():
        eventually(lambda: desk.told, SECONDS)
        assert account(desk).outcome == "running"
        run.close()
        keep(desk, run)
        eventually(lambda: desk.missed, SECONDS)
        assert recording.row is not None
    with desk.examining() as examination:
        examination.again(recording.row)
        eventually(lambda: len(desk.told) == 2, SECONDS)
    assert (account(desk).outcome, len(desk.missed)) == ("missed", 1)
    assert sums_up(account(desk))


def test_a_file_that_plays_after_all_is_recorded_again(desk: Desk) -> None:
    film = record(desk.folder / "a.mkv", Recipe(seconds=2))
    whole = film.read_bytes()
    film.unlink()
    recording = desk.recording(film)
    run = run_around(recording)
    run.close()
    before = run.recorded_seconds
    keep(desk, recording, run)
    with desk.examining() as examination:
        eventually(lambda: desk.missed, SECONDS)
        film.write_bytes(whole)
        assert recording.row is not None
        examination.again(recording.row)
        eventually(lambda: account(desk).recorded_seconds == pytest.approx(before), SECONDS)
    assert account(desk).outcome == "recorded"
    assert len(desk.missed) == 1
