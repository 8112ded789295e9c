"""Requests about where and how a source lies in a scene, and its coming and going there."""

from __future__ import annotations

import asyncio

from leitstand.demo.obs.fields import Fields
from leitstand.demo.obs.protocol import Intent, Json, Refused, Status
from leitstand.demo.obs.requests.general import Handler, always
from leitstand.demo.obs.requests.scenes import get_scene_item_list, item_of
from leitstand.demo.obs.studio import Studio

GONE_SECONDS = 0.05
"""From the end of its last item to the end of an input."""
SMALLEST_BOUNDS, LARGEST = 1.0, 90_001.0
TOLD_ONLY = ("width", "height", "sourceWidth", "sourceHeight")


def create_scene_item(studio: Studio, fields: Fields) -> Json:
    scene, source = studio.stage.scene(fields.text("sceneName")), fields.text("sourceName")
    studio.stage.must_exist(source)
    enabled = fields.flag("sceneItemEnabled") if fields.has("sceneItemEnabled") else True
    item = scene.add(source, enabled=enabled)
    place = {"sceneItemId": item.id, "sceneName": scene.name}
    at = {"sceneItemIndex": scene.items.index(item), "sourceName": source}
    studio.emit(Intent.SCENE_ITEMS, "SceneItemCreated", place | at)
    studio.transition.settle()
    return {"sceneItemId": item.id}


def remove_scene_item(studio: Studio, fields: Fields) -> None:
    """An input ends when its last item does, but not at once."""
    scene, item = studio.stage.scene(fields.text("sceneName")), item_of(studio, fields)
    scene.items.remove(item)
    data = {"sceneItemId": item.id, "sceneName": scene.name, "sourceName": item.source}
    studio.emit(Intent.SCENE_ITEMS, "SceneItemRemoved", data)
    studio.transition.settle()
    asyncio.get_running_loop().call_later(GONE_SECONDS, _end_unused, studio, item.source)


def _end_unused(studio: Studio, name: str) -> None:
    stage = studio.stage
    if name in stage.inputs.keys() - stage.held and not any(
        item.source == name for scene in stage.scenes.values() for item in scene.items
    ):
        del stage.inputs[name]
        studio.emit(Intent.INPUTS, "InputRemoved", {"inputName": name})


def set_scene_item_index(studio: Studio, fields: Fields) -> None:
    scene, item = studio.stage.scene(fields.text("sceneName")), item_of(studio, fields)
    index = fields.number("sceneItemIndex", 0, 8192)
    scene.items.remove(item)
    scene.items.insert(int(index), item)


def set_scene_item_locked(studio: Studio, fields: Fields) -> None:
    item_of(studio, fields).locked = fields.flag("sceneItemLocked")


def set_scene_item_blend_mode(studio: Studio, fields: Fields) -> None:
    item_of(studio, fields).blend = fields.text("sceneItemBlendMode")


def get_scene_item_transform(studio: Studio, fields: Fields) -> Json:
    wanted = item_of(studio, fields).id
    listed = get_scene_item_list(studio, fields)["sceneItems"]
    (found,) = [one for one in listed if one["sceneItemId"] == wanted]
    return {"sceneItemTransform": found["sceneItemTransform"]}


def set_scene_item_transform(studio: Studio, fields: Fields) -> None:
    item, given = item_of(studio, fields), fields.object("sceneItemTransform")
    inner = Fields(given)
    for name in ("boundsWidth", "boundsHeight"):
        if inner.has(name):
            inner.number(name, SMALLEST_BOUNDS, LARGEST)
    changed = {name: value for name, value in given.items() if name not in TOLD_ONLY}
    if not changed:
        comment = "You have not provided any valid transform changes."
        raise Refused(Status.INVALID_FIELD, comment)
    item.transform = item.transform | changed


REQUESTS: dict[str, Handler] = {
    "GetGroupList": always({"groups": []}),
    "CreateSceneItem": create_scene_item,
    "RemoveSceneItem": remove_scene_item,
    "SetSceneItemIndex": set_scene_item_index,
    "SetSceneItemLocked": set_scene_item_locked,
    "SetSceneItemBlendMode": set_scene_item_blend_mode,
    "GetSceneItemTransform": get_scene_item_transform,
    "SetSceneItemTransform": set_scene_item_transform,
}
