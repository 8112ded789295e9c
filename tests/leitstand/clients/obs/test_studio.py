"""Requests to a real OBS: the right answers, and the right errors while it cannot give any."""

from __future__ import annotations

import logging
import os
import random
import re
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from leitstand.clients.obs import (
    Absent,
    Address,
    Hung,
    ObsError,
    ObsLink,
    RequestFailed,
    WrongPassword,
)
from tests.leitstand.clients.obs.conftest import PASSWORD, Connect, sockets_to
from tests.obs import RealObs
from tests.running import eventually, free_port
from tests.soak import is_soak

ROUNDS = 100 if is_soak() else 5


def echo(link: ObsLink, word: str) -> str:
    """OBS repeats the name of an input that it does not have."""
    with pytest.raises(RequestFailed) as caught:
        link.request("GetInputMute", {"inputName": word})
    found = re.search("`(.*)`", str(caught.value))
    assert found is not None
    return found[1]


def fails(link: ObsLink, kind: type[ObsError], **options: Any) -> float:
    """How long it took to fail."""
    began = time.monotonic()
    with pytest.raises(kind) as caught:
        link.request("GetVersion", **options)
    assert type(caught.value) is kind
    return time.monotonic() - began


def _has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


def test_answers(obs: RealObs, connect: Connect) -> None:
    link = connect(obs.port)
    assert not link.is_connected

    assert link.request("GetVersion")["rpcVersion"] == 1
    assert link.request("GetInputSettings", {"inputName": "Camera"})["inputKind"]
    assert link.request("SetInputMute", {"inputName": "Camera", "inputMuted": False}) == {}
    assert link.is_connected
    assert link.error is None


@pytest.mark.parametrize("host", ["localhost", "::1"])
def test_a_host_may_be_a_name_or_ipv6(host: str, obs: RealObs) -> None:
    if host == "::1" and not _has_ipv6():
        pytest.skip("no IPv6 on this machine")
    link = ObsLink(Address(host, obs.port, lambda: PASSWORD))

    assert link.request("GetVersion")
    link.close()


def test_a_refused_request_keeps_the_link(obs: RealObs, connect: Connect) -> None:
    link = connect(obs.port)
    link.request("GetVersion")
    before = sockets_to(obs.port)

    with pytest.raises(RequestFailed) as caught:
        link.request("NoSuchRequest")

    assert (caught.value.request, caught.value.code) == ("NoSuchRequest", 204)
    assert link.is_connected
    assert link.request("GetVersion")
    assert sockets_to(obs.port) == before


def test_a_batch_gives_each_its_own(obs: RealObs, connect: Connect) -> None:
    stats, refused, scenes = connect(obs.port).batch(
        [("GetStats", None), ("GetInputMute", {"inputName": "nobody"}), ("GetSceneList", {})]
    )

    assert isinstance(stats, dict)
    assert "activeFps" in stats
    assert isinstance(refused, RequestFailed)
    assert (refused.request, refused.code) == ("GetInputMute", 600)
    assert isinstance(scenes, dict)
    assert "currentProgramSceneName" in scenes


def test_a_batch_of_nothing_asks_nobody(obs: RealObs, connect: Connect) -> None:
    link = connect(obs.port)

    assert link.batch([]) == []
    assert not link.is_connected


def test_eight_threads_get_their_own_answers(obs: RealObs, connect: Connect) -> None:
    link = connect(obs.port)
    words = [f"word {number}" for number in range(1_200)]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda word: echo(link, word), words)) == words
    assert len(sockets_to(obs.port)) == 1


@pytest.mark.parametrize(
    ("password", "text"),
    [
        ("falsch-geraten", "refused the password"),
        ("", "needs a password, and none is configured"),
        (None, "needs a password, and none is configured"),
    ],
)
def test_without_the_password_nothing_is_left_open(
    password: str | None, text: str, obs: RealObs, connect: Connect
) -> None:
    link = connect(obs.port, password)

    with pytest.raises(WrongPassword) as caught:
        link.request("GetVersion")

    assert str(caught.value) == text
    assert sockets_to(obs.port) == []


def test_a_password_that_was_changed_is_asked_for_anew(obs: RealObs) -> None:
    given = ["falsch-geraten"]
    link = ObsLink(Address("localhost", obs.port, lambda: given[0]))
    fails(link, WrongPassword)
    given[0] = PASSWORD
    fails(link, WrongPassword)

    link.retry()

    assert link.request("GetVersion")
    link.close()


