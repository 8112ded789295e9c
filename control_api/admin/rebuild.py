"""An input taken out of OBS and made again after its portrait. To make it again may be repeated."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from control_api.admin.asking import inputs, scenes, until
from control_api.admin.portrait import (
    SOUND,
    Filter,
    Item,
    Json,
    Portrait,
    differences,
    filters_of,
    items_of,
    take,
)
from control_api.errors import BadGateway, Conflict
from control_api.studios.studio import Studio

# Long: it lets go when its last picture is drawn, which on a busy machine takes a while.
GONE_SECONDS = 15.0


def take_out(studio: Studio, portrait: Portrait, within: float = GONE_SECONDS) -> None:
    """Take away its items, and so the input itself. Raises BadGateway if OBS holds on to it.

    Not by RemoveInput: of an input in a scene that is not shown, OBS 29 then keeps something for
    ever, and OBS 32 of every input with sound; its name is never free again.
    """
    for scene in _scenes(portrait):
        for number, _ in items_of(studio, scene, portrait.input):
            studio.request("RemoveSceneItem", {"sceneName": scene, "sceneItemId": number})
    if not until(lambda: portrait.input not in inputs(studio), within):
        raise BadGateway(
            f"studio {studio.name}: OBS still holds {portrait.input!r} {within:g} s after "
            "it was taken out of every scene"
        )


def build(studio: Studio, portrait: Portrait) -> list[str]:
    """Make what is missing of it, and the rest as it was; gives what is not as it was.

    Hidden until all the rest is right: else it would be seen and heard as it was not.
    Raises Conflict if none of its scenes is there.
    """
    there = set(scenes(studio))
    items = [item for item in portrait.items if item.scene in there]
    if not items:
        raise Conflict(
            f"studio {studio.name}: none of the scenes of {portrait.input!r} is there: "
            f"{', '.join(_scenes(portrait))}"
        )
    if portrait.input not in inputs(studio):
        _create(studio, portrait, items[0].scene)
    _set_sound(studio, portrait)
    _set_filters(studio, portrait.input, portrait.filters)
    placed = [
        (number, item)
        for scene, group in groupby(items, key=lambda item: item.scene)
        for number, item in _placed(studio, scene, portrait.input, list(group))
    ]
    for number, item in placed:
        _arrange(studio, number, item)
    for number, item in placed:
        _ask(studio, item, number, "SetSceneItemEnabled", {"sceneItemEnabled": item.visible})
    wanted = portrait.model_copy(update={"items": items})
    return differences(wanted, take(studio, portrait.input))


def _create(studio: Studio, portrait: Portrait, scene: str) -> None:
    made = {
        "sceneName": scene,
        "inputName": portrait.input,
        "inputKind": portrait.kind,
        "inputSettings": portrait.settings,
        "sceneItemEnabled": False,
    }
    studio.request("CreateInput", made)


def _set_sound(studio: Studio, portrait: Portrait) -> None:
    for field, value in portrait.sound.items():
        _, request = SOUND[field]
        studio.request(request, {"inputName": portrait.input, field: value})


def _set_filters(studio: Studio, name: str, filters: Sequence[Filter]) -> None:
    there = {one.name for one in filters_of(studio, name)}
    for index, one in enumerate(filters):
        which = {"sourceName": name, "filterName": one.name}
        if one.name not in there:
            made = {"filterKind": one.kind, "filterSettings": one.settings}
            studio.request("CreateSourceFilter", which | made)
        studio.request("SetSourceFilterEnabled", which | {"filterEnabled": one.enabled})
        studio.request("SetSourceFilterIndex", which | {"filterIndex": index})


def _placed(studio: Studio, scene: str, name: str, items: list[Item]) -> list[tuple[int, Item]]:
    """The items of one scene, each with the id that it has or is given now; lowest first."""
    numbers = [number for number, _ in items_of(studio, scene, name)]
    new = {"sceneName": scene, "sourceName": name, "sceneItemEnabled": False}
    while len(numbers) < len(items):
        numbers.append(int(studio.request("CreateSceneItem", new)["sceneItemId"]))
    return list(zip(numbers, sorted(items, key=lambda item: item.index), strict=False))


def _arrange(studio: Studio, number: int, item: Item) -> None:
    # From the lowest up, so that whatever is to lie below is there already.
    _ask(studio, item, number, "SetSceneItemIndex", {"sceneItemIndex": item.index})
    transform = dict(item.transform)
    for side in ("boundsWidth", "boundsHeight"):
        # Without bounds OBS says 0, and refuses to be told so.
        if transform.get(side, 0) < 1:
            transform.pop(side, None)
    _ask(studio, item, number, "SetSceneItemTransform", {"sceneItemTransform": transform})
    _ask(studio, item, number, "SetSceneItemBlendMode", {"sceneItemBlendMode": item.blend})
    _ask(studio, item, number, "SetSceneItemLocked", {"sceneItemLocked": item.locked})


def _ask(studio: Studio, item: Item, number: int, request: str, data: Json) -> None:
    studio.request(request, {"sceneName": item.scene, "sceneItemId": number} | data)


def _scenes(portrait: Portrait) -> list[str]:
    return list(dict.fromkeys(item.scene for item in portrait.items))
