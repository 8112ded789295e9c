"""The bodies of /api/admin, as far as they are about studios."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from control_api.admin.audio import Verdict
from control_api.admin.camera import Method
from control_api.admin.guard import State
from control_api.envelope import Shape

StudioName = Annotated[
    str | None,
    Field(max_length=63, description="may be left out where there is one", examples=["stage"]),
]
ObsName = Annotated[str, Field(min_length=1, max_length=256)]


class MuteBody(Shape):
    studio: StudioName = None
    input: ObsName | None = Field(None, examples=["Microphone"])
    """Left out: the scene that is set for it, else the input that is set for it."""


class ReloadBody(Shape):
    studio: StudioName = None
    method: Method | None = Field(None, examples=["restart"])
    """Restart the medium, or take the input out of OBS and make it again as it was. Left out:
    restart if it is a medium, else recreate."""


class ItemBody(Shape):
    studio: StudioName = None
    scene: ObsName = Field(examples=["Main"])
    item: ObsName = Field(examples=["Logo"])
    visible: bool


class LogoBody(Shape):
    studio: StudioName = None
    visible: bool


class AudioBody(Shape):
    studio: StudioName = None
    seconds: float = Field(3, ge=1, le=10)
    """How long to listen."""
    input: ObsName | None = Field(None, examples=["Microphone"])
    """Left out: every input that has sound."""


class MutingShape(Shape):
    studio: str
    muted: bool
    input: str | None
    """Null: not an input, the program was muted by its scene."""
    scene: str
    """The one on air now."""


class ReloadShape(Shape):
    studio: str
    input: str
    method: Method
    confirmed: bool
    """OBS shows that it worked."""
    message: str = Field(examples=["Camera was restarted"])


class ItemShape(Shape):
    studio: str
    scene: str
    item: str
    visible: bool


class SoundShape(Shape):
    input: str
    state: Verdict
    working: bool
    muted: bool
    silent: bool
    """On air, not muted, and never above -60 dBFS."""
    low: float | None = Field(examples=[-31.5])
    """The quietest peak of a quarter of a second, in dBFS; of a muted input before the mute."""
    high: float | None = Field(examples=[-18.2])
    """The loudest."""
    message: str = Field(examples=["Microphone works: -31.5 to -18.2 dBFS"])


class AudioShape(Shape):
    studio: str
    seconds: float
    inputs: list[SoundShape]


class GuardShape(Shape):
    state: State
    reason: str
    minutes: float | None
    """Silent minutes after which the camera is restarted; null: switched off."""
    silent_seconds: float
    reloads: int
    """Since the start of the service."""


class InputShape(Shape):
    name: str
    kind: str
    muted: bool | None
    """Null: it has no sound."""


class StudioShape(Shape):
    name: str
    connected: bool
    reason: str
    """Why it is not connected."""
    obs_version: str | None
    scene: str | None
    fps: float | None
    inputs: list[InputShape]
    muted: bool | None
    """The microphone, or the program by its scene."""
    guard: GuardShape
    missing: list[str]
    """Settings that are still to be made, or that name what OBS does not have."""


class AdminShape(Shape):
    version: str
    """Of Leitstand."""
    studios: list[StudioShape]
