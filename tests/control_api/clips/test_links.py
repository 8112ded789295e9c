"""Links to a clip: as many as are good at a time, and no more."""

from __future__ import annotations

import re

import cv2
import numpy as np
from starlette.testclient import TestClient

from control_api.clips.links import MOST_LINKS
from control_api.clips.store import ClipStore
from tests.control_api.clips.conftest import Room
from tests.counted import Counted


def make(room: Room, clip: str, seconds: int = 3600) -> tuple[int, str]:
    answer = room.client.post(f"/api/clips/{clip}/links", json={"expires_in": seconds})
    return answer.status_code, str(answer.json())


def test_a_clip_has_so_many_links_that_are_good(room: Room) -> None:
    one, other = room.clip(), room.clip("fedcba9876543210")
    assert {make(room, one.id)[0] for _ in range(MOST_LINKS)} == {201}
    status, said = make(room, one.id)
    assert status == 409
    assert f"there are {MOST_LINKS} links to this clip already" in said
    assert "revoke one" in said
    assert make(room, other.id)[0] == 201
    links = room.client.get(f"/api/clips/{one.id}/links").json()["data"]
    assert len(links) == MOST_LINKS
    room.client.delete(f"/api/clips/{one.id}/links/{links[0]['id']}")
    assert make(room, one.id)[0] == 201
    assert make(room, one.id)[0] == 409


def test_links_that_ended_do_not_count_and_do_not_pile_up(room: Room) -> None:
    clip = room.clip()
    store = ClipStore(room.house.database)
    for _ in range(3):
        for _ in range(MOST_LINKS):
            assert make(room, clip.id, 60)[0] == 201
        room.house.clock.time += 61
    assert make(room, clip.id)[0] == 201
    assert len(store.links(clip.id)) == MOST_LINKS + 1


def test_the_link_as_a_code_that_a_camera_reads(room: Room) -> None:
    clip = room.clip()
    made = room.client.post(f"/api/clips/{clip.id}/links", json={"expires_in": 3600}).json()["data"]
    answer = room.client.get(f"/api/clips/{clip.id}/links/{made['id']}/qr")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert _read(answer.text) == f"http://testserver{made['url']}"
    assert room.client.get(f"/api/clips/{clip.id}/links/{clip.id}/qr").status_code == 404


def test_whoever_has_a_link_may_take_as_long_as_the_download_takes(room: Room) -> None:
    clip = room.clip()
    counted = Counted(room.client.app)
    stranger = TestClient(counted)
    made = room.client.post(f"/api/clips/{clip.id}/links", json={"expires_in": 3600}).json()["data"]
    assert stranger.get(made["url"][:-1] + "x").status_code == 404
    assert counted.take() == 0
    stranger.get(made["url"])
    assert counted.take() == 1


def _read(svg: str) -> str:
    """What a reader that is not the writer's makes of it."""
    side = int(re.search(r'width="(\d+)"', svg)[1])  # type: ignore[index]
    picture = np.full((side, side), 255, np.uint8)
    path = re.search(r' d="([^"]+)"', svg)[1]  # type: ignore[index]
    scale = 4
    x = y = 0.0
    for command, numbers in re.findall(r"([Mmhv])([^Mmhv]*)", path):
        values = [float(each) for each in re.findall(r"-?\d*\.?\d+", numbers)]
        if command == "M":
            x, y = values
        elif command == "m":
            x, y = x + values[0], y + values[1]
        else:
            top, left = round((y - 0.5) * scale), round(x * scale)
            picture[top : top + scale, left : left + round(values[0] * scale)] = 0
            x += values[0]
    return str(cv2.QRCodeDetectorAruco().detectAndDecode(picture)[0])
