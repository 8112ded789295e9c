"""One run of OBS: its parts, from the start of the program to its end."""

from __future__ import annotations

import psutil

from leitstand.demo.obs.clock import Clock
from leitstand.demo.obs.encoder import Encoder
from leitstand.demo.obs.faults import Fault, Faults
from leitstand.demo.obs.options import Options
from leitstand.demo.obs.profile import Profile
from leitstand.demo.obs.program import Program
from leitstand.demo.obs.protocol import Emit, Intent, Json
from leitstand.demo.obs.record import Record
from leitstand.demo.obs.stage import Stage
from leitstand.demo.obs.stream import Stream
from leitstand.demo.obs.transition import Transition

MIB = 2**20
RENDER_SKIPPED_FRAMES = 5
"""A real one skips a few while it starts."""
RENDER_MILLISECONDS = 1.9


class Studio:
    def __init__(
        self, options: Options, stage: Stage, profile: Profile, faults: Faults, emit: Emit
    ) -> None:
        self.stage, self.profile, self.faults, self.emit = stage, profile, faults, emit
        self.clock = Clock(options.fps)
        self.program = Program(self.clock, stage, faults, options.size)
        self.encoder = Encoder(self.program)
        self.options = options
        self.record = Record(self.program, profile, self.encoder, emit, options)
        self.stream = Stream(self.program, self.encoder, emit, options.stream_retries)
        self.transition = Transition(stage, emit)
        self.stream_service: Json = {
            "streamServiceType": "rtmp_common",
            "streamServiceSettings": {},
        }
        self._process = psutil.Process()
        self._first_frame = self.clock.frame()
        stage.active = stage.wanted()

    def stats(self) -> Json:
        self.encoder.count()
        started = self.clock.running_seconds >= 1
        with self._process.oneshot():
            cpu, memory = self._process.cpu_percent(), self._process.memory_info().rss
        return {
            "activeFps": float(self.clock.fps) if started else 0.0,
            "availableDiskSpace": self.disk_available() / MIB,
            "averageFrameRenderTime": RENDER_MILLISECONDS,
            "cpuUsage": float(cpu),
            "memoryUsage": memory / MIB,
            "outputSkippedFrames": self.encoder.skipped,
            "outputTotalFrames": self.encoder.total,
            "renderSkippedFrames": RENDER_SKIPPED_FRAMES,
            "renderTotalFrames": self.clock.frame() - self._first_frame,
        }

    def disk_available(self) -> int:
        """Of the record folder; 0 also when the folder is gone."""
        folder = self.profile.directory
        if Fault.DISK_FULL in self.faults or not folder.is_dir():
            return 0
        return int(psutil.disk_usage(str(folder)).free)

    async def exit(self) -> None:
        """A clean end: recordings become final, and everything is announced as removed."""
        self.stream.exit()
        self.transition.exit()
        await self.record.exit()
        for scene in self.stage.scenes:
            removed = {"isGroup": False, "sceneName": scene}
            self.emit(Intent.SCENES, "SceneRemoved", removed)
        for input_ in self.stage.inputs:
            self.emit(Intent.INPUTS, "InputRemoved", {"inputName": input_})
        self.emit(Intent.GENERAL, "ExitStarted", None)
