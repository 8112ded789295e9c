"""An OBS that is not there: start it, steer it like somebody at its window, and spoil it."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from leitstand.demo.obs.faults import Faults
from leitstand.demo.obs.options import Options, Splits
from leitstand.demo.obs.profile import Profile
from leitstand.demo.obs.protocol import Json
from leitstand.demo.obs.server import Server
from leitstand.demo.obs.stage import Stage
from leitstand.demo.obs.studio import Studio

PATIENCE_SECONDS = 10.0
SLOW_SECONDS = 3.0


class DemoObs:
    """An OBS 29 with obs-websocket 5.1 that records real files, also after stop and start.

    `faults` is a set that may be changed from any thread at any time. `requests` counts what
    clients asked, by request type. With `splits` it splits its recordings, as in Advanced mode, and
    has the hotkey OBSBasic.SplitFile. Scenes, inputs and profile survive a restart, outputs do not.
    """

    def __init__(
        self,
        recordings: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        password: str | None = None,
        fps: int = 30,
        size: tuple[int, int] = (640, 360),
        cluster_seconds: float = 5.0,
        stream_retries: Sequence[float] = (1.0, 1.5, 2.1),
        splits: Splits | None = None,
    ) -> None:
        if any(side % 2 for side in size):
            raise ValueError(f"the sides of a picture are even numbers, not {size}")
        self.faults: Faults = set()
        self.slow_seconds = SLOW_SECONDS
        self.requests: Counter[str] = Counter()
        self.stage = Stage.standard()
        self.profile = Profile(recordings)
        self._host, self._port, self._password = host, port, password
        self._options = Options(fps, size, cluster_seconds, stream_retries, splits)
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: Server | None = None
        self._studio: Studio | None = None

    @property
    def port(self) -> int:
        """Known once the server has started, if it was left to chance."""
        return self._port

    @property
    def url(self) -> str:
        return f"ws://{self._host}:{self._port}"

    @property
    def clients(self) -> int:
        """Those that have identified themselves."""
        return self._server.identified if self._server is not None else 0

    @property
    def recording(self) -> Path | None:
        """The file being written."""
        record = self._studio.record if self._studio is not None else None
        return record.current if record is not None and record.is_active else None

    @property
    def scene(self) -> str:
        return self.stage.current

    @scene.setter
    def scene(self, name: str) -> None:
        self.do("SetCurrentProgramScene", sceneName=name)

    def mute(self, name: str = "Tone", muted: bool = True) -> None:
        self.do("SetInputMute", inputName=name, inputMuted=muted)

    def do(self, request_type: str, **data: Any) -> Json:
        """As somebody at the window would: past the network and its faults; Refused if refused."""
        assert self._loop is not None, "start it first"
        asked = asyncio.run_coroutine_threadsafe(self._do(request_type, data), self._loop)
        return asked.result(PATIENCE_SECONDS)

    def start(self) -> None:
        ready: Future[int] = Future()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._run(ready)), name="demo-obs", daemon=True
        )
        self._thread.start()
        self._port = ready.result(PATIENCE_SECONDS)

    def stop(self) -> None:
        """As OBS ends: recordings become final, clients are told and closed with 1001."""
        if self._thread is not None and self._loop is not None and self._server is not None:
            self._loop.call_soon_threadsafe(self._server.close)
            self._thread.join()
        self._thread = self._loop = self._server = self._studio = None

    def kill(self) -> None:
        """As after kill -9 or a power cut: connections reset, files as they are."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._cut)
        self.stop()

    def restart(self) -> None:
        self.stop()
        self.start()

    def __enter__(self) -> DemoObs:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def _run(self, ready: Future[int]) -> None:
        self._loop = asyncio.get_running_loop()
        self._server = server = Server(
            self.faults, self._password, self.requests, lambda: self.slow_seconds
        )
        self._studio = studio = Studio(
            self._options, self.stage, self.profile, self.faults, server.emit
        )
        try:
            await server.run(studio, (self._host, self._port), ready.set_result)
        except OSError as error:
            if ready.done():
                raise
            ready.set_exception(error)

    async def _do(self, request_type: str, data: Json) -> Json:
        assert self._server is not None
        return self._server.answer(request_type, data or None) or {}

    def _cut(self) -> None:
        if self._server is not None and self._studio is not None:
            self._studio.record.cut()
            self._server.abort()
