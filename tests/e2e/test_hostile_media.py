"""Files, names and requests that mean harm, against the real service: nothing outside the library
is read, nobody is called, no worker hangs or eats the machine, no disk is filled half way."""

from __future__ import annotations

import os
import random
import resource
import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import psutil
import pytest

from leitstand.cut.verify import verify
from tests.control_api.library.test_probing import scripts
from tests.e2e.doomed import OVER, Doomed, doomed
from tests.leitstand.cut.media import Recipe, record
from tests.running import eventually
from tests.soak import is_soak

FILM = Recipe(seconds=4, options={"g": "50", "bf": "2"})
HUGE = 16_384
GOOD_NAMES = (
    "-i.mkv",
    "concat:a|b.mkv",
    "frame-%03d.mkv",
    "con.mkv",
    "．．／x.mkv",
    "two\nlines.mkv",
    "a" * 240 + ".mkv",
)
"""Names that a file may well have, and that no program may take for an option or an address."""
VICTIMS = ("victim.mkv", "victim.mp4")
ENDLESS = "eleven days.mkv"
LASTING = "really eleven days.mkv"


class Listener:
    """Counts who calls."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.setblocking(False)
        self.port: int = self._server.getsockname()[1]

    def calls(self) -> int:
        count = 0
        try:
            while True:
                self._server.accept()[0].close()
                count += 1
        except BlockingIOError:
            return count

    def close(self) -> None:
        self._server.close()


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    assert made.calls() == 0
    made.close()


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film that nobody may see."""
    return record(tmp_path_factory.mktemp("outside") / "secret.mkv", FILM)


@pytest.fixture(scope="module")
def house(
    tmp_path_factory: pytest.TempPathFactory, secret: Path, listener: Listener
) -> Iterator[Doomed]:
    with doomed(tmp_path_factory.mktemp("house")) as made:
        for name in (*GOOD_NAMES, *VICTIMS):
            put(made.recordings / name, secret.read_bytes())
        put(made.recordings / VICTIMS[1], record(made.folder / "well.mp4", FILM).read_bytes())
        put(made.recordings / ENDLESS, endless(secret.read_bytes()))
        put(made.recordings / LASTING, lasting(secret, made.folder / LASTING).read_bytes())
        (made.recordings / "link.mkv").symlink_to(secret)
        (made.recordings / "inside").symlink_to(secret.parent)
        os.mkfifo(made.recordings / "pipe.mkv")
        # Nobody may notice by a scan what becomes of a file.
        made.begin(every=3600)
        eventually(lambda: made.call("GET", "/videos/scan")["ended_at"], 120)
        yield made


