"""Links that are closed in time, to a real OBS that a whole file shares."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from leitstand.clients.obs import Address, ObsError, ObsLink
from tests.obs import RealObs

PASSWORD = "schwer-zu-raten"

Connect = Callable[..., ObsLink]


def address(port: int, password: str | None = PASSWORD) -> Address:
    return Address("127.0.0.1", port, lambda: password)


def sockets_to(port: int) -> list[Any]:
    """What this process has open towards a port."""
    return [
        connection
        for connection in psutil.Process().net_connections("tcp")
        if connection.raddr and connection.raddr.port == port
    ]


def failure(link: ObsLink, **options: Any) -> ObsError:
    with pytest.raises(ObsError) as caught:
        link.request("GetVersion", **options)
    assert "\n" not in str(caught.value)
    assert link.error is not None
    assert not link.is_connected
    return caught.value


@pytest.fixture(scope="module")
def obs(obs_media: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealObs]:
    folder = tmp_path_factory.mktemp("obs")
    with RealObs(folder / "studio", media=obs_media, password=PASSWORD) as obs:
        yield obs


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Makes links to a port; after the test each closes within a second and leaves no thread."""
    links = []

    def connect_(port: int, password: str | None = PASSWORD, **options: Any) -> ObsLink:
        links.append(ObsLink(address(port, password), **options))
        return links[-1]

    yield connect_
    for link in links:
        began = time.monotonic()
        link.close()
        assert time.monotonic() - began < 1
    assert not [thread for thread in threading.enumerate() if thread.name == "obs events"]
