"""systemd's side of it, on a real datagram socket."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from leitstand import watchdog


@pytest.fixture(params=["file", "abstract"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "notify") if request.param == "file" else f"@leitstand-{uuid.uuid4()}"


@pytest.fixture
def systemd(place: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind("\0" + place[1:] if place.startswith("@") else place)
        sock.settimeout(10)
        yield sock


def heard(systemd: socket.socket, within: float = 10.0) -> str:
    systemd.settimeout(within)
    return systemd.recv(100).decode()


def test_ready_signs_of_life_stopping(systemd: socket.socket, place: str) -> None:
    environment = {"NOTIFY_SOCKET": place, "WATCHDOG_USEC": "40000"}
    with watchdog.told(lambda: True, environment):
        assert [heard(systemd) for _ in range(4)] == ["READY=1", *["WATCHDOG=1"] * 3]
    rest = []
    while not rest or rest[-1] != "STOPPING=1":
        rest.append(heard(systemd))
    with pytest.raises(TimeoutError):
        heard(systemd, 0.1)


def test_a_start_that_takes_longer(systemd: socket.socket, place: str) -> None:
    watchdog.still_starting(30, {"NOTIFY_SOCKET": place})
    assert heard(systemd) == "EXTEND_TIMEOUT_USEC=30000000"
    watchdog.still_starting(30, {})
    with pytest.raises(TimeoutError):
        heard(systemd, 0.1)


@pytest.mark.parametrize("fails", [False, True])
def test_who_is_not_alive_gives_no_sign(systemd: socket.socket, place: str, fails: bool) -> None:
    def is_alive() -> bool:
        if fails:
            raise RuntimeError
        return False

    with watchdog.told(is_alive, {"NOTIFY_SOCKET": place, "WATCHDOG_USEC": "10000"}):
        assert heard(systemd) == "READY=1"
        with pytest.raises(TimeoutError):
            heard(systemd, 0.1)


@pytest.mark.parametrize(
    "watch",
    [
        {},
        {"WATCHDOG_USEC": "0"},
        {"WATCHDOG_USEC": "soon"},
        {"WATCHDOG_USEC": "10000", "WATCHDOG_PID": str(os.getpid() + 1)},
    ],
)
def test_signs_of_life_only_for_who_waits_for_them(
    systemd: socket.socket, place: str, watch: dict[str, str]
) -> None:
    with watchdog.told(lambda: True, {"NOTIFY_SOCKET": place, **watch}):
        assert heard(systemd) == "READY=1"
        with pytest.raises(TimeoutError):
            heard(systemd, 0.1)
    assert heard(systemd) == "STOPPING=1"


def test_without_systemd_it_does_nothing() -> None:
    with watchdog.told(lambda: True, {"WATCHDOG_USEC": "10000"}):
        pass


def test_a_systemd_that_does_not_listen_is_no_reason_to_fail(tmp_path: Path) -> None:
    with watchdog.told(lambda: True, {"NOTIFY_SOCKET": str(tmp_path / "nobody")}):
        pass
