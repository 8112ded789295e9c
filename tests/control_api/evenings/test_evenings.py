"""Evenings over HTTP: what belongs together, under an id that survives everything."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import closing
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from control_api.database import Database
from control_api.migrations.migrate import opened
from control_api.schedules.runs import RunStore
from control_api.schedules.tables import RunRow
from tests.control_api.evenings.conftest import Venue, at
from tests.control_api.library.conftest import House


def wanted(database: Database, start: str, end: str, gaps: list[dict[str, Any]]) -> None:
    """A window of the schedule and the recorder's account of it."""
    row = RunRow(
        schedule_id=1,
        studio="stage",
        title="Premiere",
        start=at(start),
        end=at(end),
        outcome="partly",
        recorded_seconds=0.0,
        gaps=gaps,
        accounted_until=at(end),
        date=f"2026-11-{start[:2]}",
    )
    RunStore(database).save(row)


def test_an_evening_over_midnight_is_one(venue: Venue) -> None:
    venue.record(("20 22:00", 90), ("20 23:30", 60), ("21 00:45", 30))
    venue.record(("21 19:00", 30))
    second, first = venue.evenings()
    assert (first["date"], first["parts"], first["recorded"]) == ("2026-11-20", 3, 180 * 60)
    assert (first["start"], first["end"]) == (
        "2026-11-20T22:00:00+01:00",
        "2026-11-21T01:15:00+01:00",
    )
    assert (second["date"], second["parts"]) == ("2026-11-21", 1)
    shown = venue.shown(first["id"])
    assert [video["name"][:19] for video in shown["videos"]] == [
        "2026-11-20 22-00-00",
        "2026-11-20 23-30-00",
        "2026-11-21 00-45-00",
    ]
    assert [span["start"][11:16] for span in shown["spans"]] == ["22:00", "23:30", "00:45"]
    (gap,) = shown["gaps"]
    assert (gap["start"][11:16], gap["end"][11:16], gap["code"]) == (
        "00:30",
        "00:45",
        "no_account",
    )


def test_a_window_is_one_evening_though_its_parts_are_far_apart(venue: Venue) -> None:
    gap = {
        "start": at("20 20:10"),
        "end": at("20 21:30"),
        "code": "stopped_by",
        "params": {"by": "anna"},
        "reason": "",
    }
    wanted(venue.house.database, "20 20:00", "20 23:00", [gap])
    venue.record(("20 19:40", 30), ("20 21:30", 95))
    (one,) = venue.evenings()
    assert (one["title"], one["parts"]) == ("Premiere", 2)
    assert [
        (each["code"], each["reason"], each["start"][11:16], each["end"][11:16])
        for each in venue.shown(one["id"])["gaps"]
    ] == [("stopped_by", "stopped by anna", "20:10", "21:30")]


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_the_order_in_which_parts_arrive_does_not_matter(
    venue: Venue, order: tuple[int, ...]
) -> None:
    parts = [("20 20:00", 10), ("20 20:30", 10), ("20 21:00", 10)]
    for place in order:
        venue.record(parts[place])
    (one,) = venue.evenings()
    assert (one["parts"], one["start"][11:16], one["end"][11:16]) == (3, "20:00", "21:10")


def test_evenings_of_two_studios_are_two(venue: Venue) -> None:
    venue.record(("20 20:00", 10), ("20 21:00", 10))
    row = venue.row("20 20:00")
    assert [one["parts"] for one in venue.evenings()] == [1, 1]
    assert row.studio == "stage"
    assert venue.evenings(studio="hall") == []
    assert len(venue.evenings(studio="stage")) == 2
    assert len(venue.evenings(first="2026-11-20", last="2026-11-20")) == 2
    assert venue.evenings(first="2026-11-21") == venue.evenings(last="2026-11-19") == []
    assert len(venue.evenings(page_size=1, page=2)) == 1


def test_ids_and_titles_survive_a_lost_database(
    venue: Venue, tmp_path: Path, serve: Callable[..., TestClient]
) -> None:
    venue.record(("20 20:00", 10), ("20 20:20", 10), ("20 23:00", 10))
    late, early = venue.evenings()
    venue.client.patch(f"/api/evenings/{early['id']}", json={"title": "Anna"})
    venue.client.post(f"/api/evenings/{early['id']}/join", json={"evening": late["id"]})
    before = venue.evenings()
    with closing(opened(f"sqlite:///{tmp_path / 'new.db'}")) as database:
        again = Venue(House(venue.house.root, database), serve)
        again.minutes = venue.minutes
        again.house.scan()
        assert again.evenings() == before
    assert (len(before), before[0]["title"], before[0]["parts"]) == (1, "Anna", 3)


