"""Requests about inputs: sound, settings, media, and their coming and going."""

from __future__ import annotations

import math
import time

from leitstand.demo.obs.fields import Fields
from leitstand.demo.obs.protocol import Intent, Json, Refused, Status
from leitstand.demo.obs.requests.general import Handler, always
from leitstand.demo.obs.stage import KINDS, TONE, TONE_SECONDS, Input
from leitstand.demo.obs.studio import Studio

QUIETEST_DB, LOUDEST_DB, LOUDEST_MUL = -100.0, 26.0, 20.0
ACTION = "OBS_WEBSOCKET_MEDIA_INPUT_ACTION_"
SPECIAL = ("desktop1", "desktop2", "mic1", "mic2", "mic3", "mic4")


def _input(studio: Studio, fields: Fields) -> Input:
    return studio.stage.input(fields.text("inputName"))


def audible(studio: Studio, fields: Fields) -> Input:
    input_ = _input(studio, fields)
    if not input_.has_audio:
        raise Refused(Status.INVALID_STATE, "The specified input does not support audio.")
    return input_


def _listed(input_: Input) -> Json:
    return {
        "inputKind": input_.kind,
        "inputName": input_.name,
        "unversionedInputKind": input_.unversioned_kind,
    }


def _volume(input_: Input) -> Json:
    decibels = 20 * math.log10(input_.volume) if input_.volume else QUIETEST_DB
    return {"inputVolumeDb": decibels, "inputVolumeMul": input_.volume}


def get_input_list(studio: Studio, fields: Fields) -> Json:
    kind = fields.text("inputKind") if fields.has("inputKind") else None
    listed = map(_listed, studio.stage.inputs.values())
    return {"inputs": [one for one in listed if kind in (None, one["inputKind"])]}


def get_input_mute(studio: Studio, fields: Fields) -> Json:
    return {"inputMuted": audible(studio, fields).muted}


def set_input_mute(studio: Studio, fields: Fields) -> None:
    _mute(studio, audible(studio, fields), fields.flag("inputMuted"))


def toggle_input_mute(studio: Studio, fields: Fields) -> Json:
    input_ = audible(studio, fields)
    _mute(studio, input_, not input_.muted)
    return {"inputMuted": input_.muted}


def _mute(studio: Studio, input_: Input, muted: bool) -> None:
    input_.muted = muted
    data = {"inputMuted": muted, "inputName": input_.name}
    studio.emit(Intent.INPUTS, "InputMuteStateChanged", data)


def get_input_volume(studio: Studio, fields: Fields) -> Json:
    return _volume(audible(studio, fields))


def set_input_volume(studio: Studio, fields: Fields) -> None:
    input_ = audible(studio, fields)
    by_factor, by_decibels = fields.has("inputVolumeMul"), fields.has("inputVolumeDb")
    if by_factor and by_decibels:
        raise Refused(Status.TOO_MANY_FIELDS, "You may only specify one volume field.")
    if by_factor:
        input_.volume = fields.number("inputVolumeMul", 0, LOUDEST_MUL)
    elif by_decibels:
        decibels = fields.number("inputVolumeDb", QUIETEST_DB, LOUDEST_DB)
        input_.volume = 10 ** (decibels / 20) if decibels > QUIETEST_DB else 0.0
    else:
        raise Refused(Status.MISSING_FIELD, "You must specify one volume field.")
    data = {"inputName": input_.name, **_volume(input_)}
    studio.emit(Intent.INPUTS, "InputVolumeChanged", data)


def get_input_settings(studio: Studio, fields: Fields) -> Json:
    input_ = _input(studio, fields)
    return {"inputKind": input_.kind, "inputSettings": input_.settings}


def set_input_settings(studio: Studio, fields: Fields) -> None:
    input_, settings = _input(studio, fields), fields.object("inputSettings")
    overlay = fields.flag("overlay") if fields.has("overlay") else True
    input_.settings = (input_.settings | settings) if overlay else settings


