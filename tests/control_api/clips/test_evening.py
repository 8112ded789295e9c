"""A clip is ordered on an evening: a clock time is found in whichever part it is."""

from __future__ import annotations

import pytest

from control_api.evenings.store import EveningStore
from control_api.evenings.tables import EveningRow
from tests.control_api.clips.conftest import Room
from tests.control_api.clips.test_timeline import change, parts

EVENING = "0123456789abcdef"


@pytest.fixture
def evening(room: Room) -> Room:
    """Two videos of ten seconds, from 20:00:00 and from 20:00:30, of one evening."""
    rows = [
        change(room, id, studio="stage", start_estimated=False, evening_id=EVENING)
        for id in room.ids
    ]
    start = rows[0].sort_start
    row = EveningRow(
        id=EVENING,
        studio="stage",
        source="",
        title="Anna",
        start=start,
        end=start + 40,
        date="2026-11-20",
        is_by_hand=False,
    )
    EveningStore(room.house.database).save(row)
    return room


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        ("20:00:02", "20:00:08", [(0, 2, 8)]),
        ("20:00:31", "20:00:35", [(1, 1, 5)]),
        ("20:00:05", "20:00:35", [(0, 5, 10), (1, 0, 5)]),
        ("2026-11-20T20:00:31", "20:00:40", [(1, 1, 10)]),
    ],
)
def test_any_clock_time_of_the_evening(
    evening: Room, start: str, end: str, found: list[tuple[int, float, float]]
) -> None:
    params = evening.params({"evening_id": EVENING, "start": start, "end": end})
    names = [evening.house.service.get(id).name for id in evening.ids]
    assert parts(params) == [(names[place], begin, finish) for place, begin, finish in found]


def test_other_evenings_are_not_in_it(evening: Room) -> None:
    change(evening, evening.ids[1], evening_id="f" * 16)
    body = {"evening_id": EVENING, "start": "20:00:05", "end": "20:00:35"}
    assert [(begin, end) for _, begin, end in parts(evening.params(body))] == [(5, 10)]


def test_what_is_outside_is_refused(evening: Room) -> None:
    for body, said in (
        ({"start": "19:00", "end": "20:00:05"}, "start: '19:00' is not in what goes from 2026-11"),
        ({"start": "20:00:05", "end": "21:00"}, "end: '21:00' is not in what goes from 2026-11-"),
        ({"start": "20:00:15", "end": "20:00:20"}, "start: from '20:00:15' to '20:00:20' nothing"),
    ):
        status, detail = evening.refused({"evening_id": EVENING, **body})
        assert (status, detail[: len(said)]) == (422, said)
    status, _ = evening.refused({"evening_id": "f" * 16, "start": "20:00", "end": "20:01"})
    assert status == 404
