"""What numbers are called and which colour they have, the same on every dashboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.models.dashboard import (
    MappingType,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMapping,
    ValueMappingResult,
)

GOOD, WARNING, BAD, WORSE, CALM, IDLE = "green", "orange", "red", "dark-red", "blue", "#8e8e8e"

Word = tuple[int, str, str]
"""Value, text, colour."""

Step = tuple[float | None, str]
"""From which value on which colour; None is the bottom."""

PATH_STATE: Sequence[Word] = (
    (0, "Idle", IDLE),
    (1, "Offline", BAD),
    (2, "Live", GOOD),
    (3, "Frozen", WARNING),
)
RECORDING_STATE: Sequence[Word] = (
    (0, "Idle", IDLE),
    (1, "Should record", BAD),
    (2, "Recording", GOOD),
    (3, "Stalled", WORSE),
)
OBS_STATE: Sequence[Word] = (
    (0, "OBS down", BAD),
    (1, "Ready", IDLE),
    (2, "Recording", GOOD),
    (3, "Paused", WARNING),
    (4, "Stalled", WORSE),
)
STREAM_STATE: Sequence[Word] = (
    (0, "Not streaming", IDLE),
    (1, "Streaming", GOOD),
    (2, "Reconnecting", BAD),
)
UP: Sequence[Word] = ((0, "Down", BAD), (1, "Up", GOOD))
WRITABLE: Sequence[Word] = ((0, "Away", BAD), (1, "Works", GOOD))
FAULT: Sequence[Word] = ((0, "None", GOOD), (1, "Fault", BAD))
MUTED: Sequence[Word] = ((0, "On", GOOD), (1, "Muted", WARNING))
SCENE: Sequence[Word] = ((0, "Off", "transparent"), (1, "On air", CALM))
READ_ONLY: Sequence[Word] = ((0, "Writable", GOOD), (1, "Read-only", BAD))
SEVERITY = {"critical": BAD, "warning": WARNING}
WATCHDOG: Sequence[Word] = ((1, "Works", GOOD),)

NONE_IS_GOOD: Sequence[Step] = ((None, GOOD), (1, BAD))
NONE_IS_BETTER: Sequence[Step] = ((None, GOOD), (1, WARNING))
PLAIN: Sequence[Step] = ((None, CALM),)
LOSS: Sequence[Step] = ((None, GOOD), (0.01, WARNING), (0.05, BAD))
DROPPED_FRAMES: Sequence[Step] = ((None, GOOD), (0.01, WARNING), (0.05, BAD))
FULL: Sequence[Step] = ((None, GOOD), (0.8, WARNING), (0.9, BAD))
HOT: Sequence[Step] = ((None, GOOD), (75, WARNING), (90, BAD))
KEPT: Sequence[Step] = ((None, BAD), (0.99, WARNING), (0.999, GOOD))
HOURS_LEFT: Sequence[Step] = ((None, BAD), (4 * 3600, WARNING), (24 * 3600, GOOD))
SILENCE: Sequence[Step] = ((None, GOOD), (30, WARNING), (60, BAD))
ROUND_TRIP: Sequence[Step] = ((None, GOOD), (0.15, WARNING), (0.3, BAD))


def mappings(words: Sequence[Word]) -> list[ValueMapping]:
    """Numbers as words."""
    options = {
        str(value): ValueMappingResult(text=text, color=colour, index=place)
        for place, (value, text, colour) in enumerate(words)
    }
    return [ValueMap(options=options)]


def as_json(words: Sequence[Word]) -> list[Any]:
    """The same as an override's value."""
    options = {
        str(value): {"text": text, "color": colour, "index": place}
        for place, (value, text, colour) in enumerate(words)
    }
    return [{"type": MappingType.VALUE_TO_TEXT, "options": options}]


def coloured(values: Mapping[str, str]) -> list[object]:
    """Texts that stay as they are, each in its colour; an override's value."""
    options = {
        value: {"text": value, "color": colour, "index": place}
        for place, (value, colour) in enumerate(values.items())
    }
    return [{"type": MappingType.VALUE_TO_TEXT, "options": options}]


def thresholds(steps: Sequence[Step]) -> ThresholdsConfig:
    listed = [Threshold(value=value, color=colour) for value, colour in steps]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(listed)


def steps_as_json(steps: Sequence[Step]) -> dict[str, object]:
    """The same as an override's value."""
    listed = [{"value": value, "color": colour} for value, colour in steps]
    return {"mode": ThresholdsMode.ABSOLUTE, "steps": listed}