def test_the_password_is_in_no_log_line(
    obs: RealObs, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("obsws_python", "obsws_python.baseclient", "obsws_python.baseclient._Client"):
        caplog.set_level(logging.DEBUG, logger=name)
    link = connect(obs.port)
    link.request("GetVersion")
    assert link.events(wait=5).is_incomplete
    wrong = connect(obs.port, "falsch-geraten")
    fails(wrong, WrongPassword)
    fails(connect(free_port()), Absent)
    with pytest.raises(RequestFailed):
        link.request("NoSuchRequest")

    assert caplog.records == []


def test_neither_environment_nor_files_lead_elsewhere(
    obs: RealObs, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.toml").write_text("whoever reads this fails")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for variable in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")

    assert connect(obs.port).request("GetVersion")


def test_a_frozen_studio_is_hung_and_closed_at_once(obs: RealObs, connect: Connect) -> None:
    used, fresh = connect(obs.port), connect(obs.port)
    used.request("GetVersion")
    obs.freeze()
    try:
        assert fails(used, Hung, timeout=0.5) == pytest.approx(0.5, abs=0.2)
        assert fails(fresh, Hung, timeout=0.5) == pytest.approx(0.5, abs=0.2)
        assert sockets_to(obs.port) == []

        waiting = threading.Thread(target=fails, args=(used, Absent), kwargs={"timeout": 30})
        used.retry()
        waiting.start()
        eventually(lambda: sockets_to(obs.port))
        began = time.monotonic()
        used.close()
        waiting.join(5)
        assert not waiting.is_alive()
        assert time.monotonic() - began < 1
    finally:
        obs.thaw()
    fresh.retry()
    assert echo(fresh, "awake") == "awake"


def test_after_freezing_there_is_no_wrong_answer(obs: RealObs, connect: Connect) -> None:
    chance = random.Random(4_455)
    link = connect(obs.port)
    for number in range(ROUNDS):
        obs.freeze()
        try:
            for _ in range(chance.randint(1, 3)):
                fails(link, Hung, timeout=chance.choice((0.01, 0.03, 0.05)))
                link.retry()
        finally:
            obs.thaw()
        assert echo(link, f"round {number}") == f"round {number}"
        assert "obsVersion" in link.request("GetVersion")
        assert "outputCongestion" in link.request("GetStreamStatus")
        assert "outputPaused" in link.request("GetRecordStatus")


def test_short_time_outs_while_it_answers_mix_nothing_up(obs: RealObs, connect: Connect) -> None:
    """Some answers come a moment too late: whatever is answered then is still right."""
    chance = random.Random(4_455)
    link = connect(obs.port)
    right = 0
    for number in range(20 * ROUNDS):
        seconds = chance.choice((0.0001, 0.0005, 0.001, 0.003, 1.0))
        with pytest.raises(ObsError) as caught:
            link.request("GetInputMute", {"inputName": f"word {number}"}, timeout=seconds)
        if isinstance(caught.value, RequestFailed):
            assert f"`word {number}`" in str(caught.value)
            right += 1
        link.retry()
    assert right > 2 * ROUNDS


def test_no_link_keeps_a_studio_from_exiting(obs: RealObs, connect: Connect) -> None:
    """OBS waits 5 s for each client that is connected and does not read."""

    def exits() -> bool:
        listening, closed = connect(obs.port), connect(obs.port)
        for link in (listening, closed):
            link.request("GetVersion")
        assert listening.events(wait=5).is_incomplete
        closed.close()
        fails(connect(obs.port, "falsch-geraten"), WrongPassword)

        os.kill(obs.pid, signal.SIGINT)
        return not psutil.wait_procs([psutil.Process(obs.pid)], 3)[1]

    # A client that is waited for costs 5 s every time. OBS's own trouble comes only now and then:
    # it closes its window in the signal handler, which deadlocks if it was just painting, in one
    # of five times soon after its start.
    tries: list[bool] = []
    while len(tries) < 5 and not any(tries):
        tries.append(exits())
        obs.kill()
        obs.start()
    assert any(tries)


def test_a_killed_studio_is_absent_until_it_is_back(obs: RealObs, connect: Connect) -> None:
    link = connect(obs.port)
    link.request("GetVersion")
    obs.kill()

    assert fails(link, Absent) < 0.2
    assert fails(link, Absent) < 0.2
    assert link.error is not None
    obs.start()

    def is_back() -> bool:
        try:
            return echo(link, "back") == "back"
        except Absent:
            return False

    eventually(is_back, within=5)
    assert link.error is None