def create_input(studio: Studio, fields: Fields) -> Json:
    scene, name = studio.stage.scene(fields.text("sceneName")), fields.text("inputName")
    kind, stage = fields.text("inputKind"), studio.stage
    if name in stage.inputs or name in stage.scenes:
        raise Refused(Status.ALREADY_EXISTS, "A source already exists by that input name.")
    if kind not in KINDS:
        comment = "Your specified input kind is not supported by OBS."
        raise Refused(Status.INVALID_INPUT_KIND, comment)
    settings = fields.object("inputSettings") if fields.has("inputSettings") else {}
    enabled = fields.flag("sceneItemEnabled") if fields.has("sceneItemEnabled") else True
    plays = kind == "ffmpeg_source" and settings.get("local_file") == TONE
    created = Input(name, kind, settings, plays, media_seconds=TONE_SECONDS if plays else 0)
    stage.inputs[name] = created
    item = scene.add(name, enabled=enabled)
    data = _listed(created) | {"inputSettings": settings, "defaultInputSettings": KINDS[kind]}
    studio.emit(Intent.INPUTS, "InputCreated", data)
    place = {"sceneItemId": item.id, "sceneName": scene.name}
    at = {"sceneItemIndex": scene.items.index(item), "sourceName": name}
    studio.emit(Intent.SCENE_ITEMS, "SceneItemCreated", place | at)
    studio.emit(Intent.SCENE_ITEMS, "SceneItemSelected", place)
    studio.transition.settle()
    return {"sceneItemId": item.id}


def remove_input(studio: Studio, fields: Fields) -> None:
    name, stage = _input(studio, fields).name, studio.stage
    for scene in stage.scenes.values():
        scene.items = [item for item in scene.items if item.source != name]
    stage.active.discard(name)
    del stage.inputs[name]
    studio.emit(Intent.INPUTS, "InputRemoved", {"inputName": name})


def get_media_input_status(studio: Studio, fields: Fields) -> Json:
    input_ = _input(studio, fields)
    duration, cursor, state = input_.media_seconds * 1000, 0, "NONE"
    if not input_.is_media:
        return _media(None, None, state)
    if input_.paused_at is not None:
        cursor, state = int(input_.paused_at * 1000), "PAUSED"
    elif input_.playing_since is not None:
        cursor, state = int((time.monotonic() - input_.playing_since) * 1000), "PLAYING"
    else:
        return _media(None, None, "ENDED")
    # of a file that is missing both stay 0
    return _media(cursor % duration if duration else 0, duration, state)


def _media(cursor: int | None, duration: int | None, state: str) -> Json:
    full = f"OBS_MEDIA_STATE_{state}"
    return {"mediaCursor": cursor, "mediaDuration": duration, "mediaState": full}


def trigger_media_input_action(studio: Studio, fields: Fields) -> None:
    input_, action = _input(studio, fields), fields.text("mediaAction")
    verb = action.removeprefix(ACTION)
    if not action.startswith(ACTION) or verb not in ("PLAY", "PAUSE", "STOP", "RESTART"):
        raise Refused(Status.INVALID_FIELD, "You have specified an invalid media input action.")
    if not input_.is_media:
        return
    name, now = {"inputName": input_.name}, time.monotonic()
    if verb == "RESTART":
        input_.playing_since, input_.paused_at = now, None
        studio.emit(Intent.MEDIA_INPUTS, "MediaInputPlaybackStarted", name)
    elif verb == "PAUSE" and input_.playing_since is not None:
        input_.paused_at = now - input_.playing_since
    elif verb == "PLAY" and input_.paused_at is not None:
        input_.playing_since, input_.paused_at = now - input_.paused_at, None
    triggered = name | {"mediaAction": action}
    studio.emit(Intent.MEDIA_INPUTS, "MediaInputActionTriggered", triggered)
    if verb == "STOP":
        input_.playing_since = input_.paused_at = None
        studio.emit(Intent.MEDIA_INPUTS, "MediaInputPlaybackEnded", name)


REQUESTS: dict[str, Handler] = {
    "GetInputList": get_input_list,
    "GetInputKindList": always({"inputKinds": list(KINDS)}),
    "GetSpecialInputs": always(dict.fromkeys(SPECIAL)),
    "GetInputMute": get_input_mute,
    "SetInputMute": set_input_mute,
    "ToggleInputMute": toggle_input_mute,
    "GetInputVolume": get_input_volume,
    "SetInputVolume": set_input_volume,
    "GetInputSettings": get_input_settings,
    "SetInputSettings": set_input_settings,
    "CreateInput": create_input,
    "RemoveInput": remove_input,
    "GetMediaInputStatus": get_media_input_status,
    "TriggerMediaInputAction": trigger_media_input_action,
}
