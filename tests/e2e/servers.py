"""A MediaMTX to test against: the demo always, the real one where the machine has it.

The real one is the program that MEDIAMTX_BIN or PATH names, with ffmpeg publishing and reading.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import requests
import yaml

from leitstand.demo.entities import PathConf
from leitstand.demo.mediamtx import DemoMediaMTX, World
from tests.running import Process, eventually, free_port, process

CONFIGURED = "hall"
"""The path that both servers have in their configuration; others come and go."""


class Server(Protocol):
    """What a test can do to a MediaMTX."""

    url: str

    def publish(self, path: str) -> None: ...
    def unpublish(self, path: str) -> None: ...
    def freeze(self, path: str) -> None: ...
    def read(self, path: str) -> None: ...
    def restart(self) -> None: ...


class Demo:
    def __init__(self, demo: DemoMediaMTX) -> None:
        self._demo = demo
        self.url = demo.url

    def publish(self, path: str) -> None:
        self._now().publish(path, bitrate=400_000)

    def unpublish(self, path: str) -> None:
        self._now().unpublish(path)

    def freeze(self, path: str) -> None:
        self._now().freeze(path)

    def read(self, path: str) -> None:
        self._now().read(path)

    def restart(self) -> None:
        self._now().restart()

    def _now(self) -> World:
        self._demo.world.advance(time.time())
        return self._demo.world


class Real:
    """The real server; its publishers and readers are ffmpeg over RTSP."""

    def __init__(self, program: str, folder: Path, stack: contextlib.ExitStack) -> None:
        self._program, self._folder, self._stack = program, folder, stack
        api, self._rtsp = free_port(), free_port()
        self.url = f"http://127.0.0.1:{api}"
        config = {
            **dict.fromkeys(_other_protocols(program), False),
            "api": True,
            "apiAddress": f"127.0.0.1:{api}",
            "rtspAddress": f"127.0.0.1:{self._rtsp}",
            "rtspTransports": ["tcp"],
            "paths": {CONFIGURED: {}, "all_others": {}},
        }
        (folder / "mediamtx.yml").write_text(yaml.safe_dump(config))
        self._publishers: dict[str, Process] = {}
        self._start()

    def publish(self, path: str) -> None:
        source = ("-f", "lavfi", "-i", "testsrc2=size=320x240:rate=15")
        encoder = ("-c:v", "libx264", "-preset", "ultrafast", "-b:v", "400k", "-g", "15")
        self._publishers[path] = self._ffmpeg("-re", *source, *encoder, *self._output(path))
        eventually(lambda: self._available(path))

    def unpublish(self, path: str) -> None:
        child = self._publishers.pop(path)
        child.send(signal.SIGINT)
        child.wait()
        eventually(lambda: not self._available(path))

    def freeze(self, path: str) -> None:
        self._publishers[path].send(signal.SIGSTOP)

    def read(self, path: str) -> None:
        self._ffmpeg(
            "-rtsp_transport", "tcp", "-i", self._address(path), "-c", "copy", "-f", "null", "-"
        )

    def restart(self) -> None:
        self._server.send(signal.SIGINT)
        self._server.wait()
        for child in self._publishers.values():
            child.end()
        publishing, self._publishers = list(self._publishers), {}
        self._start()
        for path in publishing:
            self.publish(path)

    def _start(self) -> None:
        command = [self._program, str(self._folder / "mediamtx.yml")]
        self._server = self._stack.enter_context(process(command, self._folder))
        eventually(lambda: self._paths() is not None)

    def _available(self, path: str) -> bool:
        return any(item["name"] == path and item["ready"] for item in self._paths() or ())

    def _paths(self) -> list[dict[str, Any]] | None:
        """What the server lists; None as long as it does not answer."""
        try:
            answer = requests.get(f"{self.url}/v3/paths/list", timeout=5)
        except requests.ConnectionError:
            return None
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    def _output(self, path: str) -> tuple[str, ...]:
        return "-f", "rtsp", "-rtsp_transport", "tcp", self._address(path)

    def _address(self, path: str) -> str:
        return f"rtsp://127.0.0.1:{self._rtsp}/{path}"

    def _ffmpeg(self, *arguments: str) -> Process:
        command = ["ffmpeg", "-nostdin", "-loglevel", "error", *arguments]
        return self._stack.enter_context(process(command))


def _other_protocols(program: str) -> tuple[str, ...]:
    """Those to switch off, so that nothing listens beyond loopback."""
    said = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
    older = ("rtmp", "hls", "webrtc", "srt")
    knows_moq = tuple(map(int, re.findall(r"\d+", said)[:2])) >= (1, 19)
    return (*older, "moq") if knows_moq else older


@contextlib.contextmanager
def demo() -> Iterator[Server]:
    world = World(confs=[PathConf(CONFIGURED)])
    with DemoMediaMTX(world) as server:
        yield Demo(server)


@contextlib.contextmanager
def real(folder: Path) -> Iterator[Server]:
    program = mediamtx()
    assert program is not None
    with contextlib.ExitStack() as stack:
        yield Real(program, folder, stack)


def mediamtx() -> str | None:
    """The real program, if this machine has one."""
    return os.environ.get("MEDIAMTX_BIN") or shutil.which("mediamtx")
