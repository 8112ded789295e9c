"""Files that mean harm, and too many askers: a sentence each, and nothing is reached."""

from __future__ import annotations

import socket
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from control_api.frames.reading import AT_ONCE, Reader
from tests.control_api.frames.conftest import PLAIN, Room
from tests.control_api.library.test_probing import scripts

ASKS = ("frame?at=0", "strip", "strip.json")


def row_of(room: Room, path: Path) -> str:
    """The id, as if somebody had examined the file and found it well."""
    room.known(path)
    row = next(row for row in room.house.rows().values() if row.name == path.name)
    row.duration = 4.0
    room.house.store.save(row)
    return row.id


def ask(room: Room, id: str, what: str) -> tuple[int, str]:
    answer = room.client().get(f"/api/videos/{id}/{what}")
    is_told = answer.headers["content-type"] == "application/json"
    return answer.status_code, answer.json().get("detail", "") if is_told else ""


@pytest.mark.parametrize("script", scripts(Path("x"), 1))
@pytest.mark.parametrize("extension", [".mkv", ".ts"])
def test_a_script_that_poses_as_video_reaches_nothing(
    room: Room, script: str, extension: str
) -> None:
    movie = room.shelf(".mkv", PLAIN)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        text = scripts(movie, server.getsockname()[1])[script]
        id = row_of(room, room.house.put(f"bad{extension}", text.encode()))
        for what in ASKS[:2]:
            status, said = ask(room, id, what)
            assert (status, said.split(":")[0]) == (422, "the file")
        with pytest.raises(TimeoutError):
            server.accept()


def test_sound_alone_has_no_picture(room: Room) -> None:
    id = room.put("a.mkv", replace(PLAIN, pictures=False, audio=("aac",)))
    for what in ASKS:
        assert ask(room, id, what) == (422, "the file: it has audio only, no video")


def test_random_damage_hurts_nobody(room: Room) -> None:
    whole = room.shelf(".mkv", PLAIN).read_bytes()
    for seed in range(6):
        bad = bytearray(whole)
        for step in range(200):
            bad[(seed * 7919 + step * step * 104_729) % len(bad)] ^= 1 << (step % 8)
        id = row_of(room, room.house.put(f"{seed}.mkv", bytes(bad)))
        for what in ("frame?at=2", "strip?count=4"):
            assert ask(room, id, what)[0] in (200, 422)


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("import os; os.kill(os.getpid(), 11)", "it brings down what reads it"),
        ("print('x')", "no frame of it can be read"),
        ("print('[]')", "no frame of it can be read"),
        ("print('{\"time\": NaN}'); print('x')", "no frame of it can be read"),
        ("print('{\"time\": 1}')", "no frame of it can be read"),
    ],
)
def test_a_process_that_a_file_took_over(room: Room, script: str, why: str) -> None:
    room.reader = Reader((sys.executable, "-I", "-c", script), seconds=1.0)
    status, said = ask(room, room.put("a.mkv"), "frame?at=0")
    assert status == 422
    assert why in said


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
    status, said = ask(room, room.put("a.mkv"), "frame?at=0")
    assert (status, why in said) == (503, True)


def test_the_process_can_open_nothing_and_write_little(room: Room, tmp_path: Path) -> None:
    probe = (
        "import sys; sys.path.append(sys.argv.pop(1)); import socket; "
        "from control_api.frames import child\n"
        "def look(form, request):\n"
        "    for call in (lambda: open('/etc/passwd'), socket.socket):\n"
        "        try:\n            call()\n            return {'time': 0.0}, b'open'\n"
        "        except OSError:\n            pass\n"
        "    sys.stdout.buffer.write(bytes(100 << 20))\n"
        "    return {'time': 0.0}, b'much'\n"
        "child.look = look\nchild.main(*sys.argv[1:])"
    )
    command = (sys.executable, "-I", "-c", probe, str(Path(__file__).parents[3]))
    room.reader = Reader(command)
    status, said = ask(room, room.put("a.mkv"), "frame?at=0")
    assert (status, "brings down" in said) == (422, True)


def test_beyond_four_at_once_one_is_told_to_come_again(room: Room) -> None:
    room.reader = Reader((sys.executable, "-c", "import time; time.sleep(60)"), seconds=3, wait=0.2)
    id = room.put("a.mkv")
    client = room.client()
    busy = [
        threading.Thread(target=client.get, args=(f"/api/videos/{id}/frame?at={number}",))
        for number in range(AT_ONCE)
    ]
    for thread in busy:
        thread.start()
    while room.reader._turns._free._value:
        time.sleep(0.01)
    answer = client.get(f"/api/videos/{id}/frame?at=0")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert "4 pictures are being made" in answer.json()["detail"]
    for thread in busy:
        thread.join()
    late = client.get(f"/api/videos/{id}/frame?at=0")
    assert (late.status_code, "not read in 3 s" in late.json()["detail"]) == (503, True)
