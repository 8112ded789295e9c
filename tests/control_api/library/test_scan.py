"""What a scan finds, what it opens, what it leaves alone, and what comes back."""

from __future__ import annotations

import json
import os
import time
from datetime import datetime
from pathlib import Path

import pytest

from control_api.database import Database
from control_api.library.folders import Folder, Folders, configured
from control_api.library.listing import Wanted
from control_api.library.portrait import Place, id_of, is_indexed, new
from control_api.library.probing import Probe
from leitstand.config import Config
from leitstand.media.formats import EXTENSIONS
from tests.control_api.library.conftest import BERLIN, NOW, House, Killed
from tests.control_api.recordings.rows import recording_row, save
from tests.soak import is_soak

MANY = 100_000 if is_soak() else 10_000


def test_it_finds_videos_and_nothing_else(house: House, tmp_path: Path) -> None:
    outside = tmp_path / "secret.mkv"
    outside.write_bytes(b"x")
    for name in ("a.mkv", "sub/b.mp4", "1/2/3/4/5/6/7/8/c.ts", "ünï.webm"):
        house.put(name)
    for name in (".hidden.mkv", ".git/d.mkv", "notes.txt", "list.m3u8", "1/2/3/4/5/6/7/8/9/e.mkv"):
        house.put(name)
    (house.root / "link.mkv").symlink_to(outside)
    (house.root / "inner.mkv").symlink_to(house.root / "a.mkv")
    (house.root / "away").symlink_to(tmp_path)
    os.mkfifo(house.root / "pipe.mkv")
    open(os.fsencode(house.root) + b"/\xff.mkv", "wb").close()
    house.scan()
    assert set(house.rows()) == {"a.mkv", "sub/b.mp4", "1/2/3/4/5/6/7/8/c.ts", "ünï.webm"}


def test_what_is_unchanged_is_not_opened(house: House) -> None:
    house.put("a.mkv")
    house.scan()
    house.scan()
    assert len(house.probed) == 1
    house.put("a.mkv", b"longer")
    house.scan()
    house.scan()
    assert len(house.probed) == 2
    assert house.one().size == 6


def test_what_is_written_is_shown_and_not_opened(house: House) -> None:
    house.put("2026-11-22 20-31-10.mkv", age=5)
    assert house.scan().writing == 1
    assert (house.one().state, house.probed) == ("writing", [])
    house.clock.time += 6
    house.scan()
    assert house.one().state == "ready"


def test_what_grows_between_two_looks_is_written_whatever_its_time_says(house: House) -> None:
    house.put("a.mkv", b"1", age=-100)
    house.scan()
    house.clock.time += 20
    house.put("a.mkv", b"12", age=-80)
    house.scan()
    assert house.one().state == "writing"
    house.clock.time += 20
    house.scan()
    assert house.one().state == "ready"


def test_the_file_of_a_running_recording_is_not_touched(house: House) -> None:
    path = house.put("a.mkv")
    row = recording_row("stage", NOW)
    row.state, row.file = "recording", str(path)
    save(house.database, row)
    house.scan()
    assert (house.one().state, house.probed) == ("writing", [])
    row.state = "finished"
    save(house.database, row)
    house.scan()
    assert house.one().state == "ready"


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("2026-11-22 20-31-10.mkv", "2026-11-22T20:31:10+01:00"),
        ("2026-07-22_20-31-10.mkv", "2026-07-22T20:31:10+02:00"),
        ("cam/2026-11-22_20-31-10-250000.mp4", "2026-11-22T20:31:10.250+01:00"),
        ("Replay 2026-11-22 20-31-10.mkv", "2026-11-22T20:31:10+01:00"),
    ],
)
def test_the_start_out_of_the_name(house: House, name: str, start: str) -> None:
    house.put(name)
    house.scan()
    row = house.one()
    assert row.start == datetime.fromisoformat(start).timestamp()
    assert row.start_estimated


def test_the_start_out_of_the_file_else_its_time_less_the_duration(house: House) -> None:
    house.probe = lambda path: Probe(60.0, created=1000.0 if path.name == "a.mkv" else None)
    house.put("a.mkv")
    house.put("b 2026-13-99 99-99-99.mkv", age=3600)
    house.scan()
    rows = house.rows()
    assert rows["a.mkv"].start == 1000.0
    assert rows["b 2026-13-99 99-99-99.mkv"].start == NOW - 3600 - 60
    assert all(row.start_estimated for row in rows.values())


