"""The logo: a PNG that an admin gives, of which only pixels are kept."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import cv2
import numpy as np
import pytest

from control_api.auth.access import Role
from tests.control_api.clips.conftest import Room

URL = "/api/clips/logo"
PNG = {"Content-Type": "image/png"}


def png(width: int = 8, height: int = 4, kind: Any = np.uint8, channels: int = 4) -> bytes:
    shape = (height, width, channels) if channels > 1 else (height, width)
    content = cv2.imencode(".png", np.full(shape, np.iinfo(kind).max // 2, kind))[1]
    return bytes(content.tobytes())


def with_chunk(content: bytes, name: bytes, data: bytes) -> bytes:
    """One more after the header."""
    made = struct.pack(">I", len(data)) + name + data
    made += struct.pack(">I", zlib.crc32(name + data))
    return content[:33] + made + content[33:]


def test_it_is_set_shown_and_taken_away(room: Room) -> None:
    assert room.client.get(URL).status_code == 404
    answer = room.client.put(URL, content=png(), headers=PNG)
    assert answer.json()["data"] == {"width": 8, "height": 4, "url": URL}
    shown = room.client.get(URL)
    assert shown.headers["content-type"] == "image/png"
    pixels = cv2.imdecode(np.frombuffer(shown.content, np.uint8), cv2.IMREAD_UNCHANGED)
    assert pixels is not None
    assert pixels.shape == (4, 8, 4)
    assert (pixels == 127).all()
    assert room.client.delete(URL).status_code == 200
    assert room.client.delete(URL).status_code == 404
    assert [path.name for path in room.folder.iterdir()] == []


@pytest.mark.parametrize(
    ("kind", "channels", "alpha"),
    [(np.uint8, 1, 255), (np.uint8, 3, 255), (np.uint16, 4, 127), (np.uint16, 1, 255)],
)
def test_every_kind_of_png_becomes_one(room: Room, kind: Any, channels: int, alpha: int) -> None:
    room.logo.put(png(kind=kind, channels=channels))
    pixels = cv2.imdecode(np.frombuffer(room.logo.get(), np.uint8), cv2.IMREAD_UNCHANGED)
    assert pixels is not None
    assert pixels.dtype == np.uint8
    assert pixels[0, 0].tolist() == [127, 127, 127, alpha]


def test_nothing_but_pixels_is_kept(room: Room) -> None:
    hostile = with_chunk(png(), b"tEXt", b"Comment\0<script>secret</script>") + b"PK\3\4tail"
    room.logo.put(hostile)
    assert b"secret" not in room.logo.get()
    assert b"tail" not in room.logo.get()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "body: "),
        (b"GIF89a" + bytes(40), "body: this is no PNG; a PNG of at most 2048x2048 pixels"),
        (b"<svg xmlns='x'/>", "body: this is no PNG"),
        (png()[:40], "body: this PNG is damaged"),
        (png()[:16] + struct.pack(">II", 50_000, 50_000) + png()[24:], "body: it has 50000x50000"),
        (png()[:16] + struct.pack(">II", 2048, 2048) + png()[24:], "body: this PNG is damaged"),
        (png()[:16] + struct.pack(">II", 0, 4) + png()[24:], "body: it has 0x4 pixels"),
    ],
    ids=["empty", "gif", "svg", "short", "huge", "lies", "nothing"],
)
def test_what_is_no_logo_is_refused(room: Room, content: bytes, sentence: str) -> None:
    room.logo.put(png(16, 16))
    before = room.logo.get()
    answer = room.client.put(URL, content=content, headers=PNG)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(sentence)
    assert room.logo.get() == before


def test_only_an_admin_sets_it(room: Room) -> None:
    operator = room.as_(Role.OPERATOR)
    assert operator.put(URL, content=png(), headers=PNG).status_code == 403
    assert operator.delete(URL).status_code == 403
    assert room.as_(Role.VIEWER).get(URL).status_code == 404
