"""The stream output: connecting, losing the server, trying again, giving up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from leitstand.demo.obs.encoder import Encoder
from leitstand.demo.obs.faults import Fault
from leitstand.demo.obs.program import Program
from leitstand.demo.obs.protocol import Emit, Intent, Refused, Status

REFUSED_SECONDS, CONNECT_SECONDS, STOP_SECONDS = 0.1, 0.2, 0.2
LOOK_SECONDS = 0.05
BYTES_PER_SECOND = 318_000


class Stream:
    """Nothing is sent anywhere; the numbers are those of 2.5 Mbit/s."""

    def __init__(
        self, program: Program, encoder: Encoder, emit: Emit, retries: Sequence[float]
    ) -> None:
        self._program, self._encoder, self._emit = program, encoder, emit
        self._retries = retries
        self._task: asyncio.Task[None] | None = None
        self._since = self._frozen = 0.0
        self.is_active = self.is_reconnecting = self.was_started = False
        self.frames = 0

    @property
    def seconds(self) -> float:
        if not self.is_active:
            return 0.0
        return self._frozen if self.is_reconnecting else time.monotonic() - self._since

    @property
    def bytes(self) -> int:
        return 0 if self.is_reconnecting else int(self.seconds * BYTES_PER_SECOND)

    @property
    def total_frames(self) -> int:
        """Keeps its last value, as in OBS."""
        if self.is_active:
            self.frames = int(self.seconds * self._program.clock.fps)
        return self.frames

    def start(self) -> None:
        if self.is_active:
            raise Refused(Status.OUTPUT_RUNNING)
        if self._task is None or self._task.done():
            self.was_started = True
            self._task = asyncio.get_running_loop().create_task(self._run())

    def stop(self) -> None:
        if not self.is_active or self._task is None:
            raise Refused(Status.OUTPUT_NOT_RUNNING)
        self._task.cancel()
        self._tell("STOPPING", active=False)
        self._task = asyncio.get_running_loop().create_task(self._stop())

    def exit(self) -> None:
        if self._task is not None:
            self._task.cancel()

    @property
    def _is_lost(self) -> bool:
        return Fault.STREAM_LOST in self._program.faults

    async def _run(self) -> None:
        self._tell("STARTING", active=False)
        if self._is_lost:
            await asyncio.sleep(REFUSED_SECONDS)
            self._tell("STOPPED", active=False)
            return
        await asyncio.sleep(CONNECT_SECONDS)
        self._connect()
        self._encoder.begin()
        self._tell("STARTED", active=True)
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self._is_lost and not await self._reconnect():
                break
        self._end()

    async def _stop(self) -> None:
        await asyncio.sleep(STOP_SECONDS)
        self._end()

    async def _reconnect(self) -> bool:
        self._frozen = self.seconds
        self.is_reconnecting = True
        for seconds in self._retries:
            self._tell("RECONNECTING", active=False)
            await asyncio.sleep(seconds)
            if not self._is_lost:
                self._connect()
                self._tell("RECONNECTED", active=True)
                return True
        return False

    def _connect(self) -> None:
        self.is_active, self.is_reconnecting = True, False
        self._since = time.monotonic()

    def _end(self) -> None:
        self.frames = self.total_frames
        self.is_active = self.is_reconnecting = False
        self._encoder.end()
        self._tell("STOPPED", active=False)

    def _tell(self, state: str, *, active: bool) -> None:
        data = {"outputActive": active, "outputState": f"OBS_WEBSOCKET_OUTPUT_{state}"}
        self._emit(Intent.OUTPUTS, "StreamStateChanged", data)
