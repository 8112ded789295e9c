"""Rows of videos and of the recorder's account, put into a database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from control_api.database import Database
from control_api.library import portrait
from control_api.library.folders import Folder
from control_api.library.portrait import READY, Place
from control_api.library.store import VideoStore
from control_api.library.tables import VideoRow
from control_api.schedules.runs import RunStore
from control_api.schedules.tables import RunRow

Put = Callable[..., VideoRow]


def video_row(name: str, start: float, seconds: float, **changes: Any) -> VideoRow:
    place = Place(Folder("library", Path("/videos"), "stage"), name, (1000, int(start * 1e9)))
    row = portrait.new(portrait.id_of(place), place, start)
    row.start, row.start_estimated, row.duration, row.state = start, False, seconds, READY
    for key, value in changes.items():
        setattr(row, key, value)
    return row


@pytest.fixture
def put(database: Database) -> Put:
    """`put("a.mkv", start, seconds, state=…)`."""

    def put(name: str, start: float, seconds: float, **changes: Any) -> VideoRow:
        row = video_row(name, start, seconds, **changes)
        VideoStore(database).save(row)
        return row

    return put


@pytest.fixture
def account(database: Database) -> Callable[..., RunRow]:
    """`account(start, end, [gap, …])`: what the recorder has noted of a window."""

    def account(start: float, end: float, gaps: Sequence[dict[str, Any]] = ()) -> RunRow:
        row = RunRow(
            schedule_id=1,
            studio="stage",
            title="Evening",
            start=start,
            end=end,
            outcome="partly",
            recorded_seconds=0.0,
            gaps=list(gaps),
            accounted_until=end,
            date="2026-11-20",
        )
        return RunStore(database).save(row)

    return account