def test_a_recording_arrives_with_its_exact_start(house: House) -> None:
    path = house.put("2026-11-22 20-31-10.mkv", age=0)
    row = recording_row("stage", NOW - 100.25)
    row.state, row.file, row.title, row.evening = "finished", str(path), "Premiere", 7
    row.anchors = [[0.0, NOW - 100.25], [50.0, NOW - 20]]
    save(house.database, row)
    house.scanner.take(path)
    video = house.one()
    assert (video.start, video.start_estimated, video.title) == (NOW - 100.25, False, "Premiere")
    assert (video.studio, video.evening, video.recording_id) == ("stage", 7, row.id)
    assert video.anchors == row.anchors
    assert (house.root / "2026-11-22 20-31-10.mkv.json").exists()


@pytest.mark.parametrize("kill", [1, 2])
def test_killed_while_a_recording_arrives(house: House, kill: int) -> None:
    path = house.put("a.mkv")
    row = recording_row("stage", NOW)
    row.state, row.file = "finished", str(path)
    save(house.database, row)
    house.dies_after = kill
    with pytest.raises(Killed):
        house.scanner.take(path)
    again = house.restart()
    again.scan()
    assert again.one().recording_id == row.id
    assert json.loads((house.root / "a.mkv.json").read_text())["start"] == NOW


