"""Remuxes, copies and damaged copies are one video with its original, by their packets."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import pytest
from starlette.testclient import TestClient

from control_api.errors import Conflict
from control_api.library.folders import Folder
from control_api.library.names import start_told
from control_api.library.portrait import READY, TRASHED
from control_api.library.probing import probe
from control_api.library.renditions import Copy, Likeness, Link, content_of, likeness, linked
from control_api.library.service import LibraryService
from control_api.library.tables import VideoRow
from control_api.timeline.service import Timelines
from control_api.timeline.store import TimelineStore
from tests.control_api.library.conftest import BERLIN, NOW, House
from tests.control_api.library.videos import GOP, Shelf, database, house, shelf
from tests.leitstand.cut.media import Recipe

__all__ = ["database", "house", "shelf"]

RECIPE = Recipe(options=GOP, seconds=8)
OBS = "2026-11-20 19-50-00"


def remux(source: Path, target: Path, first: float = 0.0) -> Path:
    """The packets of a file in another container, from a time on."""
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        streams = {one.index: new.add_stream_from_template(one) for one in old.streams}
        for packet in old.demux():
            if packet.size and float((packet.dts or 0) * packet.time_base) >= first:
                packet.stream = streams[packet.stream.index]
                new.mux(packet)
    return target


@pytest.fixture
def original(house: House, shelf: Shelf) -> Path:
    """What OBS has written, in the folder of a studio."""
    house.folders._by_key["library"] = Folder("library", house.root, "stage")
    path = house.root / f"{OBS}.mkv"
    shutil.copyfile(shelf(".mkv", RECIPE), path)
    return path


def scanned(house: House, *paths: Path) -> dict[str, VideoRow]:
    """All rows by name after these files have arrived, one later than the other."""
    for number, path in enumerate(paths):
        os.utime(path, (NOW - 3600 + number, NOW - 3600 + number))
    house.scan()
    names = [path.relative_to(house.root).as_posix() for path in house.root.rglob("*")]
    rows = (house.store.by_name("library", name) for name in names)
    return {row.name: row for row in rows if row is not None}


@pytest.mark.parametrize("extension", [".mp4", ".ts", ".mov", ".flv"])
def test_a_remux_is_a_rendition(house: House, original: Path, extension: str) -> None:
    other = remux(original, original.with_suffix(extension))
    rows = scanned(house, original, other)
    assert rows[other.name].rendition_of == rows[original.name].id
    assert [row.name for row in house.rows().values()] == [original.name]
    assert house.store.totals() == (1, original.stat().st_size + other.stat().st_size)
    (weight,) = house.store.weights()
    assert weight.size == original.stat().st_size + other.stat().st_size


def test_copies_whatever_they_are_called(house: House, original: Path) -> None:
    backup = house.root / "backup" / "old" / original.name
    backup.parent.mkdir(parents=True)
    shutil.copyfile(original, backup)
    renamed = Path(shutil.copyfile(original, house.root / "Anna.mkv"))
    rows = scanned(house, original, backup, renamed)
    first = rows[original.name]
    others = [row for row in rows.values() if row.id != first.id]
    assert [row.rendition_of for row in others] == [first.id, first.id]
    spans = Timelines(TimelineStore(house.database)).recorded("stage", first.start, first.start + 9)  # type: ignore[arg-type,operator]
    assert [span.id for span in spans.spans] == [first.id]


def test_the_order_in_which_files_are_found_does_not_matter(house: House, original: Path) -> None:
    other = remux(original, original.with_suffix(".mp4"))
    held = original.rename(house.root / "held.aside")
    assert scanned(house, other)[other.name].rendition_of is None
    held.rename(original)
    os.utime(original, (NOW - 7200, NOW - 7200))
    rows = scanned(house)
    assert rows[other.name].rendition_of == rows[original.name].id


def test_a_damaged_copy_is_a_rendition(house: House, original: Path) -> None:
    other = house.root / "copy.mkv"
    other.write_bytes(original.read_bytes()[: original.stat().st_size * 3 // 5])
    rows = scanned(house, original, other)
    row = rows[other.name]
    row.reason, row.duration = "its end is missing", 5.0
    house.store.save(row)
    house.scanner.examine(original)
    again = house.store.get(row.id)
    assert again is not None
    assert again.rendition_of == rows[original.name].id


@pytest.mark.parametrize("change", ["cut", "encoded"])
def test_an_edited_copy_is_another_video_outside_the_timeline(
    house: House, original: Path, shelf: Shelf, change: str
) -> None:
    edited = house.root / f"{OBS} edited.mkv"
    if change == "cut":
        remux(original, edited, 3.0)
    else:
        shutil.copyfile(shelf(".mkv", replace(RECIPE, options={**GOP, "crf": "35"})), edited)
    rows = scanned(house, original, edited)
    row = rows[edited.name]
    assert (row.rendition_of, row.is_edited, row.listed) == (None, True, True)
    assert not row.on_timeline
    assert row.name in house.rows()


def test_an_original_that_vanishes_leaves_its_copy(house: House, original: Path) -> None:
    other = remux(original, original.with_suffix(".mp4"))
    scanned(house, original, other)
    original.unlink()
    house.scan()
    row = house.one()
    assert (row.name, row.rendition_of) == (other.name, None)


@pytest.fixture
def pair(house: House, original: Path) -> tuple[VideoRow, VideoRow]:
    other = remux(original, original.with_suffix(".mp4"))
    rows = scanned(house, original, other)
    return rows[original.name], rows[other.name]


def state(house: House, row: VideoRow) -> tuple[str, str | None, bool]:
    now = house.store.get(row.id)
    assert now is not None
    return now.state, now.rendition_of, now.protected


def test_renditions_are_deleted_and_come_back_together(
    house: House, pair: tuple[VideoRow, VideoRow]
) -> None:
    first, second = pair
    files = house.files()
    deleted = house.service.throw(first.id)
    assert deleted.size == first.size + second.size
    assert [state(house, row)[0] for row in pair] == [TRASHED, TRASHED]
    assert [row.id for row in house.service.trash()] == [first.id]
    assert house.store.trash_totals() == (1, first.size + second.size)
    house.service.restore(first.id)
    assert state(house, second) == (READY, first.id, False)
    assert files <= house.files()
    house.service.throw(first.id)
    assert house.service.empty_all().size == first.size + second.size
    assert not [name for name in house.files() if not name.endswith(".json")]


def test_they_are_protected_together(house: House, pair: tuple[VideoRow, VideoRow]) -> None:
    first, second = pair
    house.service.protect(first.id, True)
    assert state(house, second) == (READY, first.id, True)
    with pytest.raises(Conflict, match="is protected"):
        house.service.throw(second.id)
    house.service.protect(first.id, False)
    assert not state(house, second)[2]


def test_what_is_in_use_of_them_keeps_all(house: House, pair: tuple[VideoRow, VideoRow]) -> None:
    first, second = pair
    house.in_use.add(second.id)
    with pytest.raises(Conflict, match="is being exported"):
        house.service.delete(first.id)
    with pytest.raises(Conflict, match="is being exported"):
        house.service.throw(first.id)
    assert [state(house, row)[0] for row in pair] == [READY, READY]


def test_a_rendition_can_go_alone(house: House, pair: tuple[VideoRow, VideoRow]) -> None:
    first, second = pair
    house.service.throw(second.id)
    assert [row.id for row in house.service.trash()] == [second.id]
    assert state(house, first) == (READY, None, False)
    house.service.restore(second.id)
    assert state(house, second) == (READY, first.id, False)


def test_an_original_that_cannot_go_leaves_no_hidden_file(
    house: House, pair: tuple[VideoRow, VideoRow], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = pair
    move: Callable[..., None] = house.changes.move

    def refuse(row: VideoRow, *rest: Any) -> None:
        if row.id == first.id:
            raise Conflict("not now")
        move(row, *rest)

    monkeypatch.setattr(house.changes, "move", refuse)
    with pytest.raises(Conflict, match="not now"):
        house.service.throw(first.id)
    assert [row.id for row in house.service.trash()] == [second.id]


def test_the_list_shows_the_original_with_its_renditions(
    house: House, pair: tuple[VideoRow, VideoRow], serve: Callable[..., TestClient]
) -> None:
    first, second = pair
    client = serve({LibraryService: house.service})
    page = client.get("/api/videos").json()["data"]
    assert page["total"] == 1
    (item,) = page["items"]
    assert (item["id"], item["rendition_of"], item["edited"]) == (first.id, None, False)
    assert item["renditions"] == [
        {"id": second.id, "name": second.name, "size": second.size, "state": "ready"}
    ]
    one = client.get(f"/api/videos/{second.id}").json()["data"]
    assert (one["rendition_of"], one["start"]) == (first.id, item["start"])


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("Replay 2026-11-20 19-50-30.mkv", "19:50:10"),
        ("replay_2026-11-20_19-50-30.mp4", "19:50:10"),
        ("2026-11-20 19-50-30.mkv", "19:50:30"),
        ("Replays of 2026-11-20 19-50-30.mkv", "19:50:30"),
    ],
)
def test_a_replay_buffer_is_called_after_its_end(name: str, start: str) -> None:
    begins = start_told(f"2026-11-20 {start.replace(':', '-')}.mkv", BERLIN)
    assert start_told(name, BERLIN, 20.0) == begins


def copy(id: str, fingerprint: Any, **changes: Any) -> Copy:
    known = Copy(id, f"{id}.mkv", 1000.0, True, False, 60.0, 1, fingerprint)
    return replace(known, **changes)


def fingerprint(*video: str, audio: tuple[str, ...] = ("a", "b", "c", "d")) -> dict[str, Any]:
    tracks = [{"kind": "video", "places": {str(at): [h] for at, h in enumerate(video)}}]
    return {"tracks": [*tracks, {"kind": "audio", "places": {"0": [*audio]}}]}


PRINT = fingerprint("1", "2", "3")


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (copy("o", PRINT), Likeness.SAME),
        (copy("o", PRINT, duration=60.1), Likeness.SAME),
        (copy("o", fingerprint("1", "2"), duration=200), Likeness.BEGINNING),
        (copy("o", PRINT, duration=59.5), Likeness.OTHER),
        (copy("o", fingerprint("1", "2", "9")), Likeness.OTHER),
        (copy("o", fingerprint("1", "2", "3", audio=("d", "e"))), Likeness.SAME),
        (copy("o", fingerprint("1", "2", "3", audio=("x", "y"))), Likeness.OTHER),
        (copy("o", {"tracks": PRINT["tracks"][:1]}), Likeness.OTHER),
        (copy("o", None), Likeness.OTHER),
    ],
)
def test_likeness(other: Copy, expected: Likeness) -> None:
    assert likeness(copy("c", PRINT), other) is expected


def test_black_and_silence_are_no_content_to_recognise() -> None:
    black = fingerprint("1", "1", "1", audio=("a", "a"))
    assert content_of(black) is None
    assert likeness(copy("a", black), copy("b", black)) is Likeness.OTHER
    assert content_of(PRINT) is not None
    assert content_of(None) is None


def test_two_recordings_of_the_same_test_picture_are_two() -> None:
    one = copy("a", PRINT, is_estimated=False)
    two = copy("b", PRINT, is_estimated=False, start=1060.0)
    assert linked([one, two]) == {"a": Link(), "b": Link()}
    assert linked([one, replace(two, is_estimated=True)])["b"] == Link("a")


def test_an_original_is_exact_whole_and_first() -> None:
    exact = copy("exact", PRINT, is_estimated=False, mtime_ns=9)
    early, late = copy("early", PRINT, mtime_ns=2), copy("late", PRINT, mtime_ns=3)
    damaged = copy("damaged", PRINT, is_damaged=True)
    links = linked([late, damaged, early, exact])
    assert links == {"exact": Link(), **{id: Link("exact") for id in ("early", "late", "damaged")}}
    assert linked([late, early])["late"] == Link("early")


def test_the_fingerprint_is_taken_where_the_file_is_examined(original: Path) -> None:
    found = probe(original).fingerprint
    assert found is not None
    assert [track["kind"] for track in found["tracks"]] == ["video", "audio"]
    for track in found["tracks"]:
        assert list(track["places"]) == ["0", "1.0371", "4.1093"]
        assert len({tuple(run) for run in track["places"].values()}) == 3
