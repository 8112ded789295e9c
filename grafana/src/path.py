"""One path: is it live, how well does it arrive, how well does it reach its readers."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.builders.dashboard import Dashboard

from grafana.src import words
from grafana.src.alerts import alerts
from grafana.src.frame import About, filled, frame
from grafana.src.panels import Look, Text, curves, number, states
from grafana.src.promql import lost, rate
from grafana.src.states import PATH, SERVER_UP
from grafana.src.tables import Column, Rows, table

_BY = "server, path"
_NAME = "{{server}} {{path}}"
_GONE = "Not listed by a server that is up"
_NO_SRT = "No SRT link"


def dashboard() -> Dashboard:
    about = About(
        "leitstand-path",
        "Path",
        "One path, or some: live or not, how well it arrives, how well it reaches its readers.",
        one="path",
    )
    made = frame(about, ("server", "path"))
    return filled(
        made,
        ("Now", _now()),
        ("What was when", [_life(), alerts(', server=~"$server", path=~"$path|"', w=24, h=5)]),
        ("Traffic", _traffic()),
        ("Quality", _quality()),
        ("SRT links", _srt()),
        ("What is in it", [_media()]),
        ("Passed on and kept", _passed_on()),
    )


def _now() -> list[Any]:
    return [
        number(
            Text("State", "Live, idle, offline though expected, or frozen.", _GONE),
            f"max({PATH})",
            Look(words=words.PATH_STATE),
        ),
        number(
            Text(
                "Last data",
                "How long ago inbound bytes last grew; of several, the longest. From 10 s on it is "
                "frozen.",
                "No data seen yet",
            ),
            "time() - min(mediamtx_path_last_data_timestamp_seconds)",
            Look("s", steps=((None, "green"), (4, "orange"), (10, "red")), decimals=0),
        ),
        number(
            Text("In", "Bits per second that arrive.", _GONE),
            "8 * sum(rate(mediamtx_path_inbound_bytes_total[$__rate_interval]))",
            Look("bps"),
        ),
        number(
            Text("Lost in", "Packets missing on the way in, of all.", "No packets are counted"),
            lost("inbound"),
            Look("percentunit", steps=words.LOSS, decimals=2),
        ),
        number(
            Text("Readers", "Who reads it now, over every protocol.", "Nobody has read it yet"),
            f"sum(mediamtx_path_readers) or 0 * count({SERVER_UP})",
            Look(),
        ),
        number(
            Text("Out", "Bits per second queued towards readers and forwards.", _GONE),
            "8 * sum(rate(mediamtx_path_outbound_bytes_total[$__rate_interval]))",
            Look("bps"),
        ),
        number(
            Text(
                "Lost out", "Packets that readers reported lost, of all.", "No packets are counted"
            ),
            lost("outbound"),
            Look("percentunit", steps=words.LOSS, decimals=2),
        ),
        number(
            Text("Reconnects", "How often it came back, over the time shown.", _GONE),
            "sum(increase(mediamtx_path_reconnects_total[$__range]))",
            Look(steps=((None, "green"), (1, "orange"), (10, "red")), decimals=0),
        ),
    ]


def _life() -> Any:
    text = Text("Life", "When it was live, idle, offline though expected, or frozen.", _GONE)
    return states(text, [(PATH, _NAME)], Look(w=24, h=6, words=words.PATH_STATE))


def _traffic() -> list[Any]:
    return [
        curves(
            Text("In", "Bits per second that arrive, over all its publishers.", _GONE),
            [(f"8 * {rate('mediamtx_path_inbound_bytes_total', _BY)}", _NAME)],
            Look("bps", w=12, figures=True),
        ),
        curves(
            Text("Out", "Bits per second queued, those discarded for slow readers too.", _GONE),
            [(f"8 * {rate('mediamtx_path_outbound_bytes_total', _BY)}", _NAME)],
            Look("bps", w=12, figures=True),
        ),
        curves(
            Text("Readers by protocol", "Who reads it.", "Nobody has read it yet"),
            [("sum by (protocol) (mediamtx_path_readers)", "{{protocol}}")],
            Look(w=8, stacked=True, decimals=0),
        ),
        curves(
            Text(
                "Sessions that begin",
                "Per second; many mean that publisher or readers cannot stay.",
                "No session yet",
            ),
            [(rate("mediamtx_sessions_opened_total", "protocol, role"), "{{role}} {{protocol}}")],
            Look("cps", w=8),
        ),
        curves(
            Text("Reconnects", "How often it came back, per interval of the graph.", _GONE),
            [
                (
                    f"sum by ({_BY}) (increase(mediamtx_path_reconnects_total[$__rate_interval]))",
                    _NAME,
                )
            ],
            Look(w=8, decimals=0),
        ),
    ]


def _quality() -> list[Any]:
    by = "path, protocol"
    name = "{{path}} {{protocol}}"
    discarded = "mediamtx_session_outbound_packets_discarded_total"
    frames = "mediamtx_session_outbound_frames_discarded_total"
    muxed = "mediamtx_hls_muxer_outbound_frames_discarded_total"
    return [
        curves(
            Text("Lost in", "Packets missing on the way in, of all.", "No packets are counted"),
            [(lost("inbound", by), name)],
            Look("percentunit", steps=words.LOSS, w=6),
        ),
        curves(
            Text("Lost out", "Packets that readers reported lost.", "No packets are counted"),
            [(lost("outbound", by), name)],
            Look("percentunit", steps=words.LOSS, w=6),
        ),
        curves(
            Text(
                "Discarded for slow readers",
                "Packets and frames per second that were thrown away because a reader, or the HLS "
                "muxer, was too slow.",
                "Nothing that can be discarded",
            ),
            [
                (rate(discarded, by), f"{name} packets"),
                (rate(frames, by), f"{name} frames"),
                (rate(muxed, "path"), "{{path}} muxer's frames"),
            ],
            Look("cps", w=6),
        ),
        curves(
            Text(
                "Unusable",
                "Frames that could not be processed, and RTSP packets that could not be used.",
                "Not counted by this version",
            ),
            [
                (rate("mediamtx_path_inbound_frame_errors_total", "path"), "{{path}} frames"),
                (
                    rate("mediamtx_session_inbound_packets_in_error_total", "path"),
                    "{{path}} packets",
                ),
            ],
            Look("cps", w=6),
        ),
    ]


def _srt() -> list[Any]:
    name = "{{path}} {{role}}"
    by = "path, role"
    faults = ("retransmitted", "dropped", "belated", "undecrypted")
    return [
        curves(
            Text("Round trip", "Of the slowest link. SRT's latency should be 4 times it.", _NO_SRT),
            [(f"max by ({by}) (mediamtx_srt_rtt_seconds)", name)],
            Look("s", steps=words.ROUND_TRIP, w=6),
        ),
        curves(
            Text(
                "Buffers",
                "Media that waits in the fullest buffer. A receive buffer near 0 means that "
                "packets come too late.",
                _NO_SRT,
            ),
            [
                (f"max by ({by}) (mediamtx_srt_receive_buffer_seconds)", f"{name} receive"),
                (f"max by ({by}) (mediamtx_srt_send_buffer_seconds)", f"{name} send"),
            ],
            Look("s", w=6),
        ),
        curves(
            Text(
                "Packets in trouble",
                "Per second: sent again (harmless while few), dropped as too late, come after "
                "their time, or with the wrong passphrase.",
                _NO_SRT,
            ),
            [
                (rate(f"mediamtx_srt_{fault}_packets_total", by), f"{name} {fault}")
                for fault in faults
            ],
            Look("pps", w=6),
        ),
        curves(
            Text("Capacity", "Estimated bits per second of the narrowest link.", _NO_SRT),
            [(f"8 * min by ({by}) (mediamtx_srt_link_capacity_bytes_per_second)", name)],
            Look("bps", w=6),
        ),
    ]


def _media() -> Any:
    text = Text(
        "Picture and sound",
        "What the path carries, and what feeds it.",
        "Nothing is known: it is offline",
    )
    of = f"max by ({_BY})"
    columns = [
        Column(f"max by ({_BY}, conf, source_type, on_demand) (mediamtx_path_info)"),
        Column(f"max by ({_BY}, codec, profile, level) (mediamtx_path_video_info)"),
        Column(f"{of} (mediamtx_path_video_width_pixels)", "Width", "none"),
        Column(f"{of} (mediamtx_path_video_height_pixels)", "Height", "none"),
        Column(_sound()),
        Column(f"{of} (mediamtx_path_audio_channels)", "Channels", "none"),
        Column(f"{of} (mediamtx_path_audio_sample_rate_hertz)", "Sample rate", "hertz"),
    ]
    labels = {
        "conf": "Configured as",
        "source_type": "Fed by",
        "on_demand": "On demand",
        "codec": "Video",
        "profile": "Profile",
        "level": "Level",
        "sound": "Sound",
    }
    return table(text, columns, Rows({"path": "Path", "server": "Server"}, labels, w=24, h=6))


def _sound() -> str:
    """The codec under another name than the picture's, so that both are columns."""
    copied = 'label_join(mediamtx_path_audio_info, "sound", "", "codec")'
    return f"max by ({_BY}, sound) ({copied})"


