"""What somebody wants for a clip, and whether its parts go together. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from control_api.errors import BadInput

Moment = str | float
"""Seconds or a clock time, as people say them."""
_SOUND_NAMES = {"mp4": "m4a", "mkv": "mka"}
_CONTAINERS = {"m4a": "mp4", "mka": "mkv"}
_ANEW = ("width", "height", "video_bitrate", "audio_bitrate", "fade_in", "fade_out", "logo")
_OF_PICTURES = ("width", "height", "video_bitrate", "logo")


@dataclass(frozen=True, slots=True)
class Range:
    """[start, end) of a video, or of what the order is about."""

    start: Moment
    end: Moment
    video_id: str | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """A chapter that begins there: seconds into the clip, or a clock time."""

    at: Moment
    title: str


@dataclass(frozen=True, slots=True)
class Overlay:
    """How the logo is to be shown; sizes as shares of the picture's width."""

    corner: str
    width: float
    opacity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Either `start` and `end` or `ranges`, of a video, a studio or an evening. `marks` None: one
    for each of several ranges."""

    start: Moment | None = None
    end: Moment | None = None
    ranges: Sequence[Range] | None = None
    video_id: str | None = None
    studio: str | None = None
    evening_id: str | None = None
    mode: str = "exact"
    container: str = "mp4"
    title: str = ""
    marks: Sequence[Mark] | None = None
    width: int | None = None
    height: int | None = None
    video_bitrate: int | None = None
    audio_bitrate: int | None = None
    audio_only: bool = False
    fade_in: float = 0.0
    fade_out: float = 0.0
    logo: Overlay | None = None
    gaps: str = "join"

    @property
    def several(self) -> Sequence[Range]:
        """The ranges, be it one."""
        if self.ranges is not None:
            return self.ranges
        assert self.start is not None
        assert self.end is not None
        return [Range(self.start, self.end)]

    @property
    def suffix(self) -> str:
        """What the file's name ends with."""
        names = _SOUND_NAMES if self.audio_only else {}
        return names.get(self.container, self.container)

    @property
    def has_effects(self) -> bool:
        return bool(self.fade_in or self.fade_out or self.logo)


def checked(order: Order) -> Order:
    """The same in plain words: `m4a` is MP4 with sound alone. Raises BadInput."""
    if order.container in _CONTAINERS:
        order = replace(order, container=_CONTAINERS[order.container], audio_only=True)
    _check_times(order)
    if order.mode != "reencode" and (field := _given(order, _ANEW)):
        what = "fades need" if field.startswith("fade") else "it needs"
        raise BadInput(f"{field}: {what} mode reencode; mode is {order.mode!r}")
    if order.audio_only and (field := _given(order, _OF_PICTURES)):
        raise BadInput(f"{field}: a clip of sound alone has no pictures")
    return order


def _check_times(order: Order) -> None:
    if order.ranges is not None:
        if order.start is not None or order.end is not None:
            raise BadInput("ranges: either ranges or start and end are needed, and not both")
        if not order.ranges:
            raise BadInput("ranges: none is given; 1 to 20 are allowed")
        return
    for field in ("start", "end"):
        if getattr(order, field) is None:
            raise BadInput(f"{field}: is missing; a clip needs start and end, or ranges")


def _given(order: Order, fields: Sequence[str]) -> str | None:
    return next((field for field in fields if getattr(order, field)), None)
