"""The record output: from STARTING to STOPPED, and the file it writes meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import enum
from collections import deque
from pathlib import Path

from leitstand.demo.obs.encoder import Encoder
from leitstand.demo.obs.faults import Fault
from leitstand.demo.obs.mediafile import FORMATS, MediaFile
from leitstand.demo.obs.options import Options
from leitstand.demo.obs.profile import Profile
from leitstand.demo.obs.program import Program
from leitstand.demo.obs.protocol import Emit, Intent, Json, Refused, Status

START_SECONDS = 0.01
PAUSE_SECONDS = 0.03
LOOKAHEAD = 5
"""Frames the encoder is behind: the file comes so much later than STARTED."""
RECORDED_OF_OVERLOADED = 5
"""An overloaded OBS records one frame of so many."""
UNNOTICED_SECONDS = 5
"""So long OBS records in a format it does not know."""


class State(enum.Enum):
    IDLE = enum.auto()
    STARTING = enum.auto()
    ACTIVE = enum.auto()
    STOPPING = enum.auto()


class Record:
    def __init__(
        self,
        program: Program,
        profile: Profile,
        encoder: Encoder,
        emit: Emit,
        options: Options,
    ) -> None:
        self._program, self._profile, self._encoder = program, profile, encoder
        self._emit, self._options = emit, options
        self._state, self._exiting = State.IDLE, False
        self._pending: deque[int] = deque()
        self._file: MediaFile | None = None
        self._task: asyncio.Task[None] | None = None
        self.is_paused = False
        self.path: Path | None = None
        """Of the first file, also after splits, as OBS has it in the output's settings."""
        self.current: Path | None = None
        self.bytes = self.frames = 0
        self._ended_bytes = self._ended_frames = 0
        self._split_wanted = False

    @property
    def is_active(self) -> bool:
        return self._state in (State.ACTIVE, State.STOPPING)

    @property
    def duration_ms(self) -> int:
        return self.frames * 1000 // self._program.clock.fps if self.is_active else 0

    def start(self) -> None:
        """Says nothing when it cannot: OBS shows a dialog, which nobody sees over the network."""
        if self.is_active:
            raise Refused(Status.OUTPUT_RUNNING)
        full = Fault.DISK_FULL in self._program.faults
        if self._state is State.IDLE and not full and self._profile.directory.is_dir():
            self._state = State.STARTING
            self._task = asyncio.get_running_loop().create_task(self._run())

    def stop(self) -> Path:
        if not self.is_active or self.path is None:
            raise Refused(Status.OUTPUT_NOT_RUNNING)
        self._stopping()
        return self.path

    def pause(self, paused: bool) -> None:
        """Answered at once, done later."""
        if not self.is_active:
            raise Refused(Status.OUTPUT_NOT_RUNNING)
        if paused == self.is_paused:
            raise Refused(Status.OUTPUT_PAUSED if paused else Status.OUTPUT_NOT_PAUSED)
        asyncio.get_running_loop().call_later(PAUSE_SECONDS, self._set_paused, paused)

    def split(self) -> None:
        """Go on in another file, as soon as a frame comes."""
        if not self.is_active:
            raise Refused(Status.OUTPUT_NOT_RUNNING)
        if self._options.splits is None:
            comment = "Verify that file splitting is enabled in the output settings."
            raise Refused(Status.PROCESSING_FAILED, comment)
        self._split_wanted = True

    async def exit(self) -> None:
        """The file is made final, but nobody is told."""
        self._exiting = True
        if self._state is State.STARTING and self._task is not None:
            self._task.cancel()
        elif self._task is not None and not self._task.done():
            self._state = State.STOPPING
            await self._task

    def cut(self) -> None:
        """The power goes: what is on the disk by now is all there will ever be."""
        if self._file is not None:
            self._file.disk.cut()

    async def _run(self) -> None:
        self._tell("STARTING", active=False)
        await asyncio.sleep(START_SECONDS)
        self.path = self.current = self._profile.next_file()
        self.bytes = self.frames = self._ended_bytes = self._ended_frames = 0
        self._split_wanted = False
        self.is_paused = False
        self._state = State.ACTIVE
        self._encoder.begin()
        self._tell("STARTED", active=True, path=self.path)
        await self._encode()
        await asyncio.to_thread(self._close)
        self._encoder.end()
        announced, self._state = self._state is State.STOPPING, State.IDLE
        self.is_paused = False
        if announced and Fault.NO_STOPPED not in self._program.faults:
            self._tell("STOPPED", active=False, path=self.path)

    async def _encode(self) -> None:
        """Frame by frame, until all up to the stop are written or the recording fails."""
        clock, faults, pending = self._program.clock, self._program.faults, self._pending
        first = index = clock.frame() + 1
        while self._state is State.ACTIVE or pending:
            await clock.until(index)
            if self._is_lost(index, first):
                return
            hung = Fault.DISK_HANGS in faults and not self._exiting
            dropped = Fault.OVERLOADED in faults and index % RECORDED_OF_OVERLOADED
            if self._state is State.ACTIVE and not (hung or dropped or self.is_paused):
                pending.append(index)
            behind = 0 if self._state is State.STOPPING else LOOKAHEAD
            if len(pending) > behind and not hung:
                if self._is_split_due():
                    await self._go_over()
                await asyncio.to_thread(self._write, pending.popleft())
            index += 1

    def _is_lost(self, index: int, first: int) -> bool:
        """The disk is full, the folder gone, or there is no such format."""
        path, fps = self.current, self._program.clock.fps
        assert path is not None
        if path.suffix.removeprefix(".") not in FORMATS:
            return index - first > UNNOTICED_SECONDS * fps
        looks = index % max(1, fps // 2) == 0
        gone = looks and self._file is not None and not path.exists()
        failed = self._file is not None and self._file.disk.failed
        if not (gone or failed or Fault.DISK_FULL in self._program.faults):
            return False
        self._stopping()
        self.cut()
        if path.exists():
            path.write_bytes(b"")
        return True

    def _write(self, index: int) -> None:
        """In a thread of its own, so that requests are answered meanwhile."""
        if self._file is None and self.current is not None:
            self._file = MediaFile(
                self.current,
                fps=self._program.clock.fps,
                size=self._program.size,
                cluster_seconds=self._options.cluster_seconds,
            )
        assert self._file is not None
        if Fault.FILE_STALLED in self._program.faults:
            self._file.disk.cut()
        self._file.write(self._program.picture(index), self._program.sound(index))
        self.bytes = self._ended_bytes + self._file.bytes
        self.frames = self._ended_frames + self._file.frames

    def _is_split_due(self) -> bool:
        splits = self._options.splits
        if splits is None or self._file is None or self._state is not State.ACTIVE:
            return False
        long = splits.seconds is not None and (
            self._file.frames >= splits.seconds * self._program.clock.fps
        )
        return long or self._split_wanted

    async def _go_over(self) -> None:
        """End this file and begin the next, in the folder of the first."""
        assert self._file is not None
        assert self.path is not None
        await asyncio.to_thread(self._file.close)
        self._ended_bytes += self._file.bytes
        self._ended_frames += self._file.frames
        self.bytes, self._file, self._split_wanted = self._ended_bytes, None, False
        self.current = self._profile.next_file(self.path.parent)
        if self._options.splits is not None and self._options.splits.announced:
            self._emit(Intent.OUTPUTS, "RecordFileChanged", {"newOutputPath": str(self.current)})

    def _close(self) -> None:
        self._pending.clear()
        if self._file is not None:
            self._file.close()
            self._file = None
        elif self.current is not None:
            # OBS's muxer makes the file before a frame comes, and leaves it if none does.
            with contextlib.suppress(OSError):
                self.current.touch()

    def _stopping(self) -> None:
        if self._state is State.ACTIVE:
            self._state = State.STOPPING
            self._tell("STOPPING", active=False)

    def _set_paused(self, paused: bool) -> None:
        if self._state is State.ACTIVE and paused != self.is_paused:
            self.is_paused = paused
            self._tell("PAUSED" if paused else "RESUMED", active=not paused)

    def _tell(self, state: str, *, active: bool, path: Path | None = None) -> None:
        if self._exiting:
            return
        data: Json = {
            "outputActive": active,
            "outputPath": None if path is None else str(path),
            "outputState": f"OBS_WEBSOCKET_OUTPUT_{state}",
        }
        self._emit(Intent.OUTPUTS, "RecordStateChanged", data)