def _passed_on() -> list[Any]:
    by = "path, protocol"
    name = "{{path}} {{protocol}}"
    return [
        curves(
            Text(
                "Forwards that fail",
                "Destinations of the path that cannot be reached, beside all it has.",
                "No forward is configured",
            ),
            [
                (f"sum by ({by}) (mediamtx_forward_failing)", f"{name} failing"),
                (f"sum by ({by}) (mediamtx_forwards)", f"{name} all"),
            ],
            Look(w=6, decimals=0),
        ),
        curves(
            Text("Forwarded", "Bits per second to destinations.", "No forward is configured"),
            [(f"8 * {rate('mediamtx_forward_outbound_bytes_total', by)}", name)],
            Look("bps", w=6),
        ),
        curves(
            Text(
                "HLS",
                "Bits per second that the muxers served.",
                "Nobody watches over HLS",
            ),
            [(f"8 * {rate('mediamtx_hls_muxer_outbound_bytes_total', 'path')}", "{{path}}")],
            Look("bps", w=6),
        ),
        curves(
            Text(
                "Newest segment",
                "How long ago the newest recorded segment of the path began. It should not get "
                "much older than a segment is long.",
                "The server does not record it",
            ),
            [
                (
                    "time() - max by (path) (mediamtx_recording_newest_segment_timestamp_seconds)",
                    "{{path}}",
                )
            ],
            Look("s", w=6),
        ),
    ]