def test_what_an_operator_has_split_stays_split_after_a_lost_database(
    venue: Venue, tmp_path: Path, serve: Callable[..., TestClient]
) -> None:
    venue.record(("20 20:00", 10), ("20 20:30", 10))
    (one,) = venue.evenings()
    body = {"video_id": venue.row("20 20:30").id}
    venue.client.post(f"/api/evenings/{one['id']}/split", json=body)
    before = venue.evenings()
    with closing(opened(f"sqlite:///{tmp_path / 'new.db'}")) as database:
        again = Venue(House(venue.house.root, database), serve)
        again.minutes = venue.minutes
        again.house.scan()
        assert again.evenings() == before
        again.record(("20 20:12", 10), ("20 20:50", 10))
        assert [one["parts"] for one in again.evenings()] == [2, 2]


def test_an_account_that_comes_late_makes_one_evening_of_its_window(venue: Venue) -> None:
    venue.record(("20 20:00", 10), ("20 21:30", 10), ("20 23:30", 10))
    before = venue.evenings()
    assert [one["parts"] for one in before] == [1, 1, 1]
    wanted(venue.house.database, "20 20:00", "20 22:00", [])
    venue.accounts.look()
    after = venue.evenings()
    assert [(one["id"], one["parts"]) for one in after] == [
        (before[0]["id"], 1),
        (before[2]["id"], 2),
    ]
    assert (after[1]["title"], after[1]["end"][11:16]) == ("Premiere", "21:40")
    sidecar = next(venue.house.root.glob("2026-11-20 21-30*.json"))
    assert json.loads(sidecar.read_text())["evening_id"] == before[2]["id"]


def test_an_account_that_comes_late_parts_what_is_of_two_windows(venue: Venue) -> None:
    venue.record(("20 20:00", 60), ("20 21:10", 60))
    (before,) = venue.evenings()
    wanted(venue.house.database, "20 20:00", "20 21:00", [])
    wanted(venue.house.database, "20 21:10", "20 22:10", [])
    venue.accounts.look()
    late, early = venue.evenings()
    assert (early["id"], early["parts"], early["end"][11:16]) == (before["id"], 1, "21:00")
    assert (late["parts"], late["start"][11:16]) == (1, "21:10")
    venue.accounts.look()
    assert venue.evenings() == [late, early]


def test_an_account_that_comes_late_leaves_what_an_operator_has_split(venue: Venue) -> None:
    venue.record(("20 20:00", 10), ("20 20:30", 10))
    (one,) = venue.evenings()
    body = {"video_id": venue.row("20 20:30").id}
    venue.client.post(f"/api/evenings/{one['id']}/split", json=body)
    before = venue.evenings()
    wanted(venue.house.database, "20 20:00", "20 21:00", [])
    venue.accounts.look()
    assert venue.evenings() == before


def test_an_account_that_comes_late_leaves_the_title_that_an_operator_gave(venue: Venue) -> None:
    venue.record(("20 20:00", 10), ("20 21:30", 10))
    late = venue.evenings()[0]
    answer = venue.client.patch(f"/api/evenings/{late['id']}", json={"title": "Gala"})
    assert answer.status_code == 200, answer.text
    wanted(venue.house.database, "20 20:00", "20 22:00", [])
    venue.accounts.look()
    renamed = venue.client.get(f"/api/evenings/{late['id']}").json()["data"]
    assert (renamed["title"], renamed["parts"]) == ("Gala", 1)


def test_a_window_that_is_extended_takes_what_comes_with_it(venue: Venue) -> None:
    wanted(venue.house.database, "20 20:00", "20 21:00", [])
    venue.record(("20 20:00", 60), ("20 22:00", 10))
    venue.accounts.look()
    assert [one["parts"] for one in venue.evenings()] == [1, 1]
    wanted(venue.house.database, "20 20:00", "20 22:30", [])
    venue.accounts.look()
    (one,) = venue.evenings()
    assert (one["parts"], one["title"]) == (2, "Premiere")


def test_an_evening_keeps_its_id_when_a_part_comes_before_it(venue: Venue) -> None:
    venue.record(("21 00:10", 10))
    (before,) = venue.evenings()
    venue.record(("20 23:50", 15))
    (after,) = venue.evenings()
    assert (after["id"], after["date"]) == (before["id"], "2026-11-20")


def test_an_evening_can_be_joined_and_split(venue: Venue) -> None:
    venue.record(("20 20:00", 10), ("20 20:20", 10), ("20 22:00", 10))
    late, early = venue.evenings()
    path = f"/api/evenings/{early['id']}"
    joined = venue.client.post(f"{path}/join", json={"evening": late["id"]}).json()["data"]
    assert (joined["id"], joined["parts"], joined["end"][11:16]) == (early["id"], 3, "22:10")
    assert venue.client.get(f"/api/evenings/{late['id']}").status_code == 404
    answer = venue.client.post(f"{path}/split", json={"video_id": venue.row("20 20:20").id})
    assert answer.status_code == 201
    new = answer.json()["data"]
    assert (new["parts"], new["start"][11:16], new["end"][11:16]) == (2, "20:20", "22:10")
    assert venue.shown(early["id"])["end"][11:16] == "20:10"
    sidecar = next(venue.house.root.glob("2026-11-20 22-00*.json"))
    assert json.loads(sidecar.read_text())["evening_id"] == new["id"]


