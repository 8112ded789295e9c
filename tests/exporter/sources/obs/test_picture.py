"""Black, frozen and moving pictures; one screenshot now and then, none while OBS is busy."""

from __future__ import annotations

import base64
from typing import Any

import cv2
import numpy

from exporter.sources.obs.picture import ProgramPicture
from leitstand.clients.obs import Hung


class Screen:
    """Shows one picture, counts how often it was asked for, and fails on demand."""

    def __init__(self) -> None:
        self.picture = numpy.zeros((90, 160), numpy.uint8)
        self.asked = 0
        self.fails = False
        self.now = 1000.0

    def request(self, name: str, data: dict[str, Any], *, timeout: float | None = None) -> Any:
        assert name == "GetSourceScreenshot"
        self.asked += 1
        if self.fails:
            raise Hung("silent")
        _, packed = cv2.imencode(".jpg", self.picture)
        return {"imageData": f"data:image/jpg;base64,{base64.b64encode(packed).decode()}"}

    def watched(self) -> ProgramPicture:
        def clock() -> float:
            return self.now

        return ProgramPicture(self, 5, clock=clock, monotonic=clock)


def noise(seed: int) -> Any:
    return numpy.random.default_rng(seed).integers(0, 255, (90, 160)).astype("uint8")


def test_black_white_and_between() -> None:
    for value, luma in ((0, 0.0), (128, 0.5), (255, 1.0)):
        screen = Screen()
        screen.picture[:] = value
        seen = screen.watched().look("Main", busy=False)
        assert seen is not None
        assert abs(seen.luma - luma) < 0.01


def test_a_frozen_picture_keeps_the_time_of_its_last_change() -> None:
    screen = Screen()
    watched = screen.watched()
    changes = []
    for picture in (noise(1), noise(2), noise(2), noise(2), noise(3)):
        screen.picture = picture
        seen = watched.look("Main", busy=False)
        assert seen is not None
        changes.append(seen.last_change)
        screen.now += 5
    assert changes == [1000, 1005, 1005, 1005, 1020]


def test_a_small_moving_thing_is_a_change() -> None:
    screen = Screen()
    watched = screen.watched()
    watched.look("Main", busy=False)
    screen.now += 5
    screen.picture[40:44, 60:64] = 255
    seen = watched.look("Main", busy=False)
    assert seen is not None
    assert seen.last_change == 1005


def test_looks_only_when_it_is_time_and_obs_is_not_busy() -> None:
    screen = Screen()
    watched = screen.watched()
    for _ in range(5):
        watched.look("Main", busy=False)
        screen.now += 2
    assert screen.asked == 2
    screen.now += 5
    assert watched.look("Main", busy=True) is not None
    assert screen.asked == 2
    watched.look(None, busy=False)
    assert screen.asked == 2


def test_a_failed_look_is_an_unknown_picture_and_not_repeated_at_once() -> None:
    screen = Screen()
    watched = screen.watched()
    screen.fails = True
    assert watched.look("Main", busy=False) is None
    screen.fails = False
    assert watched.look("Main", busy=False) is None
    screen.now += 5
    assert watched.look("Main", busy=False) is not None
