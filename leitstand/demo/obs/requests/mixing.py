"""Requests about how an input is mixed: balance, delay, monitoring, tracks."""

from __future__ import annotations

from leitstand.demo.obs.fields import Fields
from leitstand.demo.obs.protocol import Json
from leitstand.demo.obs.requests.general import Handler
from leitstand.demo.obs.requests.inputs import audible
from leitstand.demo.obs.studio import Studio

SHORTEST_OFFSET, LONGEST_OFFSET = -950, 20_000
USUAL: Json = {
    "inputAudioBalance": 0.5,
    "inputAudioSyncOffset": 0,
    "monitorType": "OBS_MONITORING_TYPE_NONE",
    "inputAudioTracks": {str(track): True for track in range(1, 7)},
}


def told(name: str) -> Handler:
    def get(studio: Studio, fields: Fields) -> Json:
        return {name: audible(studio, fields).mixing.get(name, USUAL[name])}

    return get


def set_input_audio_balance(studio: Studio, fields: Fields) -> None:
    balance = fields.number("inputAudioBalance", 0, 1)
    audible(studio, fields).mixing["inputAudioBalance"] = balance


def set_input_audio_sync_offset(studio: Studio, fields: Fields) -> None:
    offset = int(fields.number("inputAudioSyncOffset", SHORTEST_OFFSET, LONGEST_OFFSET))
    audible(studio, fields).mixing["inputAudioSyncOffset"] = offset


def set_input_audio_monitor_type(studio: Studio, fields: Fields) -> None:
    audible(studio, fields).mixing["monitorType"] = fields.text("monitorType")


def set_input_audio_tracks(studio: Studio, fields: Fields) -> None:
    """Tracks that are not named stay as they are."""
    mixing = audible(studio, fields).mixing
    tracks = mixing.get("inputAudioTracks") or USUAL["inputAudioTracks"]
    mixing["inputAudioTracks"] = {**tracks, **fields.object("inputAudioTracks")}


REQUESTS: dict[str, Handler] = {
    "GetInputAudioBalance": told("inputAudioBalance"),
    "SetInputAudioBalance": set_input_audio_balance,
    "GetInputAudioSyncOffset": told("inputAudioSyncOffset"),
    "SetInputAudioSyncOffset": set_input_audio_sync_offset,
    "GetInputAudioMonitorType": told("monitorType"),
    "SetInputAudioMonitorType": set_input_audio_monitor_type,
    "GetInputAudioTracks": told("inputAudioTracks"),
    "SetInputAudioTracks": set_input_audio_tracks,
}
