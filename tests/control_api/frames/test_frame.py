"""One picture of a video, over HTTP: exactly the one that is shown at the moment asked for."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from tests.control_api.frames.conftest import BEGAN, GOP, PLAIN, Room, gray
from tests.leitstand.cut.media import Recipe, number_of

OPEN = GOP | {"x264-params": "open-gop=1:bframes=3:keyint=20:min-keyint=20:scenecut=0"}
SOUND = replace(PLAIN, audio=("aac",))
KINDS = {
    "plain.mkv": PLAIN,
    "offset.mkv": replace(SOUND, offset=7.25),
    "plain.mp4": SOUND,
    "fragments.mp4": replace(SOUND, container={"movflags": "frag_keyframe+empty_moov"}),
    "offset.ts": replace(SOUND, offset=3.5),
    "open.ts": replace(PLAIN, options=OPEN),
    "open.mkv": replace(PLAIN, options=OPEN),
    "ntsc.mkv": replace(PLAIN, rate=Fraction(30000, 1001)),
    "plain.flv": SOUND,
    "mpeg2.ts": Recipe(codec="mpeg2video", options={"g": "12", "bf": "2"}, seconds=4, audio=()),
    "vp9.webm": Recipe(
        codec="libvpx-vp9",
        options={"deadline": "realtime", "cpu-used": "8", "g": "30"},
        seconds=3,
        audio=(),
    ),
    "parts.avi": Recipe(codec="mpeg2video", options={"g": "12"}, seconds=4, audio=()),
}


@pytest.mark.parametrize("name", KINDS)
def test_at_just_before_and_just_after_a_picture_begins(room: Room, name: str) -> None:
    id = room.put(name, KINDS[name])
    times = begins(room.shelf(Path(name).suffix, KINDS[name]))
    wanted = {0: 0}
    for number in (24, 25, 37):
        at = times[number]
        wanted |= {at - Fraction(1, 1000): number - 1, at: number, at + Fraction(1, 1000): number}
    assert {at: room.number(id, f"{float(at):.6f}") for at in wanted} == wanted
    assert room.shown(id, f"{float(times[37] + Fraction(1, 1000)):.6f}")[1] == pytest.approx(
        float(times[37]), abs=1e-6
    )


def begins(path: Path) -> list[Fraction]:
    """When each picture begins, by a decoder that reads from the first to the last."""
    with av.open(str(path)) as movie:
        origin = Fraction(movie.start_time or 0, av.time_base)
        pictures = list(movie.decode(video=0))
        assert [number_of(one.reformat(format="gray").to_ndarray()) for one in pictures] == list(
            range(len(pictures))
        )
        return [one.pts * one.time_base - origin for one in pictures]


def test_pictures_that_come_when_they_like(room: Room) -> None:
    times = [0.0, 0.04, 0.5, 0.51, 0.52, 1.7, 1.75, 3.0]
    id = room.put("a.mkv", replace(PLAIN, frame_times=times))
    wanted = {0.03: 0, 0.04: 1, 0.499: 1, 0.5: 2, 0.515: 3, 1.699: 4, 1.7: 5, 2.999: 6, 3.0: 7}
    assert {at: room.number(id, at) for at in wanted} == wanted
    assert room.shown(id, 1.699) == (4, 0.52)


def test_the_end_shows_the_last_picture_and_nothing_follows(room: Room) -> None:
    id = room.put("a.mkv")
    assert room.number(id, 4) == 99
    assert room.number(id, 3.97) == 99
    status, said = room.refused(id, 4.5)
    assert (status, said) == (422, "at: 4.5 s: the video has 4.000 s")


def test_what_starts_with_sound_shows_its_first_picture(room: Room) -> None:
    late = [1 + number / 25 for number in range(50)]
    id = room.put("a.mkv", replace(SOUND, frame_times=late, seconds=3))
    number, begins = room.shown(id, 0)
    assert number == 0
    assert begins == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize(
    ("at", "number"),
    [
        ("20:31:10", 0),
        ("20:31:12.5", 62),
        ("2026-11-22T20:31:12.500", 62),
        ("2026-11-22T19:31:12.500+00:00", 62),
        ("20:31:10.079", 1),
        ("20:31:10.080", 2),
    ],
)
def test_by_the_clock(room: Room, at: str, number: int) -> None:
    id = room.put(f"{BEGAN}.mkv")
    assert room.number(id, at) == number


def test_a_time_in_a_pause_is_in_no_picture(room: Room) -> None:
    room.put(f"{BEGAN}.mkv")
    row = room.house.one()
    assert row.start is not None
    row.anchors = [[0.0, row.start], [2.0, row.start + 60]]
    room.house.store.save(row)
    assert room.number(row.id, "20:31:11.98") == 49
    assert room.number(row.id, "20:32:10") == 50
    status, said = room.refused(row.id, "20:31:30")
    assert status == 422
    assert said.startswith("at: '20:31:30' is in a pause of this video")


@pytest.mark.parametrize(
    "at",
    ["20:00:00", "25:00:00", "-1", "nan", "inf", "1e3", "soon", "2026-13-01T00:00", "\0", "9" * 40],
)
def test_what_is_no_moment_of_it(room: Room, at: str) -> None:
    id = room.put(f"{BEGAN}.mkv")
    status, said = room.refused(id, at)
    assert status == 422
    assert said.startswith("at: ")


@pytest.mark.parametrize(
    ("format", "magic"),
    [("jpeg", b"\xff\xd8\xff"), ("png", b"\x89PNG"), ("webp", b"RIFF")],
)
def test_formats(room: Room, format: str, magic: bytes) -> None:
    id = room.put("a.mkv")
    answer = room.client().get(f"/api/videos/{id}/frame?at=1&format={format}")
    assert answer.headers["content-type"] == f"image/{format}"
    assert answer.content.startswith(magic)
    assert gray(answer.content).shape == (96, 160)
    assert room.number(id, 1, format=format) == 25


def test_width_keeps_the_aspect_and_never_enlarges(room: Room) -> None:
    id = room.put("a.mkv")
    sizes = {}
    for width in (16, 80, 160, 1920):
        answer = room.client().get(f"/api/videos/{id}/frame?at=1&width={width}")
        sizes[width] = gray(answer.content).shape
    assert sizes == {16: (10, 16), 80: (48, 80), 160: (96, 160), 1920: (96, 160)}
    for width in (0, 15, 1921, "x"):
        asked = room.client().get(f"/api/videos/{id}/frame?at=1&width={width}")
        assert asked.status_code == 422


def test_an_asker_who_has_it_gets_nothing_and_nothing_is_decoded(room: Room) -> None:
    id = room.put("a.mkv")
    client = room.client()
    first = client.get(f"/api/videos/{id}/frame?at=1")
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache"
    room.reader._command = ("false",)
    again = client.get(f"/api/videos/{id}/frame?at=1", headers={"If-None-Match": f"W/{tag}"})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    other = client.get(f"/api/videos/{id}/frame?at=1.04", headers={"If-None-Match": tag})
    assert other.status_code == 422


def test_the_short_form(room: Room) -> None:
    room.put(f"{BEGAN}.mkv")
    client = room.client()
    body = {"filename": f"{BEGAN}.mkv", "time": "20:31:12.5"}
    by_clock = client.post("/api/videos/frame", json=body)
    assert by_clock.headers["x-frame-time"] == "2.480000"
    seconds = client.post("/api/videos/frame", json=body | {"time": 2.5})
    assert seconds.content == by_clock.content
    png = client.post("/api/videos/frame", json=body | {"format": "png", "width": 80})
    assert gray(png.content).shape == (48, 80)
    wrong = client.post("/api/videos/frame", json=body | {"time": "21:00"})
    assert wrong.json()["detail"].startswith("time: '21:00' is not in this video")
    unknown = client.post("/api/videos/frame", json=body | {"filename": "../../etc/passwd"})
    assert unknown.status_code == 404


def test_what_cannot_be_shown(room: Room) -> None:
    id = room.put("a.mkv")
    assert room.refused("0" * 16, 1)[0] == 404
    assert room.refused("x", 1)[0] == 422
    room.house.service.throw(id)
    assert room.refused(id, 1)[0] == 409
    being = room.house.put("b.mkv", b"x", age=0)
    room.house.scan()
    row = next(row for row in room.house.rows().values() if row.name == being.name)
    assert (row.state, room.refused(row.id, 0)[0]) == ("writing", 409)


@pytest.mark.parametrize("format", ["png", "jpeg", "webp"])
def test_bright_and_dark_are_as_a_player_shows_them(room: Room, format: str) -> None:
    id = room.put("a.mkv")
    answer = room.client().get(f"/api/videos/{id}/frame?at=0.04&format={format}")
    pixels = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    # In the file, whose range is narrower, they are 218 and 30.
    assert pixels[12, 5].tolist() == pytest.approx([235] * 3, abs=5)
    assert pixels[12, 75].tolist() == pytest.approx([16] * 3, abs=5)
