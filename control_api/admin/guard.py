"""The audio guard: restarts the camera of a studio whose program has been silent for too long.

It never touches a recording. A studio that is down is not silent, nor one whose camera is not on
air, nor one in which every input is muted: then it waits.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from control_api.admin.asking import inputs, is_muted, is_on_air
from control_api.admin.audio import SILENT_DBFS, decibels
from control_api.admin.camera import CameraService
from control_api.clock import Clock
from control_api.errors import ApiError
from control_api.settings.model import StudioSettings
from control_api.settings.service import SettingsService
from control_api.studios.studio import Studio, Studios
from leitstand.clients.obs import ObsLink

logger = logging.getLogger(__name__)

TICK_SECONDS = 5.0

State = Literal["off", "waiting", "audible", "silent"]


@dataclass(frozen=True, slots=True)
class Watch:
    """What the guard of a studio knows; `silent_seconds` counts anew after a reload."""

    state: State
    reason: str
    silent_seconds: float = 0.0
    reloads: int = 0


class Guard:
    """Of one studio; `tick` is called by one thread, `watch` may be read by any."""

    def __init__(
        self,
        studio: Studio,
        camera: CameraService,
        clock: Clock,
        *,
        settings: Callable[[], StudioSettings],
        listen: Callable[[Studio], ObsLink],
    ) -> None:
        self.watch = Watch("off", "not switched on")
        self._studio = studio
        self._camera = camera
        self._clock = clock
        self._settings = settings
        self._listen = listen
        self._link: ObsLink | None = None
        self._silent_since: float | None = None
        self._reloads = 0

    def tick(self) -> None:
        settings = self._settings()
        if not settings.guard_minutes or settings.camera_input is None:
            self.close()
            on = settings.guard_minutes and "no camera_input is set"
            self._see("off", on or "not switched on")
            return
        state, reason = self._heard(settings.camera_input)
        now = self._clock.monotonic()
        if state != "silent":
            self._silent_since = None
        elif self._silent_since is None:
            self._silent_since = now
        elif now - self._silent_since >= settings.guard_minutes * 60:
            self._silent_since = now
            reason = self._reload(settings.guard_minutes)
        self._see(state, reason)

    def close(self) -> None:
        self._silent_since = None
        if self._link is not None:
            self._link.close()
            self._link = None

    def _heard(self, camera: str) -> tuple[State, str]:
        """What there was to hear since the last tick."""
        if self._link is None:
            self._link = self._listen(self._studio)
        news = self._link.events()
        if news.is_incomplete or not self._link.is_connected:
            return "waiting", f"OBS {self._link.error or 'was just connected'}"
        loudest = max((level.peak for level in news.levels.values()), default=0.0)
        if decibels(loudest) >= SILENT_DBFS:
            return "audible", f"up to {decibels(loudest):g} dBFS"
        try:
            return self._why_silent(camera)
        except ApiError as error:
            return "waiting", error.detail

    def _why_silent(self, camera: str) -> tuple[State, str]:
        if not is_on_air(self._studio, camera):
            return "waiting", f"{camera} is not on air"
        there = inputs(self._studio)
        if not any(
            is_muted(self._studio, name) is False and is_on_air(self._studio, name)
            for name in there
        ):
            return "waiting", "everything on air is muted"
        return "silent", "nothing to hear"

    def _reload(self, minutes: float) -> str:
        try:
            done = self._camera.reload(
                self._studio.name, "restart", f"audio guard, after {minutes:g} silent minutes"
            )
        except ApiError as error:
            logger.warning("%s: audio guard: %s", self._studio.name, error.detail)
            return f"the camera could not be restarted: {error.detail}"
        self._reloads += 1
        return done.message

    def _see(self, state: State, reason: str) -> None:
        since = self._silent_since
        silent = 0.0 if since is None else self._clock.monotonic() - since
        self.watch = Watch(state, reason, silent, self._reloads)


class Guards:
    """One for each studio; `tick` is to be called every TICK_SECONDS."""

    def __init__(
        self,
        studios: Studios,
        settings: SettingsService,
        camera: CameraService,
        clock: Clock,
        listen: Callable[[Studio], ObsLink],
    ) -> None:
        def of(studio: Studio) -> Guard:
            return Guard(
                studio,
                camera,
                clock,
                settings=lambda: settings.current.studio(studio.name),
                listen=listen,
            )

        self._guards = {studio.name: of(studio) for studio in studios}

    def tick(self) -> None:
        for name, guard in self._guards.items():
            try:
                guard.tick()
            except Exception:
                # One studio's mistake must not leave the others without a guard.
                logger.exception("%s: audio guard", name)

    def watch(self, studio: str) -> Watch:
        return self._guards[studio].watch

    def close(self) -> None:
        for guard in self._guards.values():
            guard.close()
