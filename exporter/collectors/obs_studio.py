"""obs_*: OBS itself: frames, load, disk, scenes."""

from __future__ import annotations

from collections.abc import Callable

from exporter.family import Family, Metrics, counter, gauge
from exporter.sources.obs.state import StudioState

_ROWS: tuple[tuple[Family, Callable[[StudioState], float]], ...] = (
    (
        gauge("obs_fps", "Frames rendered a second (activeFps).", "studio"),
        lambda state: state.fps,
    ),
    (
        gauge(
            "obs_frame_render_time_seconds",
            "Average time to render a frame (averageFrameRenderTime).",
            "studio",
        ),
        lambda state: state.frame_render_time,
    ),
    (
        gauge("obs_cpu_usage_ratio", "CPU that OBS uses, of all cores (cpuUsage).", "studio"),
        lambda state: state.cpu_usage,
    ),
    (
        gauge("obs_memory_usage_bytes", "Memory that OBS uses (memoryUsage).", "studio"),
        lambda state: state.memory_bytes,
    ),
    (
        gauge(
            "obs_disk_available_bytes",
            "Space where OBS records to (availableDiskSpace); 0 also if the folder is gone.",
            "studio",
        ),
        lambda state: state.disk_available_bytes,
    ),
    (
        counter("obs_render_frames_total", "Frames rendered (renderTotalFrames).", "studio"),
        lambda state: state.render_frames,
    ),
    (
        counter(
            "obs_render_skipped_frames_total",
            "Frames that were rendered too late (renderSkippedFrames).",
            "studio",
        ),
        lambda state: state.render_skipped_frames,
    ),
    (
        counter("obs_output_frames_total", "Frames for encoders (outputTotalFrames).", "studio"),
        lambda state: state.output_frames,
    ),
    (
        counter(
            "obs_output_skipped_frames_total",
            "Frames that the encoders had no time for (outputSkippedFrames).",
            "studio",
        ),
        lambda state: state.output_skipped_frames,
    ),
)
_INFO = gauge("obs_info", "1; the version of OBS.", "studio", "version")
_SCENE = gauge("obs_scene_active", "1 for the program scene, 0 for all others.", "studio", "scene")

FAMILIES = (_INFO, *(family for family, _ in _ROWS), _SCENE)


def collect(state: StudioState) -> Metrics:
    at = (state.studio,)
    yield _INFO, [((state.studio, state.version), 1)]
    for family, value_of in _ROWS:
        yield family, [(at, value_of(state))]
    yield _SCENE, [((state.studio, name), active) for name, active in state.scenes]
