"""Files that mean harm, files that no index fits, and too many askers: a sentence each."""

from __future__ import annotations

import os
import socket
import struct
import sys
import threading
from pathlib import Path

import pytest

from control_api.play.reading import Reader
from control_api.play.room import Play
from control_api.play.store import PlayStore
from tests.control_api.library.test_probing import scripts
from tests.control_api.play.conftest import PLAIN, Room
from tests.running import eventually

ASKS = ("play", "play.json")


def row_of(room: Room, path: Path) -> str:
    """The id, as if somebody had examined the file and found it well."""
    room.known(path)
    row = next(row for row in room.house.rows().values() if row.name == path.name)
    row.duration = 4.0
    room.house.store.save(row)
    return row.id


@pytest.mark.parametrize("script", scripts(Path("x"), 1))
@pytest.mark.parametrize("extension", [".mkv", ".mp4", ".ts"])
def test_a_script_that_poses_as_video_reaches_nothing(
    room: Room, script: str, extension: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        text = scripts(room.shelf(".mkv", PLAIN), server.getsockname()[1])[script]
        id = row_of(room, room.house.put(f"bad{extension}", text.encode()))
        answer = room.client().get(f"/api/videos/{id}/play")
        assert (answer.status_code, answer.json()["detail"][:9]) == (422, "the file:")
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.parametrize("extension", [".mkv", ".mp4", ".flv"])
def test_random_damage_hurts_nobody(room: Room, extension: str) -> None:
    whole = room.shelf(extension, PLAIN).read_bytes()
    for seed in range(5):
        bad = bytearray(whole)
        for step in range(200):
            bad[(seed * 7919 + step * step * 104_729) % len(bad)] ^= 1 << (step % 8)
        id = row_of(room, room.house.put(f"{seed}{extension}", bytes(bad)))
        assert room.client().get(f"/api/videos/{id}/play.json").status_code in (200, 422)


def test_sizes_that_lead_out_of_the_file(room: Room) -> None:
    """Elements with the largest length there is, in the middle of a good file."""
    whole = room.shelf(".mkv", PLAIN).read_bytes()
    for at in (0.3, 0.6, 0.9):
        place = whole.index(b"\xa3", int(len(whole) * at))
        bad = whole[: place + 1] + b"\x01" + b"\xff" * 6 + b"\xfe" + whole[place + 9 :]
        path = room.house.put(f"{at}.mkv", bad)
        assert room.client().get(f"/api/videos/{row_of(room, path)}/play").status_code in (
            200,
            202,
            422,
        )
        # The next one would be a rendition of it.
        path.unlink()
        room.house.scan()


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("import os; os.kill(os.getpid(), 11)", "it brings down what reads it"),
        ("print('x')", "nothing sound"),
        ("print('[]')", "nothing sound"),
        ('print(\'{"how": "as_is", "reason": "", "head": 9}\')', "nothing sound"),
        ('print(\'{"how": "virtual", "reason": "", "head": 0}\')', "nothing sound"),
    ],
)
def test_a_process_that_a_file_took_over(room: Room, script: str, why: str) -> None:
    room.reader = Reader((sys.executable, "-I", "-c", script), seconds=1.0)
    answer = room.client().get(f"/api/videos/{room.put('a.mkv')}/play")
    assert answer.status_code == 422
    assert why in answer.json()["detail"]
    assert list(room.cache.iterdir()) == []


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("import time; time.sleep(60)", "not read in 1 s; try again"),
        ("import os; os.kill(os.getpid(), 9)", "ended from outside; try again"),
    ],
)
def test_a_process_that_is_slow_or_killed_says_nothing_about_the_file(
    room: Room, script: str, why: str
) -> None:
    room.reader = Reader((sys.executable, "-I", "-c", script), seconds=1.0)
    answer = room.client().get(f"/api/videos/{room.put('a.mkv')}/play")
    assert answer.status_code == 503
    assert why in answer.json()["detail"]
    assert list(room.cache.iterdir()) == []


