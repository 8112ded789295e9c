"""The control room: what is live, what records, what is wrong, at one glance."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.builders.dashboard import Dashboard

from grafana.src import words
from grafana.src.alerts import WATCHDOG, alerts, firing
from grafana.src.frame import About, filled, frame, recordings
from grafana.src.panels import TO_PATH, TO_STUDIO, Look, Text, curves, number, states
from grafana.src.promql import counted, lost, rate, share
from grafana.src.states import (
    FROZEN,
    OBS,
    PATH,
    RECORDING,
    SERVER_UP,
    STREAM,
    UNRECORDED,
    UNSEEN,
)
from grafana.src.tables import Column, Rows, table, trends

_BY_PATH = "server, path"
_DOWN = "No server is up"


def dashboard() -> Dashboard:
    about = About(
        "leitstand-control-room",
        "Control room",
        "What is live, what records, what is wrong.",
    )
    made = frame(about, ("server", "path", "studio")).annotation(recordings())
    return filled(
        made,
        ("Now", [*_wrong(), *_alive()]),
        ("What was when", [_recordings(), _paths()]),
        ("Wrong now", [alerts(w=24, h=6)]),
        ("Paths", [_path_table(), _path_trends()]),
        ("Traffic", [_in(), _out(), _viewers()]),
        ("Studios", [_studios()]),
    )


def _wrong() -> list[Any]:
    wrong = Look(steps=words.NONE_IS_GOOD)
    return [
        number(
            Text(
                "Alerts",
                "Critical and warning alerts that fire. Without a firing Watchdog nobody is "
                "watching, and there is no figure.",
                "Watchdog is silent",
            ),
            counted(firing(), WATCHDOG),
            wrong,
        ),
        number(
            Text(
                "Should record, do not",
                "Studios that should record now by schedule or by hand, and do not, or whose file "
                "stands still.",
                "No control API",
            ),
            counted(UNRECORDED, "leitstand_recording_desired"),
            wrong,
        ),
        number(
            Text("Expected, offline", "Paths that should be online and are not.", _DOWN),
            counted(UNSEEN, SERVER_UP),
            wrong,
        ),
        number(
            Text(
                "Frozen",
                "Paths whose publisher is connected, but from which no data has come for 10 s.",
                _DOWN,
            ),
            counted(FROZEN, SERVER_UP),
            Look(steps=words.NONE_IS_BETTER),
        ),
        number(
            Text(
                "Sources down",
                "Servers, studios and hosts that gave no good answer within three intervals.",
                "No exporter",
            ),
            counted("leitstand_source_up == 0", "leitstand_source_up"),
            wrong,
        ),
    ]


def _alive() -> list[Any]:
    return [
        number(
            Text("Live paths", "Paths that something real feeds right now.", _DOWN),
            "sum(mediamtx_path_online)",
            Look(),
        ),
        number(
            Text("Viewers", "Readers of all paths, over every protocol.", _DOWN),
            f"sum(mediamtx_path_readers) or 0 * count({SERVER_UP})",
            Look(),
        ),
        number(
            Text("Recording", "Studios that record right now.", "No control API"),
            "sum(leitstand_recording_active)",
            Look(),
        ),
    ]


def _recordings() -> Any:
    text = Text(
        "Recordings",
        "Per studio: what should have recorded, and what did. Red should have and did not.",
        "No studio: the control API is not scraped",
    )
    look = Look(w=12, h=8, words=words.RECORDING_STATE, link=TO_STUDIO)
    return states(text, [(RECORDING, "{{studio}}")], look)


def _paths() -> Any:
    text = Text(
        "Expected paths",
        "Every path that should be online: live, offline, or frozen (connected, without data).",
        "No path is expected: name them in mediamtx[].expected_paths",
    )
    look = Look(w=12, h=8, words=words.PATH_STATE, link=TO_PATH)
    expr = f"({PATH}) and on ({_BY_PATH}) mediamtx_path_expected == 1"
    return states(text, [(expr, "{{server}} {{path}}")], look)


def _path_table() -> Any:
    text = Text(
        "Every path",
        "One row a path; the newest values. A click on a path shows it alone.",
        "No path: no server is up",
    )
    of = f"max by ({_BY_PATH})"
    columns = [
        Column(f"{of} ({PATH})", "State", words=words.PATH_STATE),
        Column(f"8 * {rate('mediamtx_path_inbound_bytes_total', _BY_PATH)}", "In", "bps", bar=True),
        Column(f"sum by ({_BY_PATH}) (mediamtx_path_readers)", "Readers", bar=True),
        Column(lost("inbound", _BY_PATH), "Lost in", "percentunit", steps=words.LOSS, decimals=2),
        Column(f"max by ({_BY_PATH}, codec) (mediamtx_path_video_info)"),
        Column(f"{of} (mediamtx_path_video_height_pixels)", "Lines", "none"),
        Column(
            f"{of} (mediamtx_path_online_since_timestamp_seconds) * 1000",
            "Online",
            "dateTimeFromNow",
        ),
        Column(
            f"sum by ({_BY_PATH}) (increase(mediamtx_path_reconnects_total[$__range]))",
            "Reconnects",
            decimals=0,
        ),
    ]
    rows = Rows({"path": "Path", "server": "Server"}, {"codec": "Codec"}, w=14, h=11, sort="State")
    return table(text, columns, rows)


def _path_trends() -> Any:
    text = Text(
        "How they went",
        "The ten paths with the most traffic in: bits per second in, and readers, over the time "
        "shown.",
        "No path: no server is up",
    )
    came = "increase(mediamtx_path_inbound_bytes_total[$__range] @ end())"
    most = f"topk(10, sum by ({_BY_PATH}) ({came}))"
    columns = [
        Column(
            f"8 * {rate('mediamtx_path_inbound_bytes_total', _BY_PATH)} and {most}", "In", "bps"
        ),
        Column(f"sum by ({_BY_PATH}) (mediamtx_path_readers) and {most}", "Readers"),
    ]
    return trends(text, columns, Rows({"path": "Path", "server": "Server"}, w=10, h=11))


def _in() -> Any:
    text = Text("In", "Bits per second into each server.", _DOWN)
    expr = f"8 * {rate('mediamtx_path_inbound_bytes_total', 'server')}"
    return curves(text, [(expr, "{{server}}")], Look("bps", stacked=True))


def _out() -> Any:
    text = Text("Out", "Bits per second queued towards readers and forward destinations.", _DOWN)
    expr = f"8 * {rate('mediamtx_path_outbound_bytes_total', 'server')}"
    return curves(text, [(expr, "{{server}}")], Look("bps", stacked=True))


def _viewers() -> Any:
    text = Text("Viewers by protocol", "Readers of all paths.", "Nobody has watched yet")
    expr = "sum by (protocol) (mediamtx_path_readers)"
    return curves(text, [(expr, "{{protocol}}")], Look("short", stacked=True, decimals=0))


def _studios() -> Any:
    text = Text(
        "Every studio",
        "One row a studio; the newest values. A click on a studio shows it alone.",
        "No studio is configured",
    )
    of = "max by (studio)"
    columns = [
        Column(f"{of} ({OBS})", "OBS", words=words.OBS_STATE),
        Column(f"{of} ({RECORDING})", "Recording", words=words.RECORDING_STATE),
        Column(f"{of} (obs_record_duration_seconds)", "Recorded for", "dtdurations"),
        Column(f"{of} ({STREAM})", "Stream", words=words.STREAM_STATE),
        Column(f"{of} (obs_fps)", "Frames a second", "none", decimals=1),
        Column(
            share("obs_output_skipped_frames_total", "obs_output_frames_total", "studio"),
            "Dropped",
            "percentunit",
            steps=words.DROPPED_FRAMES,
            decimals=2,
        ),
        Column("min by (studio) (obs_disk_available_bytes)", "Disk free", "bytes"),
        Column(
            "min by (studio) (leitstand_schedule_next_start_timestamp_seconds) * 1000",
            "Next start",
            "dateTimeFromNow",
        ),
    ]
    return table(text, columns, Rows({"studio": "Studio"}, w=24, h=6))
