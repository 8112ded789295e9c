"""Mute and unmute: an input, or the whole program by switching to a scene and back."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from control_api.admin.asking import (
    confirm,
    current_scene,
    inputs,
    is_muted,
    must_know,
    scenes,
)
from control_api.errors import BadInput, Conflict
from control_api.settings.memory import Memory
from control_api.settings.service import SettingsService
from control_api.studios.studio import Studio, Studios


@dataclass(frozen=True, slots=True)
class Muting:
    """What holds now: of an input, or, with `input` None, of the program by its scene."""

    studio: str
    muted: bool
    input: str | None
    scene: str


class MuteService:
    """The scene before the mute is kept: a restart finds the way back."""

    def __init__(self, studios: Studios, settings: SettingsService, memory: Memory) -> None:
        self._studios = studios
        self._settings = settings
        self._memory = memory
        # Else a second mute could take the mute scene for the one to come back to.
        self._turns: Mapping[str, threading.Lock] = {
            name: threading.Lock() for name in studios.names
        }

    def mute(self, studio: str | None, input_: str | None) -> Muting:
        """Raises BadInput without an input where none is set, NotFound, BadGateway, Unavailable."""
        one = self._studios.get(studio)
        scene = self._settings.current.studio(one.name).mute_scene
        with self._turns[one.name]:
            if input_ is None and scene is not None:
                return self._to_mute_scene(one, scene)
            return self._set(one, input_, True)

    def unmute(self, studio: str | None, input_: str | None) -> Muting:
        """Raises Conflict too, if the way back is not known."""
        one = self._studios.get(studio)
        scene = self._settings.current.studio(one.name).mute_scene
        with self._turns[one.name]:
            kept = self._memory.recall(_key(one))
            if input_ is None and (scene is not None or kept is not None):
                return self._back(one, kept or {"muted_by": scene})
            return self._set(one, input_, False)

    def _set(self, studio: Studio, name: str | None, muted: bool) -> Muting:
        name = name or self._settings.current.studio(studio.name).microphone_input
        if name is None:
            key = f"studios.{studio.name}.microphone_input"
            raise BadInput(f"input: needed, since the setting {key} is not set")
        must_know("input", name, inputs(studio), studio)
        if is_muted(studio, name) is None:
            raise BadInput(f"input: {name!r} of studio {studio.name} has no sound")
        studio.request("SetInputMute", {"inputName": name, "inputMuted": muted})
        says = "is not muted" if muted else "is still muted"
        confirm(lambda: is_muted(studio, name) is muted, studio, f"{name!r} {says}")
        return Muting(studio.name, muted, name, current_scene(studio))

    def _to_mute_scene(self, studio: Studio, mute_scene: str) -> Muting:
        before = current_scene(studio)
        if before != mute_scene:
            must_know("the setting mute_scene", mute_scene, scenes(studio), studio)
            self._memory.keep(_key(studio), {"before": before, "muted_by": mute_scene})
            _switch(studio, mute_scene)
        return Muting(studio.name, True, None, mute_scene)

    def _back(self, studio: Studio, kept: Mapping[str, str]) -> Muting:
        now = current_scene(studio)
        # Who switched to another scene meanwhile has unmuted it, and wants to stay there.
        if now == kept["muted_by"]:
            known = scenes(studio)
            before = kept.get("before")
            if before is None or before not in known:
                which = "is not known" if before is None else f"was {before!r}, which is gone"
                raise Conflict(
                    f"studio {studio.name}: the scene before the mute {which}; "
                    f"switch in OBS to one of: {', '.join(known)}"
                )
            _switch(studio, before)
            now = before
        self._memory.forget(_key(studio))
        return Muting(studio.name, False, None, now)


def _switch(studio: Studio, scene: str) -> None:
    studio.request("SetCurrentProgramScene", {"sceneName": scene})
    confirm(lambda: current_scene(studio) == scene, studio, f"{scene!r} is not on air")


def _key(studio: Studio) -> str:
    return f"scene_before_mute.{studio.name}"
