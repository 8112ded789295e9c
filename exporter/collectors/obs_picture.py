"""obs_picture_*: whether the program picture is black or frozen."""

from __future__ import annotations

from exporter.family import Metrics, gauge
from exporter.sources.obs.state import StudioState

_LUMA = gauge(
    "obs_picture_luma_ratio", "Mean brightness of the program picture, 0 is black.", "studio"
)
_CHANGE = gauge(
    "obs_picture_last_change_timestamp_seconds",
    "When the program picture was last seen to be another one, Unix time.",
    "studio",
)

FAMILIES = (_LUMA, _CHANGE)


def collect(state: StudioState) -> Metrics:
    picture, at = state.picture, (state.studio,)
    if picture is not None:
        yield _LUMA, [(at, picture.luma)]
        if picture.last_change is not None:
            yield _CHANGE, [(at, picture.last_change)]