def test_the_process_can_open_nothing(room: Room) -> None:
    probe = (
        "import sys; sys.path.append(sys.argv.pop(1)); import socket; "
        "from control_api.play import child\n"
        "def look(form, data, until):\n"
        "    for call in (lambda: open('/etc/passwd'), socket.socket):\n"
        "        try:\n            call()\n            return {'how': 'as_is', 'reason': ''}, b''\n"
        "        except OSError:\n            pass\n"
        "    raise child.Refused('closed')\n"
        "child.look = look\nchild.main(*sys.argv[1:])"
    )
    room.reader = Reader((sys.executable, "-I", "-c", probe, str(Path(__file__).parents[3])))
    answer = room.client().get(f"/api/videos/{room.put('a.mkv')}/play")
    assert answer.json()["detail"] == "the file: closed"


def test_who_asks_for_the_same_waits_for_the_one_that_is_at_it(room: Room, tmp_path: Path) -> None:
    note = tmp_path / "note"
    script = (
        f"import time; open({str(note)!r}, 'a').write('x'); time.sleep(1); "
        'print(\'{"how": "as_is", "reason": "", "head": 0}\')'
    )
    room.reader = Reader((sys.executable, "-c", script))
    id, client = room.put("a.mp4"), room.client()
    statuses: list[int] = []
    askers = [
        threading.Thread(
            target=lambda: statuses.append(client.head(f"/api/videos/{id}/play").status_code)
        )
        for _ in range(6)
    ]
    for thread in askers:
        thread.start()
    for thread in askers:
        thread.join()
    assert (statuses, note.read_text()) == ([200] * 6, "x")


def test_too_many_are_told_to_come_again(room: Room) -> None:
    room.reader = Reader((sys.executable, "-c", "import time; time.sleep(60)"), seconds=3, wait=0.2)
    id = room.put("a.mkv")
    client = room.client()
    busy = threading.Thread(target=client.get, args=(f"/api/videos/{id}/play",))
    busy.start()
    assert eventually(lambda: room.reader._making)
    answer = client.get(f"/api/videos/{id}/play")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")
    while room.reader._turns._seats.acquire(blocking=False):
        pass
    answer = client.get(f"/api/videos/{id}/play")
    assert answer.json()["detail"] == "other videos are being prepared; try again"
    busy.join()


def test_what_was_used_longest_ago_makes_room(tmp_path: Path) -> None:
    store = PlayStore(tmp_path, most_bytes=250)
    for number, name in enumerate(("a-1.mp4", "b-1.mp4", "c-1.mp4")):
        (tmp_path / name).write_bytes(bytes(100))
        os.utime(tmp_path / name, (number, number))
    file = store.made("a-1")
    assert file is not None
    file.close()
    store.make_room()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a-1.mp4", "c-1.mp4"]


def test_what_was_made_of_a_video_goes_with_it(room: Room, tmp_path: Path) -> None:
    id = room.put("a.mkv")
    assert room.how(id)["ready"]
    strips = tmp_path / "cache" / "strips"
    strips.mkdir()
    (strips / "0123456789abcdef-1-2-3-4.strip").touch()
    (strips / f"{id}-1-2-3-4.strip").touch()
    play = Play(room.house.database, room.house.service, room.jobs, tmp_path / "cache")
    play.sweep()
    assert [path.name.startswith(id) for path in strips.iterdir()] == [True]
    assert len(list(room.cache.iterdir())) == 1
    room.house.service.throw(id)
    room.house.clock.time += 90_000
    room.house.service.empty()
    play.sweep()
    assert list(room.cache.iterdir()) == []


def test_laced_blocks_are_left_to_a_demuxer(room: Room, tmp_path: Path) -> None:
    """One whose header says that it is laced and is not: nothing of it is believed."""
    whole = bytearray(room.shelf(".mkv", PLAIN).read_bytes())
    at = whole.index(struct.pack(">B", 0xA3), len(whole) // 2)
    whole[at + 6] |= 0x06
    id = row_of(room, room.house.put("a.mkv", bytes(whole)))
    assert room.client().get(f"/api/videos/{id}/play.json").status_code in (200, 422)
