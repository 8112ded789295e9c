"""Requests about OBS as a whole: version, figures, profile, and what never changes here."""

from __future__ import annotations

from collections.abc import Callable

from leitstand.demo.obs import transition
from leitstand.demo.obs.fields import Fields
from leitstand.demo.obs.protocol import Json, Refused, Status
from leitstand.demo.obs.studio import Studio

PROFILE = "Test"
"""Of the profile and of the scene collection, as in the recorded answers."""

Handler = Callable[[Studio, Fields], Json | None]


def get_stats(studio: Studio, _: Fields) -> Json:
    return studio.stats()


def get_video_settings(studio: Studio, _: Fields) -> Json:
    width, height = studio.program.size
    return {
        "baseHeight": height,
        "baseWidth": width,
        "fpsDenominator": 1,
        "fpsNumerator": studio.clock.fps,
        "outputHeight": height,
        "outputWidth": width,
    }


def set_video_settings(studio: Studio, _: Fields) -> None:
    """Accepted and ignored while nothing is active; refused otherwise."""
    if studio.encoder.is_busy:
        comment = "Video settings cannot be changed while an output is active."
        raise Refused(Status.OUTPUT_RUNNING, comment)


def get_profile_parameter(studio: Studio, fields: Fields) -> Json:
    category, name = fields.text("parameterCategory"), fields.text("parameterName")
    return {
        "defaultParameterValue": studio.profile.defaults.get((category, name)),
        "parameterValue": studio.profile.get(category, name),
    }


def set_profile_parameter(studio: Studio, fields: Fields) -> None:
    """Null takes the value away."""
    key = fields.text("parameterCategory"), fields.text("parameterName")
    if fields.has("parameterValue"):
        studio.profile.values[key] = fields.text("parameterValue")
    else:
        studio.profile.values.pop(key, None)


def set_current_profile(_: Studio, fields: Fields) -> None:
    if fields.text("profileName") != PROFILE:
        raise Refused(Status.NOT_FOUND)


def get_record_directory(studio: Studio, _: Fields) -> Json:
    return {"recordDirectory": str(studio.profile.directory)}


def get_persistent_data(studio: Studio, fields: Fields) -> Json:
    key = fields.text("realm"), fields.text("slotName")
    return {"slotValue": studio.profile.persistent.get(key)}


def set_persistent_data(studio: Studio, fields: Fields) -> None:
    key = fields.text("realm"), fields.text("slotName")
    studio.profile.persistent[key] = fields.object("slotValue")


def always(data: Json) -> Handler:
    return lambda studio, fields: data


def unavailable(what: str) -> Handler:
    def refuse(studio: Studio, fields: Fields) -> None:
        raise Refused(Status.INVALID_STATE, f"{what} is not available.")

    return refuse


def _transition(name: str) -> Json:
    return {
        "transitionConfigurable": False,
        "transitionFixed": name == "Cut",
        "transitionKind": f"{name.lower()}_transition",
        "transitionName": name,
    }


FADE = _transition(transition.NAME)

REQUESTS: dict[str, Handler] = {
    "GetStats": get_stats,
    "GetVideoSettings": get_video_settings,
    "SetVideoSettings": set_video_settings,
    "GetProfileParameter": get_profile_parameter,
    "SetProfileParameter": set_profile_parameter,
    "GetRecordDirectory": get_record_directory,
    "GetPersistentData": get_persistent_data,
    "SetPersistentData": set_persistent_data,
    "GetProfileList": always({"currentProfileName": PROFILE, "profiles": [PROFILE]}),
    "SetCurrentProfile": set_current_profile,
    "GetSceneCollectionList": always(
        {"currentSceneCollectionName": PROFILE, "sceneCollections": [PROFILE]}
    ),
    "GetStudioModeEnabled": always({"studioModeEnabled": False}),
    "GetCurrentSceneTransition": always(
        FADE | {"transitionDuration": 300, "transitionSettings": None}
    ),
    "GetSceneTransitionList": always(
        {
            "currentSceneTransitionKind": FADE["transitionKind"],
            "currentSceneTransitionName": FADE["transitionName"],
            "transitions": [_transition("Cut"), FADE],
        }
    ),
    "GetTransitionKindList": always({"transitionKinds": ["cut_transition", "fade_transition"]}),
    "GetReplayBufferStatus": unavailable("Replay buffer"),
    "GetVirtualCamStatus": unavailable("VirtualCam"),
}
