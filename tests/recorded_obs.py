"""A link to an OBS that gives back recorded answers, one situation at a time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from leitstand.clients.obs import Level, News, RequestFailed

_FOLDER = Path(__file__).parent / "fixtures" / "obs"
_WITH_SOUND = "Tone"

SITUATIONS: Mapping[str, Mapping[str, str]] = {
    "obs_idle": {},
    "obs_recording": {
        "GetStats": "GetStats_recording",
        "GetRecordStatus": "GetRecordStatus_recording",
    },
    "obs_paused": {
        "GetStats": "GetStats_recording",
        "GetRecordStatus": "GetRecordStatus_paused",
        "InputVolumeMeters": "InputVolumeMeters_muted",
    },
    "obs_stream_hangs": {
        "GetStats": "GetStats_stream_hang",
        "GetStreamStatus": "GetStreamStatus_hang",
    },
}
"""What was recorded in each situation, where it is not what an idle OBS said."""


class RecordedLink:
    """As `ObsLink`, but for what it does to a network."""

    def __init__(self, situation: str) -> None:
        self._recorded: dict[str, Any] = json.loads((_FOLDER / "requests.json").read_text())
        self._events: dict[str, Any] = json.loads((_FOLDER / "events.json").read_text())
        self._instead = SITUATIONS[situation]

    def request(
        self, name: str, data: Mapping[str, Any] | None = None, *, timeout: float | None = None
    ) -> dict[str, Any]:
        answer = self._answer(name, data)
        if isinstance(answer, RequestFailed):
            raise answer
        return answer

    def batch(
        self, requests: Sequence[tuple[str, Mapping[str, Any] | None]]
    ) -> list[dict[str, Any] | RequestFailed]:
        return [self._answer(name, data) for name, data in requests]

    def events(self) -> News:
        meters = self._events[self._instead.get("InputVolumeMeters", "InputVolumeMeters")]
        levels: dict[str, Level] = {}
        for meter in meters:
            for one in meter["eventData"]["inputs"]:
                channels = one["inputLevelsMul"]
                loudest = Level(*(max(channel[i] for channel in channels) for i in range(3)))
                known = levels.get(one["inputName"], loudest)
                levels[one["inputName"]] = known.merged(loudest)
        return News(levels=levels)

    def abort(self) -> None:
        pass

    def close(self) -> None:
        pass

    def _answer(self, name: str, data: Mapping[str, Any] | None) -> dict[str, Any] | RequestFailed:
        key = self._instead.get(name, name)
        if name == "GetSourceScreenshot":
            key = "GetSourceScreenshot_jpg_160x120"
        if name == "GetInputMute" and data and data["inputName"] != _WITH_SOUND:
            key = "GetInputMute_noaudio"
        response = self._recorded[key]["response"]
        status = response["requestStatus"]
        if not status["result"]:
            return RequestFailed(name, status["code"], status["comment"])
        given: dict[str, Any] = response["responseData"]
        return given
