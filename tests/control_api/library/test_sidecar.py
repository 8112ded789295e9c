"""The sidecars alone are enough to have everything back; a bad one does no harm."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from control_api.database import Database
from control_api.library.sidecar import beside
from control_api.migrations.migrate import opened
from tests.control_api.library.conftest import NOW, House
from tests.control_api.recordings.rows import recording_row, save


@pytest.fixture
def empty(migrated: Path, tmp_path: Path) -> Iterator[Database]:
    """A database that has forgotten everything."""
    file = shutil.copy(migrated, tmp_path / "empty.db")
    with contextlib.closing(opened(f"sqlite:///{file}")) as database:
        yield database


def shown(house: House) -> list[dict[str, Any]]:
    rows = [*house.rows().values(), *house.service.trash()]
    passed_over = {"_sa_instance_state", "created_at"}
    return [{k: v for k, v in vars(row).items() if k not in passed_over} for row in rows]


def test_everything_is_back_without_the_database(house: House, empty: Database) -> None:
    for name in ("a.mkv", "sub/b.mkv", "c.mkv", "2026-11-22 20-31-10.mkv", "gone/d.mkv"):
        house.put(name)
    row = recording_row("stage", NOW - 100.25)
    row.state, row.file, row.evening = "finished", str(house.root / "a.mkv"), 1
    row.anchors = [[0.0, NOW - 100.25], [50.0, NOW - 20.125]]
    save(house.database, row)
    house.scan()
    rows = house.rows()
    house.service.edit(rows["a.mkv"].id, {"title": "Premiere", "notes": "Good.\nVery."})
    house.service.rename(rows["sub/b.mkv"].id, "Zugabe")
    house.service.protect(rows["c.mkv"].id, True)
    house.service.throw(rows["gone/d.mkv"].id)
    house.put("sub/b.mkv")
    house.scan()

    again = house.restart(empty)
    again.scan()
    assert len(shown(again)) == 6
    assert sorted(shown(again), key=lambda each: each["id"]) == sorted(
        shown(house), key=lambda each: each["id"]
    )
    assert {row.name for row in again.service.trash()} == {
        f".leitstand-trash/{rows['gone/d.mkv'].id}/gone/d.mkv"
    }
    again.service.restore(rows["gone/d.mkv"].id)
    assert "gone/d.mkv" in again.rows()


def whole(**changes: Any) -> str:
    return json.dumps({"version": 1, "title": "Premiere"} | changes)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"version": 2}',
        "[" * 100_000,
        whole(title="x" * 201),
        whole(title="a\nb"),
        whole(notes="\0"),
        whole(title=7),
        whole(id="../../etc/passwd"),
        whole(id="0123456789abcdef\n"),
        whole(start="yesterday"),
        whole(start=1e300),
        '{"version": 1, "start": NaN}',
        '{"version": 1, "title": "\\ud800"}',
        whole(anchors=[[0, 1, 2]]),
        whole(anchors=[[0.0, 1.0]] * 10_001),
        whole(evening=-1),
        whole(protected="yes"),
        " " * (1 << 20) + whole(),
    ],
    ids=range(21),
)
def test_a_broken_one_is_set_aside_and_told(house: House, text: str) -> None:
    path = house.put("a.mkv")
    beside(path).write_text(text)
    house.scan()
    assert house.one().title == ""
    assert not beside(path).exists()
    assert (house.root / "a.mkv.broken-1").read_text() == text
    assert "a.mkv.broken-1" in house.told[0]
    house.service.edit(house.one().id, {"title": "New"})
    assert json.loads(beside(path).read_text())["title"] == "New"


def test_a_second_broken_one_spares_the_first(house: House) -> None:
    path = house.put("a.mkv")
    (house.root / "a.mkv.broken-1").write_text("first")
    beside(path).write_text("second")
    house.scan()
    assert (house.root / "a.mkv.broken-1").read_text() == "first"
    assert (house.root / "a.mkv.broken-2").read_text() == "second"


def test_a_sidecar_that_is_a_link_or_a_pipe_is_not_read(house: House, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(whole())
    beside(house.put("a.mkv")).symlink_to(tmp_path / "secret")
    os.mkfifo(beside(house.put("b.mkv")))
    beside(house.put("c.mkv")).mkdir()
    house.scan()
    assert [row.title for row in house.rows().values()] == ["", "", ""]
    assert len(house.told) == 3


def test_keys_of_a_later_version_are_passed_over(house: House) -> None:
    beside(house.put("a.mkv")).write_text(whole(mood="good"))
    house.scan()
    assert house.one().title == "Premiere"


def test_the_longest_name_has_a_sidecar_too(house: House, empty: Database) -> None:
    name = "x" * 251 + ".mkv"
    house.put(name)
    house.scan()
    house.service.edit(house.one().id, {"title": "Long"})
    again = house.restart(empty)
    again.scan()
    assert again.one().title == "Long"


def test_a_folder_that_cannot_be_written_changes_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.put("a.mkv")
    house.scan()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("leitstand.atomicfile.os.replace", full)
    with pytest.raises(
        Exception, match="disk full: .* free on the file system of the folder library"
    ):
        house.service.edit(house.one().id, {"title": "Premiere"})
    with pytest.raises(Exception, match="disk full"):
        house.service.rename(house.one().id, "b")
    with pytest.raises(Exception, match="disk full"):
        house.service.throw(house.one().id)
    assert (house.one().title, house.one().name) == ("", "a.mkv")
    assert house.files() == {"a.mkv"}
    assert house.store.intents() == []
