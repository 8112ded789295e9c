"""Names, the trash and kill -9 in the middle: no file lost, none overwritten, none half."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from control_api.errors import ApiError, BadInput, Conflict, Unavailable
from control_api.library import changes as changes_module
from control_api.recordings.tables import RecordingRow
from tests.control_api.library.conftest import NOW, House, Killed


def act(house: House, what: str) -> None:
    id = next(iter(house.rows().values())).id if house.rows() else house.service.trash()[0].id
    actions: dict[str, Callable[[], object]] = {
        "edit": lambda: house.service.edit(id, {"title": "New"}),
        "rename": lambda: house.service.rename(id, "b"),
        "throw": lambda: house.service.throw(id),
        "restore": lambda: house.service.restore(id),
        "purge": lambda: house.service.empty(),
        "delete": lambda: house.service.delete(id),
        "delete from the trash": lambda: house.service.delete(id),
        "empty all": lambda: house.service.empty_all(),
    }
    actions[what]()


def prepared(house: House, what: str) -> None:
    house.put("a.mkv", b"content")
    house.scan()
    house.service.edit(house.one().id, {"title": "Old"})
    if what in ("restore", "purge", "delete from the trash", "empty all"):
        house.service.throw(house.one().id)
        house.clock.time += 90_000
    house.steps.clear()


def state(house: House) -> tuple[set[str], set[str], str | None]:
    """Names in the list, files that are not in the trash, and the one title."""
    rows = [*house.rows().values(), *house.service.trash()]
    names = {name.split("/")[-1] for name in house.files()}
    return {row.name.split("/")[-1] for row in rows}, names, rows[0].title if rows else None


AFTER = {
    "edit": ({"a.mkv"}, {"a.mkv", "a.mkv.json"}, "New"),
    "rename": ({"b.mkv"}, {"b.mkv", "b.mkv.json"}, "Old"),
    "throw": ({"a.mkv"}, {"a.mkv", "a.mkv.json"}, "Old"),
    "restore": ({"a.mkv"}, {"a.mkv", "a.mkv.json"}, "Old"),
    "purge": (set[str](), set[str](), None),
    "delete": (set[str](), set[str](), None),
    "delete from the trash": (set[str](), set[str](), None),
    "empty all": (set[str](), set[str](), None),
}


@pytest.mark.parametrize("what", AFTER)
def test_killed_after_any_step_a_restart_finishes_it(
    house: House, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared(house, what)
    begun = house.files()
    dies_after = 0
    while True:
        dies_after += 1
        house.dies_after = dies_after
        house.steps.clear()
        try:
            act(house, what)
        except Killed:
            pass
        else:
            break
        again = house.restart()
        assert state(again) == AFTER[what], f"killed after {house.steps[-1]}"
        assert again.store.intents() == []
        assert again.scan().vanished == 0
        assert state(again) == AFTER[what]
        assert not list(house.root.rglob("*.tmp"))
        undo(again, what)
        assert again.files() == begun
        house = again
    assert dies_after > 2
    assert state(house) == AFTER[what]


def undo(house: House, what: str) -> None:
    if AFTER[what][2] is None:
        prepared(house, what)
    elif what == "throw":
        house.service.restore(house.service.trash()[0].id)
    elif what == "restore":
        house.service.throw(house.one().id)
    elif what == "rename":
        house.service.rename(house.one().id, "a")
    else:
        house.service.edit(house.one().id, {"title": "Old"})


@pytest.mark.parametrize("kill", range(1, 5))
def test_killed_in_a_rename_and_the_database_lost(house: House, kill: int) -> None:
    prepared(house, "rename")
    house.dies_after = kill
    with pytest.raises(Killed):
        act(house, "rename")
    for row in house.rows().values():
        house.store.missing([row.id], 0.0)
    house.store.forget(1.0)
    for intent in house.store.intents():
        house.store.done(intent)
    again = house.restart()
    again.scan()
    assert again.one().title == "Old"


def test_where_links_are_not_to_be_had_it_works_too(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(changes_module.os, "link", refuse)
    prepared(house, "rename")
    act(house, "rename")
    assert state(house) == AFTER["rename"]


def test_nothing_is_overwritten(house: House) -> None:
    house.put("a.mkv", b"a")
    house.put("b.mkv", b"b")
    house.put("c.mkv.json", b"somebody else's")
    house.scan()
    id = house.rows()["a.mkv"].id
    for taken in ("b", "c"):
        with pytest.raises(Conflict, match="exists already"):
            house.service.rename(id, taken)
    house.service.throw(id)
    house.put("a.mkv", b"another")
    house.scan()
    with pytest.raises(Conflict, match="exists already"):
        house.service.restore(id)
    assert (house.root / "b.mkv").read_bytes() == b"b"
    assert (house.root / "c.mkv.json").read_bytes() == b"somebody else's"
    assert (house.root / "a.mkv").read_bytes() == b"another"


def test_a_name_that_was_taken_while_the_service_was_dead_is_spared(house: House) -> None:
    prepared(house, "rename")
    house.dies_after = 1
    with pytest.raises(Killed):
        act(house, "rename")
    house.put("b.mkv", b"another")
    again = house.restart()
    again.scan()
    assert (house.root / "a.mkv").read_bytes() == b"content"
    assert (house.root / "b.mkv").read_bytes() == b"another"
    assert {name: row.title for name, row in again.rows().items()} == {"a.mkv": "Old", "b.mkv": ""}
    assert again.store.intents() == []


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        ".",
        "..",
        "../b",
        "a/b",
        "a\\b",
        "/etc/passwd",
        "a\0b",
        "a\nb",
        "-rf",
        ".hidden",
        "b.",
        "b ",
        "CON",
        "nul.txt",
        "com1",
        "x" * 121,
        "漢" * 100,
        "a\u2044b",
        "a\uff0fb",
        "a\u202eb",
        "a\u200bb",
        "*",
        "a:b",
        "$(id)",
        "\ud800",
    ],
    ids=ascii,
)
def test_names_that_are_refused(house: House, name: str) -> None:
    house.put("a.mkv")
    house.scan()
    with pytest.raises(BadInput, match="name:"):
        house.service.rename(house.one().id, name)
    assert house.files() == {"a.mkv"}


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("Gala (2).1_x-y", "sub/Gala (2).1_x-y.MKV"),
        ("Gala.mkv", "sub/Gala.MKV"),
        ("Fu\u0308r Elise", "sub/F\u00fcr Elise.MKV"),
        ("終演", "sub/終演.MKV"),
        ("a..b", "sub/a..b.MKV"),
    ],
)
def test_names_that_are_taken(house: House, name: str, file: str) -> None:
    house.put("sub/a.MKV")
    house.scan()
    id = house.one().id
    assert house.service.rename(id, name).name == file
    assert house.files() == {file, f"{file}.json"}
    house.scan()
    assert house.one().id == id


@pytest.mark.parametrize("way", ["throw", "delete"])
def test_what_may_not_be_deleted(house: House, way: str) -> None:
    house.put("a.mkv")
    house.put("b.mkv", age=1)
    house.scan()
    a, b = house.rows()["a.mkv"].id, house.rows()["b.mkv"].id
    away = getattr(house.service, way)
    with pytest.raises(Conflict, match="still being written"):
        away(b)
    with pytest.raises(Conflict, match="still being written"):
        house.service.rename(b, "c")
    house.service.protect(a, True)
    with pytest.raises(Conflict, match="protected"):
        away(a)
    house.service.protect(a, False)
    house.in_use.add(a)
    with pytest.raises(Conflict, match="exported"):
        away(a)
    house.in_use.clear()
    assert house.files() >= {"a.mkv", "b.mkv"}
    house.service.throw(a)
    for action in (house.service.throw, lambda id: house.service.edit(id, {"title": "x"})):
        with pytest.raises(ApiError, match="in the trash"):
            action(a)


def test_what_is_being_recorded_is_not_deleted_whatever_the_index_says(house: House) -> None:
    path = house.put("a.mkv")
    house.scan()
    recording = RecordingRow(
        studio="stage", state="recording", started_at=NOW, file=str(path), title="", by="test"
    )
    assert house.one().state == "ready"
    with house.database.begin() as session:
        session.add(recording)
    for away in (house.service.throw, house.service.delete):
        with pytest.raises(Conflict, match="still being written"):
            away(house.one().id)
    assert "a.mkv" in house.files()


def test_what_has_changed_since_the_last_scan_is_not_deleted_for_good(house: House) -> None:
    house.put("a.mkv")
    house.scan()
    house.put("a.mkv", b"longer")
    with pytest.raises(Conflict, match="has changed"):
        house.service.delete(house.one().id)
    house.scan()
    assert house.service.delete(house.one().id).size == len(b"longer")
    assert house.files() == set()


def test_a_file_with_another_name_frees_nothing(house: House) -> None:
    path = house.put("a.mkv", b"content")
    (house.root.parent / "other").hardlink_to(path)
    house.scan()
    assert house.service.delete(house.one().id).size == 0


def test_what_is_not_there_is_not_deleted_for_good(house: House) -> None:
    house.put("a.mkv")
    house.scan()
    (house.root / "a.mkv").unlink()
    with pytest.raises(Unavailable, match="not there"):
        house.service.delete(house.one().id)
    assert house.one().name == "a.mkv"


def test_the_whole_trash_is_emptied_but_for_what_is_protected_or_used(house: House) -> None:
    for name in ("a", "b", "c"):
        house.put(f"{name}.mkv", name.encode() * 100)
    house.put("stays.mkv")
    house.scan()
    ids = {name: row.id for name, row in house.rows().items()}
    for name in ("a.mkv", "b.mkv", "c.mkv"):
        house.service.throw(ids[name])
        house.clock.time += 1
    assert house.service.trash_totals() == (3, 300)
    protected = house.store.get(ids["a.mkv"])
    assert protected is not None
    protected.protected = True
    house.store.save(protected)
    house.in_use.add(ids["b.mkv"])
    emptied = house.service.empty_all()
    assert (emptied.videos, emptied.size, emptied.kept) == (1, 100, 2)
    assert {row.id for row in house.service.trash()} == {ids["a.mkv"], ids["b.mkv"]}
    assert "stays.mkv" in house.files()


def test_the_trash_is_kept_for_a_day(house: House) -> None:
    prepared(house, "rename")
    house.service.throw(house.one().id)
    house.clock.time += 86_000
    assert house.service.empty() == 0
    house.clock.time += 500
    assert house.service.empty() == 1
    assert house.files() == set()
    assert not (house.root / ".leitstand-trash").exists()


def test_a_trash_that_leads_out_of_the_folder_is_not_used(house: House) -> None:
    prepared(house, "throw")
    (house.root / ".leitstand-trash").symlink_to(house.root.parent)
    with pytest.raises(ApiError, match="link"):
        house.service.throw(house.one().id)
    assert house.one().name == "a.mkv"
    assert (house.root / "a.mkv").read_bytes() == b"content"


def test_a_file_that_went_away_meanwhile(house: House) -> None:
    prepared(house, "rename")
    (house.root / "a.mkv").unlink()
    with pytest.raises(ApiError, match="not there"):
        house.service.rename(house.one().id, "b")
    assert house.store.intents() == []


def test_what_could_not_be_finished_is_not_done_after_what_follows(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared(house, "restore")
    house.dies_after = 1
    with pytest.raises(Killed):
        act(house, "restore")

    def refuse(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr(changes_module.sidecar, "write", refuse)
        again = house.restart()
        assert len(again.store.intents()) == 1
        with pytest.raises(Unavailable, match="Read-only"):
            act(again, "restore")
    with pytest.raises(Conflict, match="an earlier change"):
        act(again, "restore")
    assert state(again) == AFTER["restore"]
    act(again, "throw")
    last = again.restart()
    assert [row.state for row in last.service.trash()] == ["trashed"]
