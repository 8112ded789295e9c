"""What comes from OBS unasked, and that it never ends for good."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from leitstand.clients.obs import (
    Absent,
    Address,
    Event,
    Hung,
    NotObs,
    ObsLink,
    Subscription,
    WrongPassword,
)
from leitstand.clients.obs.inbox import Inbox
from leitstand.clients.obs.listener import Listener
from tests.leitstand.clients.obs.conftest import Connect, address
from tests.leitstand.clients.obs.scripted import CLOSE, Gone, Peer, frame, scripted, silent
from tests.obs import RealObs
from tests.running import eventually, free_port
from tests.soak import is_soak


def listening(link: ObsLink) -> ObsLink:
    """Once it is connected, with what had come until then thrown away."""
    eventually(lambda: link.events().is_incomplete, within=5)
    return link


def told(link: ObsLink, name: str) -> Event:
    """The first event of that name; a real OBS tells others as well."""

    def named() -> list[Event]:
        return [event for event in link.events(wait=1).events if event.name == name]

    return eventually(named)[0]


@contextlib.contextmanager
def listener(where: Address) -> Iterator[Listener]:
    listens = Listener(
        where, Inbox(10), Subscription.SCENES, timeout=1, silence=1, on_loss=lambda: None
    )
    listens.start()
    try:
        yield listens
    finally:
        listens.stop()
        listens.join(5)


def meters(*inputs: Any) -> dict[str, Any]:
    return {"inputs": [{"inputName": name, "inputLevelsMul": levels} for name, levels in inputs]}


def test_a_change_of_scene_is_told(obs: RealObs, connect: Connect) -> None:
    link = listening(connect(obs.port))

    link.request("CreateScene", {"sceneName": "Pause"})
    created = told(link, "SceneCreated")
    link.request("RemoveScene", {"sceneName": "Pause"})

    assert created.data["sceneName"] == "Pause"
    assert created.data["sceneName"] not in repr(created)
    assert link.is_connected
    assert link.error is None


def test_the_level_of_an_input_is_told(obs: RealObs, connect: Connect) -> None:
    link = listening(connect(obs.port))
    levels: dict[str, Any] = {}

    def is_loud() -> bool:
        levels.update(link.events().levels)
        return "Camera" in levels and levels["Camera"].input_peak > 0.01

    eventually(is_loud)
    assert 0 < levels["Camera"].magnitude <= levels["Camera"].peak <= 1


def test_only_what_is_subscribed_to_comes(obs: RealObs, connect: Connect) -> None:
    link = listening(connect(obs.port, subscriptions=Subscription.INPUTS))
    link.request("CreateScene", {"sceneName": "Pause"})
    link.request("RemoveScene", {"sceneName": "Pause"})
    link.request("SetInputMute", {"inputName": "Camera", "inputMuted": True})

    news = link.events(wait=5)
    link.request("SetInputMute", {"inputName": "Camera", "inputMuted": False})

    assert [event.name for event in news.events] == ["InputMuteStateChanged"]
    assert news.levels == {}


@pytest.mark.parametrize(
    "subscriptions",
    [Subscription.SCENES | Subscription.INPUT_VOLUME_METERS, Subscription.SCENES],
    ids=["with meters", "without meters"],
)
def test_a_studio_that_has_nothing_to_say_is_not_hung(
    subscriptions: Subscription, obs: RealObs, connect: Connect
) -> None:
    link = listening(connect(obs.port, subscriptions=subscriptions, silence=0.1))

    news = link.events(wait=0.6)

    assert not news.is_incomplete
    assert link.is_connected


def test_a_frozen_studio_is_noticed_within_six_seconds(obs: RealObs, connect: Connect) -> None:
    # The default, or half of it to be done sooner.
    options, within = ({}, 6.0) if is_soak() else ({"silence": 1.0}, 3.0)
    link = listening(connect(obs.port, **options))
    began = time.monotonic()
    obs.freeze()
    try:
        eventually(lambda: link.error, within)
        assert type(link.error) is Hung
        assert not link.is_connected
        assert time.monotonic() - began < within
    finally:
        obs.thaw()
    link.retry()
    assert link.events(wait=5).is_incomplete
    eventually(lambda: link.is_connected)


def test_a_killed_studio_is_noticed_and_found_again(obs: RealObs, connect: Connect) -> None:
    link = listening(connect(obs.port))
    obs.kill()
    eventually(lambda: link.error)
    assert type(link.error) is Absent
    obs.start()

    assert link.events(wait=5).is_incomplete
    eventually(lambda: link.is_connected)


def test_closing_says_goodbye(connect: Connect) -> None:
    gone: list[int] = []

    def script(peer: Peer) -> None:
        peer.greet()
        while (kind := peer.frame()[0]) != CLOSE:
            pass
        gone.append(kind)

    with scripted(script) as server:
        link = listening(connect(server.port))
        link.close()

        eventually(lambda: gone)
        assert link.events(wait=10).events == ()


@pytest.mark.parametrize("port_is_served", [True, False])
def test_closing_does_not_wait_for_a_server(port_is_served: bool, connect: Connect) -> None:
    with scripted(silent) as server:
        link = connect(server.port if port_is_served else free_port(), timeout=30)
        link.events()
        eventually(lambda: server.connections if port_is_served else link.error)
        began = time.monotonic()

        link.close()

        assert time.monotonic() - began < 1


def test_what_shuts_down_need_not_wait_for_the_idle_connection(connect: Connect) -> None:
    gone: list[int] = []
    shutting_down = threading.Event()

    def requests(peer: Peer) -> None:
        peer.greet()
        peer.answer(peer.hear())
        gone.append(peer.frame()[0])

    def events(peer: Peer) -> None:
        peer.greet()
        shutting_down.wait(10)
        peer.end(1001)

    with scripted(requests, events, silent) as server:
        link = connect(server.port)
        link.request("GetVersion")
        listening(link)
        assert gone == []
        shutting_down.set()

        assert eventually(lambda: gone) == [CLOSE]


def test_closed_before_it_began(connect: Connect) -> None:
    with scripted(silent) as server:
        link = connect(server.port)
        link.close()

        assert link.events(wait=10).events == ()
        assert server.connections == 0


def test_a_wrong_password_is_not_hammered(obs: RealObs) -> None:
    with listener(address(obs.port, "falsch-geraten")) as listens:
        eventually(lambda: listens.backoff.left > 25)

        assert type(listens.backoff.error) is WrongPassword


def test_rubbish_between_events_costs_only_the_connection(connect: Connect) -> None:
    def rubbish(peer: Peer) -> None:
        peer.greet()
        peer.event("SceneCreated", sceneName="before")
        peer.write(frame(b'{"op": 5, "d": {"eventType": 7}}'))
        peer.wait()

    def sound(peer: Peer) -> None:
        peer.greet()
        peer.say({"op": 7, "d": {}})
        peer.say({"op": 5, "d": {"eventType": "ExitStarted"}})
        peer.event("InputVolumeMeters", **meters(("Odd", [[None, 0.1, 0.1]]), ("Mute", [])))
        peer.event("InputVolumeMeters", **meters(("Camera", [[0.1, 0.2, 0.2], [0, 0.1, 0.5]])))
        peer.event("SceneCreated", sceneName="after")
        while True:
            peer.hear()

    with scripted(rubbish, sound) as server:
        link = connect(server.port)
        events = []
        levels: dict[str, Any] = {}

        def all_came() -> bool:
            news = link.events(wait=0.1)
            events.extend(news.events)
            levels.update(news.levels)
            return bool(events) and events[-1].data.get("sceneName") == "after"

        eventually(all_came)
        assert [event.name for event in events] == ["SceneCreated", "ExitStarted", "SceneCreated"]
        assert list(levels) == ["Camera"]
        level = levels["Camera"]
        assert (level.magnitude, level.peak, level.input_peak) == (0.1, 0.2, 0.5)


def test_what_lets_in_and_leaves_is_not_hammered() -> None:
    def lets_in_and_leaves(peer: Peer) -> None:
        peer.greet()

    with scripted(lets_in_and_leaves) as server, listener(address(server.port)) as listens:
        eventually(lambda: listens.backoff.left > 0.7 * 1)

        assert server.connections == 3


def test_a_server_that_answers_no_ping_is_hung(connect: Connect) -> None:
    def deaf(peer: Peer) -> None:
        peer.greet()
        peer.event("SceneCreated")
        peer.wait()

    with scripted(deaf) as server:
        link = connect(server.port, silence=0.1)
        link.events()
        eventually(lambda: link.error)

        assert type(link.error) is Hung


def test_a_mistake_of_ours_ends_nothing(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def answering_pings(peer: Peer) -> None:
        peer.greet()
        peer.event("SceneCreated")
        try:
            peer.hear()
        except Gone:
            return

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as broken, scripted(answering_pings) as server:
        broken.setattr(Inbox, "put", fail)
        link = connect(server.port)
        with caplog.at_level(logging.ERROR):
            link.events()
            eventually(lambda: server.connections == 2)
        assert str(link.error) == "failed unexpectedly: ZeroDivisionError"
        assert len(caplog.records) == 1
        broken.undo()

        assert told(link, "SceneCreated")
        eventually(lambda: link.error is None)


def test_something_else_on_the_port_is_told(connect: Connect) -> None:
    def web(peer: Peer) -> None:
        peer.write(b"HTTP/1.1 404 Not Found\r\n\r\n")

    with scripted(web) as server:
        link = connect(server.port)
        link.events()
        eventually(lambda: link.error)

        assert type(link.error) is NotObs
