"""Pictures of videos look as they were filmed: upright, in the right range, without HDR."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from tests.control_api.frames.conftest import Room, gray
from tests.leitstand.cut.footage import ORIENTATIONS, PATCHES, SIZE, Film, filmed, in_pq, patches
from tests.leitstand.cut.media import number_of
from tests.leitstand.cut.screen import shown
from tests.leitstand.cut.test_hdr import HDR10

SHORT = Film(seconds=2, sound=False, options={"x264-params": "keyint=10:bframes=0"})


def _put(room: Room, film: Film) -> str:
    return room.known(filmed(room.house.put("a.mp4"), film))


def _picture(room: Room, id: str, at: float = 0.5, **query: int | str) -> np.ndarray:
    answer = room.client().get(f"/api/videos/{id}/frame", params={"at": at, **query})
    assert answer.status_code == 200, answer.text
    return gray(answer.content)


@pytest.mark.parametrize("name", ORIENTATIONS)
def test_a_picture_is_upright(room: Room, name: str) -> None:
    picture = _picture(room, _put(room, replace(SHORT, orientation=name)))
    assert picture.shape == SIZE[::-1]
    assert number_of(picture) == 12


def test_a_strip_is_upright(room: Room) -> None:
    id = _put(room, replace(SHORT, orientation="transposed"))
    answer = room.client().get(f"/api/videos/{id}/strip?count=4&width=160")
    strip = gray(answer.content)
    assert strip.shape == (96, 640)
    assert {number_of(one) for one in np.hsplit(strip, 4)} <= {0, 10, 20, 30, 40}
    assert len({number_of(one) for one in np.hsplit(strip, 4)}) == 4


def test_pixels_are_square_also_when_turned(room: Room) -> None:
    film = replace(SHORT, aspect=Fraction(2), orientation="turned left")
    # Turned, a pixel is half as wide as it is high.
    assert _picture(room, _put(room, film)).shape == (96, 80)


def test_the_full_range_is_shown_as_it_was(room: Room) -> None:
    id = _put(room, replace(SHORT, colours=(2, 1, 1, 1)))
    picture, wanted = (
        _picture(room, id, format="png"),
        shown(room.house.service.path(id)).frames[12],
    )
    assert np.abs(picture.astype(int) - wanted).mean() < 3


def test_hdr_is_mapped(room: Room) -> None:
    id = _put(room, replace(HDR10, draw=patches(in_pq), seconds=1, sound=False))
    picture = _picture(room, id, format="png")
    wide = picture.shape[1] // len(PATCHES)
    levels = [float(picture[40:56, n * wide + 5 : (n + 1) * wide - 5].mean()) for n in range(8)]
    assert levels == sorted(levels)
    assert levels[0] < 3
    assert 210 < levels[PATCHES.index(203)] < levels[PATCHES.index(1000)] - 10
    assert levels[-1] > 252
