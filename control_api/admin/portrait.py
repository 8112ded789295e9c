"""All that OBS tells of an input and of its items in scenes: enough to make it again as it was.

What OBS does not tell is not in it: hotkeys, and the transitions with which an item comes and goes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from control_api.admin.asking import NO_AUDIO, inputs, must_know, scenes, unless
from control_api.errors import Conflict
from control_api.studios.studio import Studio

Json = dict[str, Any]

SOUND: Mapping[str, tuple[str, str]] = {
    "inputMuted": ("GetInputMute", "SetInputMute"),
    "inputVolumeMul": ("GetInputVolume", "SetInputVolume"),
    "inputAudioBalance": ("GetInputAudioBalance", "SetInputAudioBalance"),
    "inputAudioSyncOffset": ("GetInputAudioSyncOffset", "SetInputAudioSyncOffset"),
    "monitorType": ("GetInputAudioMonitorType", "SetInputAudioMonitorType"),
    "inputAudioTracks": ("GetInputAudioTracks", "SetInputAudioTracks"),
}
"""What there is to say of an input's sound, and by which requests."""

_TOLD_ONLY = frozenset({"width", "height", "sourceWidth", "sourceHeight"})
_CLOSE = 1e-4


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Item(_Kept):
    """One appearance in a scene; `index` counts from the bottom."""

    scene: str
    index: int
    visible: bool
    locked: bool
    blend: str
    transform: Json


class Filter(_Kept):
    name: str
    kind: str
    enabled: bool
    settings: Json


class Portrait(_Kept):
    """`sound` has nothing of an input without any."""

    input: str
    kind: str
    settings: Json
    sound: Json
    filters: Sequence[Filter]
    items: Sequence[Item]


def take(studio: Studio, name: str) -> Portrait:
    """Raises NotFound if there is no such input, Conflict if it could not be made again."""
    must_know("input", name, inputs(studio), studio)
    for group in studio.request("GetGroupList")["groups"]:
        listed = studio.request("GetGroupSceneItemList", {"sceneName": group})["sceneItems"]
        if any(one["sourceName"] == name for one in listed):
            raise Conflict(f"{name!r} is in the group {group!r}: OBS cannot put it back in there")
    items = [item for scene in scenes(studio) for _, item in items_of(studio, scene, name)]
    if not items:
        raise Conflict(f"{name!r} is in no scene, so it cannot be made again")
    told = studio.request("GetInputSettings", {"inputName": name})
    return Portrait(
        input=name,
        kind=told["inputKind"],
        settings=told["inputSettings"],
        sound=_sound(studio, name),
        filters=filters_of(studio, name),
        items=items,
    )


def items_of(studio: Studio, scene: str, name: str) -> list[tuple[int, Item]]:
    """Id and item, lowest first."""
    listed = studio.request("GetSceneItemList", {"sceneName": scene})["sceneItems"]
    found = [(one["sceneItemId"], _item(scene, one)) for one in listed if one["sourceName"] == name]
    return sorted(found, key=lambda pair: pair[1].index)


def filters_of(studio: Studio, name: str) -> list[Filter]:
    """In the order in which they work."""
    listed = studio.request("GetSourceFilterList", {"sourceName": name})["filters"]
    return [
        Filter(
            name=one["filterName"],
            kind=one["filterKind"],
            enabled=one["filterEnabled"],
            settings=one["filterSettings"],
        )
        for one in sorted(listed, key=lambda one: int(one["filterIndex"]))
    ]


def differences(wanted: Portrait, found: Portrait) -> list[str]:
    """What is not as it was, by name; empty if all is."""
    return [path for path, a, b in _pairs("", wanted.model_dump(), found.model_dump()) if a != b]


def _sound(studio: Studio, name: str) -> Json:
    sound = {}
    for field, (request, _) in SOUND.items():
        answer = unless((NO_AUDIO,), studio, request, {"inputName": name})
        if answer is not None:
            sound[field] = answer[field]
    return sound


def _item(scene: str, told: Json) -> Item:
    transform = told["sceneItemTransform"]
    return Item(
        scene=scene,
        index=told["sceneItemIndex"],
        visible=told["sceneItemEnabled"],
        locked=told["sceneItemLocked"],
        blend=told["sceneItemBlendMode"],
        transform={key: value for key, value in transform.items() if key not in _TOLD_ONLY},
    )


def _pairs(path: str, a: Any, b: Any) -> Iterator[tuple[str, Any, Any]]:
    """Every leaf of two trees; numbers as close as OBS keeps them count as the same."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in {**a, **b}:
            yield from _pairs(f"{path}.{key}".lstrip("."), a.get(key), b.get(key))
    elif isinstance(a, list | tuple) and isinstance(b, list | tuple) and len(a) == len(b):
        for index, (one, other) in enumerate(zip(a, b, strict=True)):
            yield from _pairs(f"{path}[{index}]", one, other)
    elif isinstance(a, float | int) and isinstance(b, float | int):
        yield path, math.isclose(a, b, rel_tol=_CLOSE, abs_tol=_CLOSE), True
    else:
        yield path, a, b
