"""The list counts once, and anew as soon as anybody has changed the index."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event, select

from control_api.library import listing
from control_api.library.listing import Sort, Wanted
from control_api.library.portrait import TRASHED
from control_api.library.store import VideoStore
from control_api.library.tables import IntentRow, VideoRow
from tests.control_api.library.conftest import NOW, House

NAMES = [f"2026-11-20 1{number}-00-00.mkv" for number in range(5)]


@pytest.fixture
def full(house: House) -> House:
    for name in NAMES:
        house.put(name)
    house.scan()
    return house


def counts(house: House, work: Callable[[], object]) -> int:
    """How often the database is asked for a count meanwhile."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(house.database._reading, "before_cursor_execute", note)
    work()
    event.remove(house.database._reading, "before_cursor_execute", note)
    return sum("count(" in statement for statement in asked)


@pytest.mark.parametrize("wanted", [Wanted(), Wanted(text="2026"), Wanted(between=(0.0, 2 * NOW))])
def test_turning_pages_counts_once(full: House, wanted: Wanted) -> None:
    store = VideoStore(full.database)

    def turn() -> None:
        for sort in Sort:
            seen = [store.page(replace(wanted, sort=sort), at, 1) for at in range(6)]
            assert sorted(row.name for rows, _ in seen for row in rows) == NAMES
            assert {total for _, total in seen} == {5}

    assert counts(full, turn) == 1


def trash(house: House, row: VideoRow) -> None:
    house.service.throw(row.id)


def restore(house: House, row: VideoRow) -> None:
    house.service.throw(row.id)
    VideoStore(house.database).page(Wanted(), 0, 9)
    house.service.restore(row.id)


def rename(house: House, row: VideoRow) -> None:
    house.service.rename(row.id, "Dress rehearsal")


def title(house: House, row: VideoRow) -> None:
    house.service.edit(row.id, {"title": "Dress rehearsal"})


def add(house: House, row: VideoRow) -> None:
    house.put("Dress rehearsal.mkv")
    house.scan()


def vanish(house: House, row: VideoRow) -> None:
    (house.root / row.name).unlink()
    house.scan()


def come_back(house: House, row: VideoRow) -> None:
    file = house.root / row.name
    kept = file.read_bytes(), file.stat().st_mtime_ns
    vanish(house, row)
    house.put(row.name, kept[0])
    house.scan()


@pytest.mark.parametrize("change", [trash, restore, rename, title, add, vanish, come_back])
@pytest.mark.parametrize("wanted", [Wanted(), Wanted(text="rehearsal")])
def test_what_somebody_else_has_changed_is_seen(
    full: House, wanted: Wanted, change: Callable[[House, VideoRow], None]
) -> None:
    reader = VideoStore(full.database)
    reader.page(wanted, 0, 9)
    change(full, full.rows()[NAMES[0]])
    rows, total = reader.page(wanted, 0, 9)
    with full.database.reading() as session:
        known = session.scalars(select(VideoRow)).all()
    there = [row for row in known if row.listed and wanted.text in row.search]
    assert sorted(row.id for row in rows) == sorted(row.id for row in there)
    assert total == len(there)


def test_each_half_of_a_change_is_seen(full: House) -> None:
    reader, writer = VideoStore(full.database), VideoStore(full.database)
    row = full.rows()[NAMES[0]]
    named = Wanted(text="rehearsal")
    assert reader.page(named, 0, 9)[1] == 0
    intent = IntentRow(video_id=row.id, kind="move", source="", target="", changes={})
    writer.intend(intent, {"title": "Dress rehearsal"})
    assert reader.page(named, 0, 9)[1] == 1
    writer.done(intent, {"state": TRASHED})
    assert reader.page(named, 0, 9)[1] == 0


def test_what_was_asked_long_ago_is_forgotten(full: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "_MOST_KNOWN", 2)
    store = VideoStore(full.database)

    def ask(*texts: str) -> None:
        for text in texts:
            store.page(Wanted(text=text), 0, 9)

    assert counts(full, lambda: ask("a", "b", "a", "b")) == 2
    assert counts(full, lambda: ask("c", "b", "a")) == 2
