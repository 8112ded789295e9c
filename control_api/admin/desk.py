"""The services behind /api/admin, as far as they are about studios, put together."""

from __future__ import annotations

from pathlib import Path

from control_api.admin.audio import AudioService
from control_api.admin.camera import CameraService
from control_api.admin.guard import TICK_SECONDS, Guards
from control_api.admin.inputs import MuteService
from control_api.admin.items import ItemService
from control_api.admin.overview import OverviewService
from control_api.clock import Clock
from control_api.events.service import EventService
from control_api.provide import Provided
from control_api.settings.memory import Memory
from control_api.settings.service import SettingsService
from control_api.studios.studio import Studio, Studios
from control_api.timer import Timer


class Desk:
    """`provided` is for the app; `state` is the folder that survives a restart."""

    def __init__(
        self,
        studios: Studios,
        settings: SettingsService,
        events: EventService,
        clock: Clock,
        *,
        memory: Memory,
        state: Path,
    ) -> None:
        self.camera = CameraService(studios, settings, events, state)
        self.guards = Guards(studios, settings, self.camera, clock, Studio.levels_link)
        self.provided: Provided = {
            AudioService: AudioService(studios, Studio.levels_link),
            CameraService: self.camera,
            ItemService: ItemService(studios, settings),
            MuteService: MuteService(studios, settings, memory),
            OverviewService: OverviewService(studios, settings, self.guards),
        }

    def begin(self, timer: Timer) -> None:
        """From when the timer runs: guard, and bring back what was taken out at the last end."""
        timer.every(TICK_SECONDS, "audio guard", self.guards.tick, in_one=True)
        timer.every(TICK_SECONDS, "cameras back", self.camera.put_back)

    def close(self) -> None:
        self.guards.close()