def test_a_recording_in_a_folder_that_cannot_be_written_arrives_too(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = house.put("a.mkv")
    row = recording_row("stage", NOW)
    row.state, row.file = "finished", str(path)
    save(house.database, row)

    def refused(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("control_api.library.sidecar.write", refused)
    house.scanner.take(path)
    assert (house.one().recording_id, house.store.intents()) == (row.id, [])


def test_what_is_outside_the_library_does_not_arrive(house: House, tmp_path: Path) -> None:
    (tmp_path / "a.mkv").write_bytes(b"x")
    house.scanner.take(tmp_path / "a.mkv")
    house.scanner.take(house.root / "gone.mkv")
    (house.root / "link.mkv").symlink_to(tmp_path / "a.mkv")
    house.scanner.take(house.root / "link.mkv")
    assert house.rows() == {}


def test_what_vanishes_leaves_the_list_and_comes_back_as_it_was(house: House) -> None:
    path = house.put("a.mkv")
    house.scan()
    id = house.one().id
    house.service.edit(id, {"title": "Premiere", "protected": True})
    away = path.rename(house.root.parent / "away.mkv")
    (house.root / "a.mkv.json").unlink()
    assert house.scan().vanished == 1
    assert house.rows() == {}
    house.clock.time += 3600
    away.rename(path)
    house.scan()
    row = house.one()
    assert (row.id, row.title, row.protected, len(house.probed)) == (id, "Premiere", True, 1)


def test_a_folder_that_is_no_longer_configured_leaves_the_list(house: House) -> None:
    house.put("a.mkv")
    house.scan()
    there = dict(house.folders._by_key)
    house.folders._by_key.clear()
    house.scan()
    assert house.rows() == {}
    house.folders._by_key.update(there)
    house.scan()
    assert (set(house.rows()), len(house.probed)) == ({"a.mkv"}, 1)


def test_what_does_not_come_back_for_a_day_is_forgotten(house: House) -> None:
    house.put("a.mkv")
    house.scan()
    (house.root / "a.mkv").unlink()
    house.scan()
    house.clock.time += 86_500
    house.scan()
    assert dict(house.store.known("library")) == {}


def test_a_folder_that_cannot_be_read_loses_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.put("sub/a.mkv")
    house.scan()

    def broken(_: object) -> object:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("control_api.library.folders.os.scandir", broken)
    assert house.scan().vanished == 0
    assert len(house.rows()) == 1


def test_a_video_that_was_moved_by_hand_keeps_its_id(house: House) -> None:
    house.put("a.mkv")
    house.scan()
    id = house.one().id
    house.service.edit(id, {"title": "Premiere"})
    (house.root / "sub").mkdir()
    for name in ("a.mkv", "a.mkv.json"):
        (house.root / name).rename(house.root / "sub" / name)
    house.scan()
    row = house.one()
    assert (row.id, row.name, row.title) == (id, "sub/a.mkv", "Premiere")


def test_a_copied_sidecar_does_not_take_another_videos_id(house: House) -> None:
    house.put("a.mkv")
    house.scan()
    house.service.edit(house.one().id, {"title": "Premiere"})
    house.put("b.mkv")
    (house.root / "b.mkv.json").write_bytes((house.root / "a.mkv.json").read_bytes())
    house.scan()
    assert len({row.id for row in house.rows().values()}) == 2


def test_ten_thousand_unchanged_files(house: House) -> None:
    rows = []
    folder = Folder("library", house.root)
    for number in range(10_000):
        path = house.root / f"{number % 100}" / f"{number}.mkv"
        path.parent.mkdir(exist_ok=True)
        path.touch()
        stat = path.stat()
        place = Place(folder, f"{number % 100}/{number}.mkv", (0, stat.st_mtime_ns))
        row = new(id_of(place), place, NOW)
        row.state = "ready"
        rows.append(row)
    with house.database.begin() as session:
        session.add_all([is_indexed(row) for row in rows])
    begin = time.perf_counter()
    tally = house.scan()
    seconds = time.perf_counter() - begin
    print(f"scan of 10,000 unchanged files: {seconds:.2f} s")  # noqa: T201
    assert (tally.seen, tally.examined, tally.vanished, house.probed) == (10_000, 0, 0, [])
    assert seconds < 3


def test_folders_that_lie_in_each_other_have_each_file_once(tmp_path: Path) -> None:
    (tmp_path / "stage").mkdir()
    (tmp_path / "stage" / "a.mkv").touch()
    (tmp_path / "b.mkv").touch()
    config = Config.model_validate(
        {
            "obs": [
                {"name": "stage", "recordings": tmp_path / "stage"},
                {"name": "hall", "port": 4456, "recordings": tmp_path},
            ],
            "control_api": {"library": tmp_path},
        }
    )
    folders = configured(config)
    assert {f.key: (f.studio, set(dict(folders.walk(f)))) for f in folders} == {
        "library": ("hall", {"b.mkv"}),
        "obs:stage": ("stage", {"a.mkv"}),
    }
    found = folders.locate(tmp_path / "stage" / "a.mkv")
    assert found is not None
    assert (found[0].key, found[1]) == ("obs:stage", "a.mkv")


@pytest.mark.parametrize("name", ["../x.mkv", "/etc/passwd", "a/../../x.mkv", "a\0b.mkv", ""])
def test_no_name_leads_out_of_a_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(Exception, match="leads out"):
        Folder("library", tmp_path).at(name)


def test_no_folder_that_became_a_link_is_followed(house: House, tmp_path: Path) -> None:
    house.put("sub/a.mkv")
    house.scan()
    (house.root / "sub").rename(tmp_path / "sub")
    (house.root / "sub").symlink_to(tmp_path / "sub")
    with pytest.raises(Exception, match="link"):
        house.service.opened(house.one().id)


def test_many_in_the_list(house: House, database: Database) -> None:
    folder = Folders([Folder("library", house.root)])["library"]
    rows = []
    for number in range(MANY):
        place = Place(folder, f"{number}.mkv", (number * 7919 % 100_003, int(NOW * 1e9)))
        row = new(id_of(place), place, NOW)
        row.state, row.start, row.title = "ready", NOW - number * 600, f"Evening {number % 997}"
        row.studio, row.duration = ("stage", "hall")[number % 2], float(number * 31 % 10_007)
        row.tracks = [{"kind": "video", "codec": "h264", "width": 1280, "height": 720}]
        rows.append(row)
    with database.begin() as session:
        session.add_all([is_indexed(row) for row in rows])
    if database.url.get_backend_name() == "postgresql":
        # What its autovacuum does within a minute.
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as bare:
            bare.exec_driver_sql("VACUUM ANALYZE videos")
    day = datetime.fromtimestamp(NOW - MANY // 2 * 600, BERLIN).date()
    asked = {
        "first page": lambda: house.service.page(Wanted()),
        "last page": lambda: house.service.page(Wanted(), page=MANY // 50),
        "studio": lambda: house.service.page(Wanted(studio="stage"), page=MANY // 200),
        "day": lambda: house.service.page(Wanted(), day),
        "text": lambda: house.service.page(Wanted(text="evening 99")),
        **{
            f"by {sort}": lambda sort=sort: house.service.page(Wanted(sort=sort), page=MANY // 100)
            for sort in ("title", "size", "duration", "start")
        },
    }
    for name, ask in asked.items():
        ask()
        begin = time.perf_counter()
        items, total = ask()
        seconds = time.perf_counter() - begin
        print(f"{database.url.get_backend_name()}, {name}: {1000 * seconds:.1f} ms of {total}")  # noqa: T201
        assert items
        assert seconds < 1
    begin = time.perf_counter()
    known = dict(house.store.known("library"))
    print(f"index for a scan: {time.perf_counter() - begin:.2f} s")  # noqa: T201
    assert len(known) == MANY


@pytest.mark.parametrize("extension", sorted(EXTENSIONS))
def test_every_format_is_listed(house: House, extension: str) -> None:
    house.put(f"a{extension}")
    house.put(f"b{extension.upper()}")
    house.scan()
    assert set(house.rows()) == {f"a{extension}", f"b{extension.upper()}"}


def test_what_people_call_videos_is_listed() -> None:
    names = "mkv mp4 mov m4v webm flv avi ts mts m2ts mpg mpeg vob 3gp 3g2 wmv asf ogv".split()
    assert {f".{name}" for name in names} <= set(EXTENSIONS)
