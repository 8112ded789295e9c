"""What is known of one studio after a poll, in base units; None is unknown."""

from __future__ import annotations

import msgspec


class Stream(msgspec.Struct, frozen=True):
    active: bool
    reconnecting: bool
    duration: float
    congestion: float | None
    bytes: float
    frames: float
    skipped_frames: float


class Record(msgspec.Struct, frozen=True):
    """The recording. `last_growth` and `stalled` only while one runs."""

    active: bool
    paused: bool
    duration: float
    bytes: float
    file_bytes: int | None = None
    last_growth: float | None = None
    stalled: bool | None = None


class Input(msgspec.Struct, frozen=True):
    """An input that has sound. `peak` is in decibels of full scale, before fader and mute."""

    name: str
    muted: bool
    peak: float | None
    last_audible: float | None


class Picture(msgspec.Struct, frozen=True):
    """The program picture: 0 is black, 1 white."""

    luma: float
    last_change: float | None


class StudioState(msgspec.Struct, frozen=True, kw_only=True):
    studio: str
    version: str
    fps: float
    frame_render_time: float
    cpu_usage: float
    memory_bytes: float
    disk_available_bytes: float
    render_frames: float
    render_skipped_frames: float
    output_frames: float
    output_skipped_frames: float
    stream: Stream
    record: Record
    scenes: tuple[tuple[str, bool], ...]
    inputs: tuple[Input, ...]
    picture: Picture | None
