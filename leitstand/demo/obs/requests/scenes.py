"""Requests about scenes and what is in them."""

from __future__ import annotations

from leitstand.demo.obs.fields import Fields
from leitstand.demo.obs.protocol import Intent, Json, Refused, Status
from leitstand.demo.obs.requests.general import Handler
from leitstand.demo.obs.stage import Item
from leitstand.demo.obs.studio import Studio

TOP_LEFT = 5
LARGEST_ID = 2**31


def get_scene_list(studio: Studio, _: Fields) -> Json:
    scenes = enumerate(studio.stage.scenes)
    return {
        "currentPreviewSceneName": None,
        "currentProgramSceneName": studio.stage.current,
        "scenes": [{"sceneIndex": index, "sceneName": name} for index, name in scenes],
    }


def get_current_program_scene(studio: Studio, _: Fields) -> Json:
    return {"currentProgramSceneName": studio.stage.current}


def set_current_program_scene(studio: Studio, fields: Fields) -> None:
    studio.transition.to(studio.stage.scene(fields.text("sceneName")).name)


def get_scene_item_list(studio: Studio, fields: Fields) -> Json:
    scene = studio.stage.scene(fields.text("sceneName"))
    return {"sceneItems": [_listed(studio, item, index) for index, item in enumerate(scene.items)]}


def get_scene_item_id(studio: Studio, fields: Fields) -> Json:
    scene, source = studio.stage.scene(fields.text("sceneName")), fields.text("sourceName")
    for item in scene.items:
        if item.source == source:
            return {"sceneItemId": item.id}
    comment = "No scene items were found in the specified scene by that name or offset."
    raise Refused(Status.NOT_FOUND, comment)


def get_scene_item_enabled(studio: Studio, fields: Fields) -> Json:
    return {"sceneItemEnabled": item_of(studio, fields).enabled}


def set_scene_item_enabled(studio: Studio, fields: Fields) -> None:
    item, enabled = item_of(studio, fields), fields.flag("sceneItemEnabled")
    item.enabled = enabled
    data = {
        "sceneItemEnabled": enabled,
        "sceneItemId": item.id,
        "sceneName": fields.text("sceneName"),
    }
    studio.emit(Intent.SCENE_ITEMS, "SceneItemEnableStateChanged", data)
    studio.transition.settle()


def get_source_active(studio: Studio, fields: Fields) -> Json:
    name, stage = fields.text("sourceName"), studio.stage
    stage.must_exist(name)
    active = name == stage.current or name in stage.active
    return {"videoActive": active, "videoShowing": active}


def item_of(studio: Studio, fields: Fields) -> Item:
    scene = studio.stage.scene(fields.text("sceneName"))
    wanted = fields.number("sceneItemId", 0, LARGEST_ID)
    for item in scene.items:
        if item.id == wanted:
            return item
    comment = "No scene items were found in the specified scene by that ID."
    raise Refused(Status.NOT_FOUND, comment)


def _listed(studio: Studio, item: Item, index: int) -> Json:
    width, height = map(float, studio.program.size)
    return {
        "inputKind": studio.stage.inputs[item.source].kind,
        "isGroup": None,
        "sceneItemBlendMode": item.blend,
        "sceneItemEnabled": item.enabled,
        "sceneItemId": item.id,
        "sceneItemIndex": index,
        "sceneItemLocked": item.locked,
        "sceneItemTransform": {
            "alignment": TOP_LEFT,
            "boundsAlignment": 0,
            "boundsHeight": 0.0,
            "boundsType": "OBS_BOUNDS_NONE",
            "boundsWidth": 0.0,
            **dict.fromkeys(("cropBottom", "cropLeft", "cropRight", "cropTop"), 0),
            "height": height,
            "positionX": 0.0,
            "positionY": 0.0,
            "rotation": 0.0,
            "scaleX": 1.0,
            "scaleY": 1.0,
            "sourceHeight": height,
            "sourceWidth": width,
            "width": width,
            **item.transform,
        },
        "sourceName": item.source,
        "sourceType": "OBS_SOURCE_TYPE_INPUT",
    }


REQUESTS: dict[str, Handler] = {
    "GetSceneList": get_scene_list,
    "GetCurrentProgramScene": get_current_program_scene,
    "SetCurrentProgramScene": set_current_program_scene,
    "GetSceneItemList": get_scene_item_list,
    "GetSceneItemId": get_scene_item_id,
    "GetSceneItemEnabled": get_scene_item_enabled,
    "SetSceneItemEnabled": set_scene_item_enabled,
    "GetSourceActive": get_source_active,
}
