"""/api/admin: what an operator does in a studio, and how it stands there."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from control_api.admin.audio import AudioService, Sound
from control_api.admin.camera import CameraService
from control_api.admin.inputs import MuteService
from control_api.admin.items import ItemService
from control_api.admin.overview import Overview, OverviewService
from control_api.admin.shapes import (
    AdminShape,
    AudioBody,
    AudioShape,
    GuardShape,
    InputShape,
    ItemBody,
    ItemShape,
    LogoBody,
    MuteBody,
    MutingShape,
    ReloadBody,
    ReloadShape,
    SoundShape,
    StudioShape,
)
from control_api.auth.access import Operator, Viewer
from control_api.envelope import Answer, Failure
from control_api.provide import provided
from control_api.settings.service import SettingsService
from control_api.studios.studio import Studios
from leitstand import __version__

Audio = Annotated[AudioService, Depends(provided(AudioService))]
Camera = Annotated[CameraService, Depends(provided(CameraService))]
Items = Annotated[ItemService, Depends(provided(ItemService))]
Mutes = Annotated[MuteService, Depends(provided(MuteService))]
Overviews = Annotated[OverviewService, Depends(provided(OverviewService))]
Settings = Annotated[SettingsService, Depends(provided(SettingsService))]
AllStudios = Annotated[Studios, Depends(provided(Studios))]

_OBS: dict[int | str, dict[str, Any]] = {
    404: {"model": Failure},
    502: {"model": Failure},
    503: {"model": Failure},
}
_OR_CONFLICT: dict[int | str, dict[str, Any]] = {409: {"model": Failure}, **_OBS}

router = APIRouter(prefix="/admin", tags=["admin"])


@router.get("/status")
def read_status(overviews: Overviews, settings: Settings, caller: Viewer) -> Answer[AdminShape]:
    """Every studio: its OBS, scene, inputs, mute, audio guard, and what is still to be set."""
    studios = [
        _studio(one, settings.current.studio(one.name).guard_minutes) for one in overviews.all()
    ]
    return Answer(data=AdminShape(version=__version__, studios=studios))


@router.post("/mute", responses=_OR_CONFLICT)
def mute(body: MuteBody, mutes: Mutes, caller: Operator) -> Answer[MutingShape]:
    """Mute an input; without one, switch to the scene that is set for it, if one is set."""
    muting = mutes.mute(body.studio, body.input)
    return Answer(data=MutingShape(**asdict(muting)), message="muted")


@router.post("/unmute", responses=_OR_CONFLICT)
def unmute(body: MuteBody, mutes: Mutes, caller: Operator) -> Answer[MutingShape]:
    """Unmute an input, or go back to the scene before the mute."""
    muting = mutes.unmute(body.studio, body.input)
    return Answer(data=MutingShape(**asdict(muting)), message="unmuted")


@router.post("/camera/reload", responses=_OR_CONFLICT)
def reload_camera(body: ReloadBody, camera: Camera, caller: Operator) -> Answer[ReloadShape]:
    """Restart the camera that is set for the studio, or make its input again; a recording goes
    on meanwhile."""
    done = camera.reload(body.studio, body.method, caller.name)
    return Answer(data=ReloadShape(**asdict(done)), message=done.message)


@router.post("/items", responses=_OBS)
def show_item(body: ItemBody, items: Items, caller: Operator) -> Answer[ItemShape]:
    """An item of a scene on or off."""
    shown = items.show(body.studio, body.scene, body.item, visible=body.visible)
    return Answer(data=ItemShape(**asdict(shown)))


@router.post("/logo", responses=_OBS)
def show_logo(body: LogoBody, items: Items, caller: Operator) -> Answer[ItemShape]:
    """The logo that is set for the studio on or off."""
    shown = items.logo(body.studio, visible=body.visible)
    return Answer(data=ItemShape(**asdict(shown)))


@router.post("/audio/check", responses=_OBS)
def check_audio(
    body: AudioBody, audio: Audio, studios: AllStudios, caller: Viewer
) -> Answer[AudioShape]:
    """Listen for a few seconds: which inputs work, are silent, are muted; changes nothing."""
    sounds = audio.check(body.studio, body.seconds, body.input)
    studio = studios.get(body.studio).name
    heard = AudioShape(studio=studio, seconds=body.seconds, inputs=[_sound(one) for one in sounds])
    return Answer(data=heard, message="; ".join(one.message for one in sounds))


def _sound(sound: Sound) -> SoundShape:
    return SoundShape(
        input=sound.input,
        state=sound.verdict,
        working=sound.verdict == "working",
        muted=sound.muted,
        silent=sound.verdict == "silent",
        low=sound.low,
        high=sound.high,
        message=sound.message,
    )


def _studio(one: Overview, guard_minutes: float | None) -> StudioShape:
    return StudioShape(
        name=one.name,
        connected=one.connected,
        reason=one.reason,
        obs_version=one.obs_version,
        scene=one.scene,
        fps=one.fps,
        inputs=[InputShape(**asdict(each)) for each in one.inputs],
        muted=one.muted,
        guard=GuardShape(minutes=guard_minutes or None, **asdict(one.guard)),
        missing=list(one.missing),
    )
