"""All demo servers together, and the configuration that watches them."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leitstand.demo.mediamtx import DemoMediaMTX


@dataclass(frozen=True, slots=True)
class Made:
    """What to watch, and what has to run for it beside this process: a module's arguments."""

    settings: Mapping[str, Any]
    modules: Mapping[str, Sequence[str]]


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Made]:
    """The demo MediaMTX runs; OBS, which encodes, is for a process of its own.

    `folder` is where that OBS records to.
    """
    port = _free_port()
    studio = {"name": "demo", "port": port, "recordings": str(folder)}
    with DemoMediaMTX() as server:
        mediamtx = {
            "name": "demo",
            "url": server.url,
            "expected_paths": ["stage", "cam/left", "cam/right", "cam/balcony"],
        }
        yield Made(
            {"mediamtx": [mediamtx], "obs": [studio]},
            {"leitstand.demo.obs": ("--port", str(port), "--recordings", str(folder))},
        )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
