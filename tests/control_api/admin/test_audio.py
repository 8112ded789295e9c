"""The audio check tells working, silent and muted apart; the guard acts on silence alone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from control_api.admin.audio import SILENT_DBFS, AudioService, decibels
from control_api.admin.guard import Guards, Watch
from control_api.errors import TooMany
from control_api.studios.studio import Studio
from leitstand.clients.obs import ObsLink
from leitstand.demo.obs import DemoObs
from leitstand.demo.obs.faults import Fault
from tests.control_api.admin.conftest import Room
from tests.running import eventually

Serve = Callable[..., TestClient]


def checked(room: Room, serve: Serve, **body: Any) -> dict[str, Any]:
    answer = room.client(serve).post("/api/admin/audio/check", json={"seconds": 1} | body)
    assert answer.status_code == 200, answer.text
    (sound,) = answer.json()["data"]["inputs"]
    return dict(sound)


def test_a_tone_works(room: Room, serve: Serve) -> None:
    sound = checked(room, serve)
    assert (sound["input"], sound["state"], sound["working"]) == ("Tone", "working", True)
    assert -60 < sound["low"] <= sound["high"] <= 0
    assert sound["message"].startswith("Tone works: ")


def test_a_muted_tone_is_muted_and_shows_what_it_has(
    room: Room, serve: Serve, demo: DemoObs
) -> None:
    demo.mute("Tone")
    sound = checked(room, serve, input="Tone")
    assert (sound["state"], sound["muted"], sound["silent"]) == ("muted", True, False)
    assert sound["high"] > -60


def test_silence_is_silent(room: Room, serve: Serve, demo: DemoObs) -> None:
    demo.faults.add(Fault.SILENT)
    sound = checked(room, serve)
    assert (sound["state"], sound["silent"], sound["high"]) == ("silent", True, -100)


def test_what_never_had_sound_is_silent(room: Room, serve: Serve, demo: DemoObs) -> None:
    demo.stage.inputs["Tone"].sounding = False
    sound = checked(room, serve)
    assert (sound["state"], sound["high"]) == ("silent", None)


def test_what_is_not_in_the_program_is_off_air(room: Room, serve: Serve, demo: DemoObs) -> None:
    demo.scene = "Break"
    eventually(lambda: "Tone" not in demo.stage.active)
    sound = checked(room, serve)
    assert (sound["state"], sound["silent"], sound["working"]) == ("off air", False, False)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"input": "Color"}, 422),
        ({"input": "Nobody"}, 404),
        ({"seconds": 0.5}, 422),
        ({"seconds": 11}, 422),
    ],
)
def test_what_cannot_be_checked_is_refused(
    room: Room, serve: Serve, body: dict[str, Any], status: int
) -> None:
    answer = room.client(serve).post("/api/admin/audio/check", json=body)
    assert answer.status_code == status


def test_an_obs_that_is_down_is_503(room: Room, serve: Serve, demo: DemoObs) -> None:
    demo.stop()
    answer = room.client(serve).post("/api/admin/audio/check", json={})
    assert answer.status_code == 503


def test_one_listens_at_a_time(room: Room) -> None:
    listening, may_listen = threading.Event(), threading.Event()

    def listen(studio: Studio) -> ObsLink:
        listening.set()
        assert may_listen.wait(20)
        return studio.levels_link()

    audio = AudioService(room.studios, listen)
    first = threading.Thread(target=audio.check, args=(None, 1, None))
    first.start()
    assert listening.wait(20)
    with pytest.raises(TooMany):
        audio.check(None, 1, None)
    may_listen.set()
    first.join(20)
    assert audio.check(None, 1, None)[0].verdict == "working"


@pytest.mark.parametrize(("level", "shown"), [(1, 0), (0.1, -20), (0, -100), (1e-9, -100)])
def test_a_level_in_decibels(level: float, shown: float) -> None:
    assert decibels(level) == shown


class Guarded:
    """A studio with a guard of five minutes over the tone, connected and silent."""

    def __init__(self, room: Room, demo: DemoObs) -> None:
        self.room, self.demo = room, demo
        self.links: list[ObsLink] = []
        self.guards = Guards(room.studios, room.settings, room.desk.camera, room.clock, self.listen)
        demo.faults.add(Fault.SILENT)
        room.set(guard_minutes=5, camera_input="Tone")
        self.becomes("silent")

    @property
    def watch(self) -> Watch:
        return self.guards.watch("stage")

    def listen(self, studio: Studio) -> ObsLink:
        self.links.append(studio.levels_link())
        return self.links[-1]

    def tick(self, after: float = 0) -> str:
        self.room.clock.at += after
        self.guards.tick()
        return self.watch.state

    def becomes(self, state: str) -> None:
        eventually(lambda: self.tick() == state)

    def silence(self) -> None:
        """Silent, and no level from before is on its way any more."""
        self.demo.faults.add(Fault.SILENT)
        eventually(self._is_silent)
        self.becomes("silent")

    def _is_silent(self) -> bool:
        levels = self.links[-1].events().levels.values()
        return bool(levels) and all(decibels(level.peak) < SILENT_DBFS for level in levels)

    @property
    def restarts(self) -> int:
        return self.demo.requests["TriggerMediaInputAction"]


@pytest.fixture
def guarded(room: Room, demo: DemoObs) -> Iterator[Guarded]:
    guarded = Guarded(room, demo)
    yield guarded
    guarded.guards.close()


def test_no_guard_without_being_switched_on(room: Room, demo: DemoObs) -> None:
    for settings in ({}, {"guard_minutes": 0, "camera_input": "Tone"}, {"camera_input": None}):
        room.set(**settings)
        room.desk.guards.tick()
        assert room.desk.guards.watch("stage").state == "off"
    room.set(guard_minutes=5)
    room.desk.guards.tick()
    assert room.desk.guards.watch("stage").reason == "no camera_input is set"
    assert demo.clients == 0


def test_silence_restarts_the_camera_once_in_the_time(guarded: Guarded) -> None:
    guarded.demo.do("StartRecord")
    file = eventually(lambda: guarded.demo.recording)
    guarded.tick(299)
    assert guarded.restarts == 0
    guarded.tick(1)
    assert guarded.restarts == 1
    told = guarded.room.told("camera_reloaded")
    assert told == ["audio guard, after 5 silent minutes: Tone was restarted"]
    guarded.tick(299)
    assert guarded.restarts == 1
    guarded.tick(1)
    assert guarded.restarts == 2
    assert guarded.watch.reloads == 2
    assert guarded.demo.recording == file


def test_a_sound_in_between_begins_anew(guarded: Guarded) -> None:
    guarded.tick(299)
    guarded.demo.faults.clear()
    guarded.becomes("audible")
    guarded.silence()
    guarded.tick(299)
    assert guarded.restarts == 0
    guarded.tick(1)
    assert guarded.restarts == 1


def test_a_studio_that_is_down_is_not_silent(guarded: Guarded) -> None:
    guarded.demo.stop()
    guarded.becomes("waiting")
    guarded.tick(3600)
    guarded.demo.start()
    guarded.becomes("silent")
    guarded.tick(299)
    assert guarded.restarts == 0


def test_what_was_not_listened_to_is_not_silent(guarded: Guarded) -> None:
    guarded.tick(200)
    guarded.demo.restart()
    (link,) = guarded.links
    eventually(lambda: guarded.demo.clients and link.is_connected)
    guarded.tick(200)
    guarded.tick(299)
    assert guarded.restarts == 0


def test_what_is_muted_or_not_on_air_is_not_silent(guarded: Guarded) -> None:
    guarded.demo.mute("Tone")
    assert guarded.tick() == "waiting"
    guarded.demo.mute("Tone", False)
    assert guarded.tick() == "silent"
    other = {"inputName": "Music", "inputKind": "ffmpeg_source"}
    guarded.demo.do("CreateInput", sceneName="Break", **other)
    guarded.demo.scene = "Break"
    guarded.becomes("waiting")
    guarded.tick(3600)
    assert guarded.restarts == 0


def test_switched_off_it_leaves_obs(guarded: Guarded) -> None:
    clients = guarded.demo.clients
    guarded.room.set(guard_minutes=None)
    assert guarded.tick(3600) == "off"
    assert guarded.restarts == 0
    eventually(lambda: guarded.demo.clients < clients)


def test_a_camera_that_cannot_be_restarted_is_told_and_left_alone(guarded: Guarded) -> None:
    guarded.room.set(camera_input="Color")
    guarded.tick(300)
    assert "could not be restarted" in guarded.watch.reason
    assert guarded.tick(299) == "silent"
    assert guarded.watch.reason == "nothing to hear"
    assert guarded.watch.reloads == 0