def put(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    os.utime(path, (time.time() - 3600,) * 2)


def hostile(film: Path, port: int) -> dict[str, bytes]:
    """What a file may turn into after the scan has found it well."""
    whole = film.read_bytes()
    chance = random.Random(5)
    made = {name: text.encode() for name, text in scripts(film, port).items()}
    made["elsewhere.mp4"] = elsewhere(film.parent, f"http://127.0.0.1:{port}/x.mp4")
    made["endless"] = endless(whole)
    made["enormous.mp4"] = enormous(film.parent)
    for share in (0.02, 0.4, 0.9) if is_soak() else (0.4,):
        made[f"cut off at {share}"] = whole[: int(len(whole) * share)]
    for number in range(100 if is_soak() else 1):
        made[f"damaged {number}"] = fuzzed(whole, chance)
    return made


def fuzzed(whole: bytes, chance: random.Random) -> bytes:
    bad = bytearray(whole)
    for _ in range(len(bad) // 200):
        bad[chance.randrange(len(bad))] = chance.randrange(256)
    return bytes(bad)


def endless(whole: bytes) -> bytes:
    """Its header says that it takes eleven days."""
    at = whole.index(b"\x44\x89\x88") + 3
    return whole[:at] + struct.pack(">d", 1e9) + whole[at + 8 :]


def lasting(source: Path, path: Path) -> Path:
    """Its last frame follows after eleven days."""
    with av.open(str(source)) as given, av.open(str(path), "w") as made:
        track = made.add_stream_from_template(given.streams.video[0])
        packets = [packet for packet in given.demux(video=0) if packet.dts is not None]
        packets[-1].pts = packets[-1].dts = 1_000_000_000
        for packet in packets:
            packet.stream = track
            made.mux(packet)
    return path


def enormous(folder: Path) -> bytes:
    """Pictures of a few bytes that claim 16,384 by 16,384 pixels."""
    recipe = Recipe("png", {"g": "1"}, seconds=4, pixels="rgb24", audio=())
    whole = bytearray(record(folder / "png.mov", recipe).read_bytes())
    at = whole.find(b"IHDR")
    while at >= 0:
        whole[at + 4 : at + 12] = HUGE.to_bytes(4) * 2
        at = whole.find(b"IHDR", at + 4)
    return bytes(whole)


def elsewhere(folder: Path, url: str) -> bytes:
    """An MP4 whose pictures are said to lie at the URL."""
    whole = record(folder / "plain.mp4", FILM).read_bytes()
    plain = b"\0\0\0\x0curl \0\0\0\1"
    named = (12 + len(url) + 1).to_bytes(4) + b"url \0\0\0\0" + url.encode() + b"\0"
    at = whole.index(plain)
    made = bytearray(whole.replace(plain, named, 1))
    for box in (b"dref", b"dinf", b"minf", b"mdia", b"trak", b"moov"):
        place = whole.rindex(box, 0, at) - 4
        size = int.from_bytes(whole[place : place + 4]) + len(named) - len(plain)
        made[place : place + 4] = size.to_bytes(4)
    return bytes(made)


def videos(house: Doomed) -> dict[str, dict[str, Any]]:
    """By name, also those that are copies of one file."""
    listed = house.call("GET", "/videos?page_size=200")["items"]
    copies = [one["id"] for video in listed for one in video["renditions"]]
    found = [*listed, *(house.call("GET", f"/videos/{id}") for id in copies)]
    return {one["name"]: one for one in found}


def cut(house: Doomed, video: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What becomes of a clip of it."""
    body = {"video_id": video["id"], "start": 0.52, "end": 2.52, **more}
    id = house.call("POST", "/clips", body)["id"]

    def over() -> dict[str, Any]:
        job = house.call("GET", f"/jobs/{id}")
        return dict(job) if job["state"] in OVER else {}

    return eventually(over, 60)


def test_links_and_pipes_are_not_of_the_library_and_odd_names_are(house: Doomed) -> None:
    there = videos(house)
    assert set(GOOD_NAMES) <= set(there)
    assert not {"link.mkv", "pipe.mkv", "secret.mkv"} & set(there)
    for name in GOOD_NAMES:
        # On a busy machine the answer may be 503: try again.
        frame = f"/videos/{there[name]['id']}/frame?at=1"
        assert eventually(lambda frame=frame: house.ask("GET", frame).ok), name
        assert house.ask("GET", f"/videos/{there[name]['id']}/download").ok, name


def test_what_looks_like_an_option_or_address_is_a_name(house: Doomed, secret: Path) -> None:
    there = videos(house)
    for name in ("-i.mkv", "concat:a|b.mkv", "two\nlines.mkv"):
        title = "x -map 0 -f tee file:/tmp/x' \"; $(id) %s {0}"
        job = cut(house, there[name], title=title)
        assert job["state"] == "succeeded", job
        clip = house.call("GET", f"/clips/{job['result']['clip_id']}")
        assert clip["title"] == title
        (file,) = (house.folder / "state" / "clips").glob(f"{clip['id']}.*")
        assert verify(secret, file, 0.52, 2.52).faults == ()
    for title in ("two\nlines", "nul\0", "x" * 201):
        body = {"video_id": there["-i.mkv"]["id"], "start": 0, "end": 1, "title": title}
        assert house.ask("POST", "/clips", body).status_code == 422


NAMES = (
    "../secret",
    "..",
    "/etc/passwd",
    "/proc/self/environ",
    "inside/secret.mkv",
    "link.mkv",
    "pipe.mkv",
    "con",
    "a\0b",
    "a\nb",
    "dot.",
    "．．／secret",
    "‥/x",
    "x" * 5000,
    "http://127.0.0.1/x",
    "concat:/etc/passwd",
)


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_no_name_from_outside_becomes_a_path(house: Doomed, name: str) -> None:
    before = {path.name for path in house.recordings.iterdir()}
    id = videos(house)["-i.mkv"]["id"]
    asked = [
        house.ask("POST", "/videos/export", {"filename": name, "start_time": 0, "end_time": 1}),
        house.ask("POST", "/videos/frame", {"filename": name, "at": 1, "time": 1}),
        house.ask("POST", "/clips", {"video_id": name, "start": 0, "end": 1}),
        house.ask("POST", "/clips", {"studio": name, "start": "20:00", "end": "21:00"}),
    ]
    if name not in ("link.mkv", "pipe.mkv", "http://127.0.0.1/x"):
        asked.append(house.ask("POST", f"/videos/{id}/rename", {"name": name}))
    if "\0" not in name and "\n" not in name:
        quoted = name.replace("/", "%2F")
        asked += [
            house.ask("GET", f"/{place}/{quoted}/{what}")
            for place in ("videos", "clips")
            for what in ("download", "frame?at=1")
        ]
        asked.append(house.ask("GET", f"/links/{quoted}"))
    assert {answer.status_code for answer in asked} <= {404, 405, 414, 422}, [
        (answer.request.url, answer.status_code) for answer in asked
    ]
    assert {path.name for path in house.recordings.iterdir()} == before


def test_a_file_that_turned_hostile_hurts_nobody(
    house: Doomed, secret: Path, listener: Listener
) -> None:
    there = videos(house)
    for name, content in hostile(secret, listener.port).items():
        victim = VICTIMS[name.endswith(".mp4")]
        put(house.recordings / victim, content)
        answer = house.ask("GET", f"/videos/{there[victim]['id']}/frame?at=1")
        assert answer.status_code in (200, 422), (name, answer.text)
        job = cut(house, there[victim])
        assert job["state"] == "succeeded" or job["error"], (name, job)
        if name in scripts(secret, 1):
            assert "is in no known format" in job["error"], job
    assert listener.calls() == 0
    assert psutil.Process(house.pid).memory_info().rss < 500e6


def test_a_link_that_was_put_there_since_is_not_followed(house: Doomed, secret: Path) -> None:
    video = videos(house)["frame-%03d.mkv"]
    file = house.recordings / video["name"]
    file.unlink()
    file.symlink_to(secret)
    assert house.ask("GET", f"/videos/{video['id']}/download").status_code == 404
    assert house.ask("GET", f"/videos/{video['id']}/frame?at=1").status_code in (404, 422)
    job = cut(house, video)
    assert (job["state"], "is a link now" in job["error"]) == ("failed", True), job
    file.unlink()
    os.mkfifo(file)
    assert "There is no file" in cut(house, video)["error"]


def test_limits_of_length_number_memory_and_time(house: Doomed) -> None:
    promising = videos(house)[ENDLESS]
    assert (promising["state"], promising["reason_code"]) == ("ready", "damaged_end")
    assert promising["duration"] == pytest.approx(4, abs=0.1)
    body = {"video_id": promising["id"], "start": 0.52, "end": 4000}
    assert house.ask("POST", "/clips", body).status_code == 422
    video = videos(house)[LASTING]
    assert video["duration"] == pytest.approx(1e6, abs=1)
    too_long = {"video_id": video["id"], "start": 0, "end": 43_201}
    answer = house.ask("POST", "/clips", too_long)
    assert (answer.status_code, "has 12 h at most" in answer.text) == (422, True), answer.text

    house.call("PATCH", "/settings", {"jobs.most_queued_per_token": 1})
    body = {"video_id": videos(house)["-i.mkv"]["id"], "start": 0, "end": 4, "mode": "reencode"}
    first = house.call("POST", "/clips", body)
    answer = house.ask("POST", "/clips", body)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "30")
    assert "has 1 jobs that are not done" in answer.json()["detail"]
    most = worker_limits(house)
    assert most[resource.RLIMIT_AS] == 4 << 30
    assert 0 < most[resource.RLIMIT_CPU] <= 700 * (os.cpu_count() or 1)
    assert most[resource.RLIMIT_CORE] == 0
    eventually(lambda: house.call("GET", f"/jobs/{first['id']}")["state"] in OVER, 60)
    house.call("PATCH", "/settings", {"jobs.most_queued_per_token": 20})


def worker_limits(house: Doomed) -> dict[int, int]:
    """Of the process that does the work, as soon as there is one."""
    kinds = (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_CORE)
    service = psutil.Process(house.pid)

    def found() -> dict[int, int]:
        for guardian in service.children():
            for worker in guardian.children():
                limits = {kind: worker.rlimit(kind)[0] for kind in kinds}
                if "control_api.jobs.run" in worker.cmdline() and limits[resource.RLIMIT_AS] > 0:
                    return limits
        return {}

    return eventually(found, 20)


@pytest.fixture
def cramped(tmp_path: Path, secret: Path) -> Iterator[Doomed]:
    """A house whose clips lie on a disk of their own, of 200 MB."""
    with doomed(tmp_path) as made:
        made.clips.mkdir(parents=True)
        command = ["mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", str(made.clips)]
        if subprocess.run(command, capture_output=True, check=False).returncode != 0:
            pytest.skip("only who may mount a disk can make one that fills up")
        try:
            put(made.recordings / "film.mkv", secret.read_bytes())
            made.begin()
            yield made
        finally:
            made.strike(all_at_once=True)
            subprocess.run(["umount", "--lazy", str(made.clips)], check=True)


def fill(disk: Path, leave: int) -> Path:
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(disk).free - leave)
    return ballast


def test_a_full_disk_fails_a_clip_cleanly(cramped: Doomed) -> None:
    film = eventually(lambda: videos(cramped).get("film.mkv"), 20)
    assert film is not None
    ballast = fill(cramped.clips, 100_000_000)
    job = cut(cramped, film)
    assert job["state"] == "failed"
    assert "MB are free" in job["error"]
    assert f"where {cramped.clips} is" in job["error"]
    ballast.unlink()

    # There is room when it begins, and none when it writes.
    body = {"video_id": film["id"], "start": 0, "end": 4, "mode": "reencode"}
    id = cramped.call("POST", "/clips", body)["id"]
    eventually(lambda: cramped.workers())
    ballast = fill(cramped.clips, 0)
    job = eventually(
        lambda: j if (j := cramped.call("GET", f"/jobs/{id}"))["state"] in OVER else None, 60
    )
    assert job is not None
    assert job["state"] == "failed", job
    assert f"the disk is full where {cramped.clips} is" in job["error"]
    assert [path.name for path in cramped.clips.iterdir()] == ["ballast"]
    ballast.unlink()
    cramped.call("POST", f"/jobs/{id}/retry")
    eventually(lambda: cramped.call("GET", f"/jobs/{id}")["state"] == "succeeded", 60)
    assert [path.suffix for path in cramped.clips.iterdir()] == [".mp4"]
