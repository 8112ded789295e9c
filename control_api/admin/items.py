"""Scene items on and off, a logo among them."""

from __future__ import annotations

from dataclasses import dataclass

from control_api.admin.asking import NOT_FOUND, confirm, must_know, scenes, unless
from control_api.errors import BadGateway, BadInput
from control_api.settings.service import SettingsService
from control_api.studios.studio import Studio, Studios


@dataclass(frozen=True, slots=True)
class Shown:
    studio: str
    scene: str
    item: str
    visible: bool


class ItemService:
    def __init__(self, studios: Studios, settings: SettingsService) -> None:
        self._studios = studios
        self._settings = settings

    def show(self, studio: str | None, scene: str, item: str, *, visible: bool) -> Shown:
        """`scene` may be a group too; of several items of that name it is the lowest.

        Raises NotFound, BadGateway, Unavailable.
        """
        one = self._studios.get(studio)
        place = {"sceneName": scene, "sceneItemId": _item_id(one, scene, item)}
        one.request("SetSceneItemEnabled", {**place, "sceneItemEnabled": visible})

        def is_done() -> bool:
            return bool(one.request("GetSceneItemEnabled", place)["sceneItemEnabled"]) is visible

        confirm(is_done, one, f"{item!r} is {'not on' if visible else 'still on'}")
        return Shown(one.name, scene, item, visible)

    def logo(self, studio: str | None, *, visible: bool) -> Shown:
        """Raises BadInput if the settings do not say what the logo is."""
        one = self._studios.get(studio)
        settings = self._settings.current.studio(one.name)
        if settings.logo_scene is None or settings.logo_item is None:
            keys = f"studios.{one.name}.logo_scene and .logo_item"
            raise BadInput(f"studio {one.name}: what its logo is must be set first, by {keys}")
        return self.show(one.name, settings.logo_scene, settings.logo_item, visible=visible)


def _item_id(studio: Studio, scene: str, item: str) -> int:
    wanted = {"sceneName": scene, "sourceName": item}
    found = unless((NOT_FOUND,), studio, "GetSceneItemId", wanted)
    if found is not None:
        return int(found["sceneItemId"])
    groups = studio.request("GetGroupList")["groups"]
    must_know("scene", scene, [*scenes(studio), *groups], studio)
    method = "GetGroupSceneItemList" if scene in groups else "GetSceneItemList"
    listed = studio.request(method, {"sceneName": scene})["sceneItems"]
    must_know(f"item: in scene {scene!r}", item, [one["sourceName"] for one in listed], studio)
    raise BadGateway(f"studio {studio.name}: OBS lists {item!r} in {scene!r}, but has no id of it")
