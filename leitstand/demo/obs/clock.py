"""The beat of the frames: number, moment and wall clock of each."""

from __future__ import annotations

import asyncio
import time


class Clock:
    """Frame 0 lies on a whole second of the wall clock, so every `fps`th frame does."""

    def __init__(self, fps: int) -> None:
        self.fps = fps
        wall, now = time.time(), time.monotonic()
        self._epoch = int(wall)
        self._zero = now - (wall - self._epoch)
        self._started = now

    @property
    def running_seconds(self) -> float:
        return time.monotonic() - self._started

    def frame(self) -> int:
        """The frame that is showing."""
        return int((time.monotonic() - self._zero) * self.fps)

    def wall(self, index: int) -> float:
        """Unix time of a frame."""
        return self._epoch + index / self.fps

    async def until(self, index: int) -> None:
        """Also lets others run when the frame is long due."""
        await asyncio.sleep(max(0.0, self._zero + index / self.fps - time.monotonic()))
