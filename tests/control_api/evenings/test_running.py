"""A recording is in its evening while it runs, with its exact start, and stays in it."""

from __future__ import annotations

import os
from typing import Any

from sqlalchemy import select

from control_api.library.portrait import READY, WRITING
from control_api.recordings.tables import RecordingRow
from tests.control_api.evenings.conftest import Venue, at

BEGAN = at("20 20:00:00") + 0.4
PAUSE = [[0.0, BEGAN], [60.0, BEGAN + 120]]


def begins(venue: Venue) -> None:
    """OBS records since 20:00, and the recorder knows it."""
    name = "2026-11-20 20-00-00.mkv"
    venue.house.clock.time = BEGAN + 300
    path = venue.house.root / name
    path.write_bytes(b"begun")
    os.utime(path, (venue.house.clock.time,) * 2)
    values: dict[str, Any] = {"origin": "manual", "title": "Premiere", "who": "anna"}
    row = RecordingRow(
        **values,
        studio="stage",
        state="recording",
        obs_path=str(path),
        file=str(path),
        started_at=BEGAN,
        ended_at=None,
        seen_at=BEGAN,
        duration=300.0,
        bytes=5.0,
        anchors=[[0.0, BEGAN]],
        reason="",
        evening=None,
        schedule_ids=[],
        stop_wanted=False,
        extra={},
        uid=None,
    )
    with venue.house.database.begin() as session:
        session.add(row)


def ends(venue: Venue) -> None:
    with venue.house.database.begin() as session:
        row = session.scalars(select(RecordingRow)).one()
        row.state, row.anchors = "finished", PAUSE
    venue.house.clock.time += 3600


def test_it_is_there_while_it_runs_and_stays(venue: Venue) -> None:
    begins(venue)
    venue.house.scanner.show_running()
    row = venue.row("20 20:00")
    assert (row.state, row.start, row.start_estimated) == (WRITING, BEGAN, False)
    (evening,) = venue.evenings()
    assert (evening["running"], evening["parts"], evening["date"]) == (True, 1, "2026-11-20")
    assert evening["id"] == row.evening_id
    ends(venue)
    venue.minutes["2026-11-20 20-00-00.mkv"] = 5.0
    venue.house.scan()
    row = venue.row("20 20:00")
    assert (row.state, row.start, row.anchors) == (READY, BEGAN, PAUSE)
    (after,) = venue.evenings()
    assert (after["id"], after["running"]) == (evening["id"], False)
    assert after["end"] > evening["end"]


def test_a_file_that_is_only_copied_has_no_evening_before_it_is_whole(venue: Venue) -> None:
    path = venue.house.root / "2026-11-20 21-00-00.mkv"
    path.write_bytes(b"copied")
    os.utime(path, (venue.house.clock.time,) * 2)
    venue.house.scan()
    assert venue.row("20 21:00").state == WRITING
    assert venue.evenings() == []
