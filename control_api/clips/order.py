"""Whether the parts of an order go together, and what follows from them. No I/O."""

from __future__ import annotations

from collections.abc import Sequence

from control_api.clips.shapes import ClipIn, RangeIn
from control_api.errors import BadInput

_SOUND_NAMES = {"mp4": "m4a", "mkv": "mka"}
_CONTAINERS = {"m4a": "mp4", "mka": "mkv"}
_ANEW = ("width", "height", "video_bitrate", "audio_bitrate", "fade_in", "fade_out", "logo")
_OF_PICTURES = ("width", "height", "video_bitrate", "logo")


def ranges(order: ClipIn) -> Sequence[RangeIn]:
    """The ranges, be it one."""
    if order.ranges is not None:
        return order.ranges
    assert order.start is not None
    assert order.end is not None
    return [RangeIn(start=order.start, end=order.end)]


def suffix(order: ClipIn) -> str:
    """What the file's name ends with."""
    names = _SOUND_NAMES if order.audio_only else {}
    return names.get(order.container, order.container)


def has_effects(order: ClipIn) -> bool:
    return bool(order.fade_in or order.fade_out or order.logo)


def checked(order: ClipIn) -> ClipIn:
    """The same in plain words: `m4a` is MP4 with sound alone. Raises BadInput."""
    if order.container in _CONTAINERS:
        plain = {"container": _CONTAINERS[order.container], "audio_only": True}
        order = order.model_copy(update=plain)
    _check_times(order)
    if order.mode != "reencode" and (field := _given(order, _ANEW)):
        what = "fades need" if field.startswith("fade") else "it needs"
        raise BadInput(f"{field}: {what} mode reencode; mode is {order.mode!r}")
    if order.audio_only and (field := _given(order, _OF_PICTURES)):
        raise BadInput(f"{field}: a clip of sound alone has no pictures")
    return order


def _check_times(order: ClipIn) -> None:
    if order.last is not None:
        if (order.start, order.end, order.ranges) != (None, None, None):
            raise BadInput("last: instead of start and end or ranges, and not with them")
        return
    if order.ranges is not None:
        if order.start is not None or order.end is not None:
            raise BadInput("ranges: either ranges or start and end are needed, and not both")
        return
    for field in ("start", "end"):
        if getattr(order, field) is None:
            raise BadInput(f"{field}: is missing; a clip needs start and end, or ranges, or last")


def _given(order: ClipIn, fields: Sequence[str]) -> str | None:
    return next((field for field in fields if getattr(order, field)), None)
