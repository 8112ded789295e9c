"""How it stands in every studio: OBS, scene, inputs, mute, guard, and what is still to be set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from control_api.admin.asking import current_scene, inputs, is_muted, scenes
from control_api.admin.guard import Guards, Watch
from control_api.errors import ApiError
from control_api.settings.model import StudioSettings
from control_api.settings.service import SettingsService
from control_api.studios.studio import Studio, Studios

_NEEDED = {
    "camera_input": "reload the camera",
    "microphone_input": "mute without naming an input",
    "logo_scene": "switch the logo",
    "logo_item": "switch the logo",
}


@dataclass(frozen=True, slots=True)
class Input:
    """`muted` is null of an input without sound."""

    name: str
    kind: str
    muted: bool | None


@dataclass(frozen=True, slots=True)
class Overview:
    """Of one studio; what only OBS knows is null while it does not answer."""

    name: str
    connected: bool
    reason: str
    guard: Watch
    missing: Sequence[str]
    obs_version: str | None = None
    scene: str | None = None
    fps: float | None = None
    muted: bool | None = None
    inputs: Sequence[Input] = field(default_factory=tuple)


class OverviewService:
    def __init__(self, studios: Studios, settings: SettingsService, guards: Guards) -> None:
        self._studios = studios
        self._settings = settings
        self._guards = guards

    def all(self) -> Sequence[Overview]:
        return [self._of(studio) for studio in self._studios]

    def _of(self, studio: Studio) -> Overview:
        settings = self._settings.current.studio(studio.name)
        watch = self._guards.watch(studio.name)
        try:
            return _asked(studio, settings, watch)
        except ApiError as error:
            missing = _unset(studio.name, settings)
            return Overview(studio.name, False, error.detail, watch, missing)


def _asked(studio: Studio, settings: StudioSettings, watch: Watch) -> Overview:
    version = studio.request("GetVersion")["obsVersion"]
    scene, known = current_scene(studio), scenes(studio)
    found = [Input(name, kind, is_muted(studio, name)) for name, kind in inputs(studio).items()]
    of_name = {one.name: one for one in found}
    microphone = of_name.get(settings.microphone_input or "")
    muted = scene == settings.mute_scene or bool(microphone and microphone.muted)
    return Overview(
        studio.name,
        True,
        "",
        watch,
        [*_unset(studio.name, settings), *_wrong(studio.name, settings, known, list(of_name))],
        obs_version=version,
        scene=scene,
        fps=studio.request("GetStats")["activeFps"],
        muted=muted,
        inputs=found,
    )


def _unset(studio: str, settings: StudioSettings) -> list[str]:
    return [
        f"studios.{studio}.{key} is not set: needed to {what}"
        for key, what in _NEEDED.items()
        if getattr(settings, key) is None
    ]


def _wrong(
    studio: str, settings: StudioSettings, known: Sequence[str], there: Sequence[str]
) -> list[str]:
    """What is set to something that OBS does not have."""
    named = {
        "camera_input": there,
        "microphone_input": there,
        "mute_scene": known,
        "logo_scene": known,
    }
    return [
        f"studios.{studio}.{key} is {value!r}, which OBS does not have"
        for key, ones in named.items()
        if (value := getattr(settings, key)) is not None and value not in ones
    ]
