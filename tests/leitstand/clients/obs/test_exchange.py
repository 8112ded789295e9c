"""One exchange: within its time, with nobody else's answer, and what follows a failure."""

from __future__ import annotations

import contextlib
import itertools
import json
import resource
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from leitstand.clients.obs import (
    Absent,
    Address,
    Hung,
    NotObs,
    ObsError,
    ObsLink,
    RequestFailed,
    WrongPassword,
)
from tests.leitstand.clients.obs.conftest import PASSWORD, Connect, failure, sockets_to
from tests.leitstand.clients.obs.scripted import (
    CLOSE,
    PING,
    TEXT,
    Peer,
    Script,
    answer,
    answering,
    closing,
    frame,
    greets,
    hello,
    lets_in,
    scripted,
    silent,
)
from tests.running import eventually, free_port


def drip_a_head(peer: Peer) -> None:
    peer.write(b"HTTP/1.1 101 Fine\r\n")
    for number in itertools.count():
        peer.write(b"X-%d: drop\r\n" % number)
        time.sleep(0.02)


def drip_an_answer(peer: Peer) -> None:
    peer.greet()
    for byte in frame(json.dumps(answer(peer.hear(), text="x" * 1_000)).encode()):
        peer.write(bytes([byte]))
        time.sleep(0.02)


def drip_messages(peer: Peer) -> None:
    peer.greet()
    while True:
        peer.event("SceneCreated")
        time.sleep(0.02)


@pytest.mark.parametrize("script", [drip_a_head, drip_an_answer, drip_messages])
def test_a_server_that_drips_is_late_all_the_same(script: Script, connect: Connect) -> None:
    with scripted(script) as server:
        began = time.monotonic()

        assert type(failure(connect(server.port), timeout=0.4)) is Hung
        assert 0.35 < time.monotonic() - began < 0.8


def test_answers_in_the_wrong_order_go_to_nobody(connect: Connect) -> None:
    late: list[dict[str, Any]] = []

    def too_late(peer: Peer) -> None:
        peer.greet()
        late.append(peer.hear())
        peer.wait()

    def confused(peer: Peer) -> None:
        peer.greet()
        message = peer.hear()
        peer.answer(late[0], name="an answer to another")
        peer.answer({"d": {"requestId": "999", "requestType": "GetStats"}}, name="to nobody")
        peer.event("SceneCreated")
        peer.answer(message, name="mine")
        peer.wait()

    with scripted(too_late, confused) as server:
        link = connect(server.port)
        assert type(failure(link, timeout=0.1)) is Hung
        link.retry()

        assert link.request("GetStats") == {"name": "mine"}


def test_an_answer_may_come_in_parts_with_a_ping_between(connect: Connect) -> None:
    def parts(peer: Peer) -> None:
        peer.greet()
        text = json.dumps(answer(peer.hear(), name="whole")).encode()
        peer.write(frame(text[:10], TEXT, final=False) + frame(b"there?", PING))
        assert peer.frame() == (0xA, b"there?")
        peer.write(frame(text[10:], 0x0))
        peer.wait()

    with scripted(parts) as server:
        assert connect(server.port).request("GetStats") == {"name": "whole"}


def test_a_batch_with_answers_missing_is_none(connect: Connect) -> None:
    def forgetful(peer: Peer) -> None:
        peer.greet()
        asked = peer.hear()["d"]["requestId"]
        peer.say({"op": 9, "d": {"requestId": asked, "results": []}})
        peer.wait()

    with scripted(forgetful) as server:
        link = connect(server.port)
        with pytest.raises(NotObs, match="more or less"):
            link.batch([("GetStats", None)])
        assert not link.is_connected


def test_requests_fail_at_once_while_it_pauses(connect: Connect) -> None:
    with scripted(silent) as server:
        link = connect(server.port)
        first = failure(link, timeout=0.1)
        began = time.monotonic()

        again = [failure(link) for _ in range(50)]

        assert time.monotonic() - began < 0.1
        assert {(type(error), str(error)) for error in again} == {(Hung, str(first))}
        assert server.connections == 1


def test_it_comes_back_by_itself(connect: Connect) -> None:
    with scripted(greets(closing(1001)), answering) as server:
        link = connect(server.port)
        failure(link)

        def answers() -> bool:
            try:
                return link.request("GetVersion") == {"name": "GetVersion"}
            except Absent:
                return False

        eventually(answers, within=2)


