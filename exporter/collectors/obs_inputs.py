"""obs_input_*: the sound of each input."""

from __future__ import annotations

from collections.abc import Callable

from exporter.family import Family, Metrics, gauge
from exporter.sources.obs.state import Input, StudioState

_LABELS = ("studio", "input")

_ROWS: tuple[tuple[Family, Callable[[Input], float | None]], ...] = (
    (
        gauge("obs_input_muted", "Whether the input is muted (inputMuted).", *_LABELS),
        lambda one: one.muted,
    ),
    (
        gauge(
            "obs_input_peak_decibels",
            "Loudest peak since the last poll in dB of full scale, before fader and mute, -100 "
            "for silence (InputVolumeMeters); while the input is active.",
            *_LABELS,
        ),
        lambda one: one.peak,
    ),
    (
        gauge(
            "obs_input_last_audible_timestamp_seconds",
            "When the peak was last above -60 dB, muted or not, Unix time.",
            *_LABELS,
        ),
        lambda one: one.last_audible,
    ),
)

FAMILIES = tuple(family for family, _ in _ROWS)


def collect(state: StudioState) -> Metrics:
    for family, value_of in _ROWS:
        yield (
            family,
            [
                ((state.studio, one.name), value)
                for one in state.inputs
                if (value := value_of(one)) is not None
            ],
        )
