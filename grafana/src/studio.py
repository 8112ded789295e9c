"""One studio: what its OBS records, streams, shows and sounds like, and what it lacks."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.builders.dashboard import Dashboard

from grafana.src import words
from grafana.src.alerts import alerts
from grafana.src.frame import About, filled, frame, recordings
from grafana.src.panels import Look, Text, curves, number, states
from grafana.src.promql import rate, share
from grafana.src.states import OBS, RECORDING, STREAM
from grafana.src.tables import Column, Rows, table

_DOWN = "OBS is down"
_STUDIO = "{{studio}}"


def dashboard() -> Dashboard:
    about = About(
        "leitstand-studio",
        "Studio (OBS)",
        "One studio, or some: recording, stream, frames, picture and sound of its OBS.",
    )
    made = frame(about, ("studio",)).annotation(recordings())
    return filled(
        made,
        ("Now", _now()),
        ("What was when", [_lives(), _scenes(), alerts(', studio=~"$studio"', w=24, h=5)]),
        ("Recording", _recording()),
        ("Frames", _frames()),
        ("Stream", _stream()),
        ("Sound and picture", _sound_and_picture()),
        ("OBS itself", _itself()),
    )


def _now() -> list[Any]:
    return [
        number(
            Text("OBS", "What OBS itself says, and whether its file grows.", _DOWN),
            f"max({OBS})",
            Look(words=words.OBS_STATE),
        ),
        number(
            Text(
                "Recording",
                "What should be, by schedule or by hand, and what is.",
                "No control API",
            ),
            f"max({RECORDING})",
            Look(words=words.RECORDING_STATE),
        ),
        number(
            Text("Recorded for", "How long this recording has run, pauses left out.", _DOWN),
            "max(obs_record_duration_seconds)",
            Look("dtdurations"),
        ),
        number(
            Text("Stream", "Whether OBS streams, or has lost its server.", _DOWN),
            f"max({STREAM})",
            Look(words=words.STREAM_STATE),
        ),
        number(
            Text(
                "Dropped",
                "Frames that the encoder had no time for, of all, over the last minute or so.",
                "Nothing is encoded",
            ),
            share("obs_output_skipped_frames_total", "obs_output_frames_total"),
            Look("percentunit", steps=words.DROPPED_FRAMES, decimals=2),
        ),
        number(
            Text(
                "Silent for",
                "The longest time for which an input that is not muted has been silent.",
                "No input with sound",
            ),
            "max(time() - obs_input_last_audible_timestamp_seconds and obs_input_muted == 0)",
            Look("s", steps=words.SILENCE, decimals=0),
        ),
        number(
            Text(
                "Picture still for",
                "How long the program picture has not changed. A slide may well stand still.",
                _DOWN,
            ),
            "max(time() - obs_picture_last_change_timestamp_seconds)",
            Look("s", decimals=0),
        ),
        number(
            Text("Disk free", "Space where OBS records to; 0 also if the folder is gone.", _DOWN),
            "min(obs_disk_available_bytes)",
            Look("bytes", steps=((None, "red"), (10e9, "orange"), (50e9, "green"))),
        ),
    ]


def _lives() -> Any:
    text = Text("Recording", "What OBS did, also what nobody asked it for.", _DOWN)
    return states(text, [(OBS, _STUDIO)], Look(w=12, h=5, words=words.OBS_STATE))


def _scenes() -> Any:
    text = Text("Program scene", "Which scene was on air.", _DOWN)
    expr = "max by (studio, scene) (obs_scene_active)"
    return states(text, [(expr, "{{studio}} {{scene}}")], Look(w=12, h=5, words=words.SCENE))


def _recording() -> list[Any]:
    return [
        curves(
            Text("Recorded", "Bits per second that OBS says it records.", _DOWN),
            [(f"8 * {rate('obs_record_bytes_total', 'studio')}", _STUDIO)],
            Look("bps"),
        ),
        curves(
            Text(
                "File",
                "Size of the file being recorded, as the disk shows it.",
                "Nothing is recorded, or its folder is not visible from here",
            ),
            [("max by (studio) (obs_record_file_bytes)", _STUDIO)],
            Look("bytes"),
        ),
        curves(
            Text(
                "File last grew",
                "How long ago. A healthy file grows every few seconds; the less often the lower "
                "its bitrate.",
                "Nothing is recorded",
            ),
            [("time() - max by (studio) (obs_record_last_growth_timestamp_seconds)", _STUDIO)],
            Look("s"),
        ),
    ]


def _frames() -> list[Any]:
    kinds = (
        ("Not rendered in time", "Frames that the graphics card was too slow for.", "obs_render"),
        ("Not encoded in time", "Frames that the encoders had no time for.", "obs_output"),
        ("Not sent in time", "Frames that the network had no room for.", "obs_stream"),
    )
    panels = []
    for title, description, prefix in kinds:
        expr = share(f"{prefix}_skipped_frames_total", f"{prefix}_frames_total", "studio")
        empty = "Nothing is streamed" if prefix == "obs_stream" else "No frames yet"
        text = Text(title, description, empty)
        look = Look("percentunit", steps=words.DROPPED_FRAMES, w=6, top=0.05)
        panels.append(curves(text, [(expr, _STUDIO)], look))
    text = Text(
        "Time to render",
        "Per frame, beside the time there is for one: what comes near it drops frames.",
        _DOWN,
    )
    queries = [
        ("max by (studio) (obs_frame_render_time_seconds)", _STUDIO),
        ("1 / max by (studio) (obs_fps > 0)", f"{_STUDIO} there is"),
    ]
    return [*panels, curves(text, queries, Look("s", w=6))]


def _stream() -> list[Any]:
    return [
        states(
            Text("Stream", "When it ran, and when it had lost its server.", _DOWN),
            [(STREAM, _STUDIO)],
            Look(w=8, words=words.STREAM_STATE),
        ),
        curves(
            Text("Streamed", "Bits per second towards the server.", _DOWN),
            [(f"8 * {rate('obs_stream_bytes_total', 'studio')}", _STUDIO)],
            Look("bps"),
        ),
        curves(
            Text("Congestion", "How full the way to the server is: 1 is full.", _DOWN),
            [("max by (studio) (obs_stream_congestion_ratio)", _STUDIO)],
            Look("percentunit", top=1),
        ),
    ]


def _sound_and_picture() -> list[Any]:
    name = "{{studio}} {{input}}"
    return [
        curves(
            Text(
                "Level",
                "Loudest peak of each input, before fader and mute: 0 is full scale, below -60 is "
                "silence.",
                "No input with sound",
            ),
            [("max by (studio, input) (obs_input_peak_decibels)", name)],
            Look("dB", figures=True),
        ),
        table(
            Text("Inputs", "Muted or not, and how long each has been silent.", "No input"),
            [
                Column("max by (studio, input) (obs_input_muted)", "Sound", words=words.MUTED),
                Column(
                    "max by (studio, input) (time() - obs_input_last_audible_timestamp_seconds)",
                    "Silent for",
                    "s",
                    steps=words.SILENCE,
                    decimals=0,
                ),
            ],
            Rows({"input": "Input", "studio": "Studio"}, w=8, h=8),
        ),
        curves(
            Text("Brightness", "Mean of the program picture: below 2 % it is black.", _DOWN),
            [("max by (studio) (obs_picture_luma_ratio)", _STUDIO)],
            Look("percentunit", top=1),
        ),
    ]


def _itself() -> list[Any]:
    return [
        curves(
            Text("CPU", "That OBS uses, of all cores.", _DOWN),
            [("max by (studio) (obs_cpu_usage_ratio)", _STUDIO)],
            Look("percentunit"),
        ),
        curves(
            Text("Memory", "That OBS uses.", _DOWN),
            [("max by (studio) (obs_memory_usage_bytes)", _STUDIO)],
            Look("bytes"),
        ),
        curves(
            Text("Disk free", "Space where OBS records to.", _DOWN),
            [("min by (studio) (obs_disk_available_bytes)", _STUDIO)],
            Look("bytes"),
        ),
    ]