def test_a_restart_between_two_requests_costs_none(connect: Connect) -> None:
    ended = threading.Event()

    def once(peer: Peer) -> None:
        peer.greet()
        peer.answer(peer.hear())
        peer.end(1001)
        ended.set()

    with scripted(once, answering) as server:
        link = connect(server.port)
        link.request("GetVersion")
        ended.wait(5)

        assert eventually(lambda: link.request("GetVersion")) == {"name": "GetVersion"}


def test_a_wrong_password_is_not_hammered(connect: Connect) -> None:
    salt = {"salt": "s", "challenge": "c"}
    refusing = greets(hello(authentication=salt) + closing(4009))
    with scripted(refusing, answering) as server:
        link = connect(server.port)
        for _ in range(3):
            assert type(failure(link)) is WrongPassword
        assert server.connections == 1

        link.retry()
        assert link.request("GetVersion") == {"name": "GetVersion"}


def test_a_refusal_is_one_short_line(connect: Connect) -> None:
    def refusing(peer: Peer) -> None:
        peer.greet()
        refusal = answer(peer.hear())
        status = {"result": False, "code": 600, "comment": "No\nsource " + "x" * 9_999}
        peer.say({"op": 7, "d": refusal["d"] | {"requestStatus": status}})
        peer.wait()

    with scripted(refusing) as server:
        link = connect(server.port)
        with pytest.raises(RequestFailed) as caught:
            link.request("GetInputMute", {"inputName": "X"})

        assert caught.value.code == 600
        assert caught.value.request == "GetInputMute"
        assert str(caught.value).startswith("GetInputMute refused with 600: No source xxx")
        assert len(str(caught.value)) < 300
        assert link.is_connected


def test_abort_wakes_whoever_waits(connect: Connect) -> None:
    with scripted(lets_in(b"")) as server:
        link = connect(server.port, timeout=30)
        errors: list[ObsError] = []
        threads = [threading.Thread(target=lambda: errors.append(failure(link))) for _ in range(4)]
        for thread in threads:
            thread.start()
        eventually(lambda: server.connections)

        began = time.monotonic()
        link.abort()
        for thread in threads:
            thread.join(5)

        assert time.monotonic() - began < 1
        assert {str(error) for error in errors} == {"the link is closed"}
        with pytest.raises(Absent, match="the link is closed"):
            link.request("GetVersion")
        assert link.events(wait=10).events == ()


def test_closing_says_goodbye(connect: Connect) -> None:
    last: list[int] = []

    def script(peer: Peer) -> None:
        peer.greet()
        peer.answer(peer.hear())
        last.append(peer.frame()[0])

    with scripted(script) as server:
        link = connect(server.port)
        link.request("GetVersion")
        link.close()

        assert eventually(lambda: last) == [CLOSE]


def test_the_turn_is_waited_for_in_time(connect: Connect) -> None:
    with scripted(lets_in(b"")) as server:
        link = connect(server.port)
        first = threading.Thread(target=failure, args=(link,), kwargs={"timeout": 1})
        first.start()
        eventually(lambda: server.connections)

        with pytest.raises(Hung, match="busy with other requests for 0.05 s"):
            link.request("GetVersion", timeout=0.05)

        link.abort()
        first.join()


def test_what_cannot_be_sent_is_refused_before_anything_is(connect: Connect) -> None:
    link = connect(free_port())

    with pytest.raises(TypeError):
        link.request("SetInputSettings", {"inputSettings": object()})
    assert link.error is None


def test_the_password_is_in_no_repr(connect: Connect) -> None:
    link = connect(free_port())

    assert PASSWORD not in f"{link!r} {vars(link)}"


def test_a_password_that_cannot_be_had_leaves_no_socket() -> None:
    def unreadable() -> str:
        raise PermissionError("no such luck")

    with scripted(greets(hello(authentication={"salt": "s", "challenge": "c"}))) as server:
        link = ObsLink(Address("127.0.0.1", server.port, unreadable))
        with pytest.raises(PermissionError):
            link.request("GetVersion")

        assert sockets_to(server.port) == []
        link.close()


@contextlib.contextmanager
def no_more_descriptors() -> Iterator[None]:
    """Those that are open stay, and nobody in this process gets another."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # The lowest three are open always; poll() refuses to look at more than the limit.
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_connected_link_asks_without_another_descriptor(connect: Connect) -> None:
    with scripted(answering) as server:
        link = connect(server.port)
        link.request("GetVersion")
        with no_more_descriptors():
            link.request("GetVersion")