def test_what_an_operator_has_split_stays_split(venue: Venue) -> None:
    venue.record(("20 20:00", 10), ("20 20:30", 10))
    (one,) = venue.evenings()
    body = {"video_id": venue.row("20 20:30").id}
    new = venue.client.post(f"/api/evenings/{one['id']}/split", json=body).json()["data"]
    venue.record(("20 20:12", 10), ("20 20:50", 10))
    assert {one["id"]: one["parts"] for one in venue.evenings()} == {one["id"]: 2, new["id"]: 2}


def test_an_evening_is_split_at_a_time_and_is_again_what_it_was(venue: Venue) -> None:
    venue.record(("20 20:00", 10), ("20 20:20", 10), ("20 22:00", 10))
    late, early = venue.evenings()
    path = f"/api/evenings/{early['id']}"
    venue.client.post(f"{path}/join", json={"evening": late["id"]})
    body = {"at": "2026-11-20T21:00:00+01:00", "evening": late["id"]}
    again = venue.client.post(f"{path}/split", json=body)
    assert again.status_code == 201, again.text
    assert venue.evenings() == [late, early]
    # A part is of one evening, so one that runs at that time stays.
    new = venue.client.post(f"{path}/split", json={"at": "2026-11-20T20:05:00+01:00"}).json()
    assert (new["data"]["parts"], new["data"]["start"][11:16]) == (1, "20:20")


def test_what_cannot_be_joined_or_split(venue: Venue) -> None:
    venue.record(("20 20:00", 10))
    (one,) = venue.evenings()
    path = f"/api/evenings/{one['id']}"

    def refused(way: str, body: dict[str, str]) -> int:
        return int(venue.client.post(f"{path}/{way}", json=body).status_code)

    assert refused("join", {"evening": one["id"]}) == 422
    assert refused("join", {"evening": "0" * 16}) == 404
    assert refused("split", {"video_id": "0" * 16}) == 422
    assert refused("split", {"video_id": venue.row("20 20:00").id}) == 409
    assert refused("split", {"at": "2026-11-20T23:00:00+01:00"}) == 409
    assert refused("split", {"at": "2026-11-20T23:00:00"}) == 422
    assert refused("split", {}) == 422
    venue.record(("20 20:20", 10), ("20 23:00", 10))
    second = {"video_id": venue.row("20 20:20").id}
    assert refused("split", {**second, "evening": venue.evenings()[0]["id"]}) == 409
    assert refused("split", {**second, "evening": "0" * 16}) == 422


def test_an_evening_without_parts_is_not_listed_and_comes_back(venue: Venue) -> None:
    venue.record(("20 20:00", 10))
    (one,) = venue.evenings()
    row = venue.row("20 20:00")
    venue.house.service.throw(row.id)
    assert venue.evenings() == []
    venue.house.service.restore(row.id)
    assert venue.evenings() == [one]


def test_videos_that_were_there_before_get_their_evenings(venue: Venue) -> None:
    venue.record(("20 20:00", 10), ("20 20:20", 10), ("20 23:00", 10))
    for begin in ("20 20:00", "20 20:20", "20 23:00"):
        row = venue.row(begin)
        row.evening_id = None
        venue.house.store.save(row)
    assert venue.evenings() == []
    assert venue.assigner.assign_missing()
    assert not venue.assigner.assign_missing()
    assert [one["parts"] for one in venue.evenings()] == [1, 2]


def test_an_evening_keeps_its_id_whichever_rendition_is_found_first(venue: Venue) -> None:
    content = {"0": ["a", "b", "c", "d"]}
    venue.fingerprint = {"tracks": [{"kind": "video", "places": content}]}
    venue.record(("20 20:00", 10))
    (before,) = venue.evenings()
    remux = venue.house.root / "2026-11-20 20-00-00.mkv"
    original = venue.house.root / "2026-11-20 20-00-00 first.mkv"
    venue.minutes[original.name] = 10
    original.write_bytes(b"1")
    os.utime(original, (venue.house.clock.time - 7200,) * 2)
    venue.house.scan()
    row = venue.row("20 20:00")
    assert row.rendition_of is not None
    (after,) = venue.evenings()
    assert (after["id"], after["parts"]) == (before["id"], 1)
    original.unlink()
    original.with_name(f"{original.name}.json").unlink()
    venue.house.scan()
    (left,) = venue.evenings()
    assert (left["id"], venue.row("20 20:00").rendition_of) == (before["id"], None)
    assert remux.exists()
