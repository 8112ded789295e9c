"""mediamtx_path_video_* and mediamtx_path_audio_*: the first track of each kind."""

from __future__ import annotations

from collections.abc import Callable

from exporter.family import Family, Metrics, gauge
from exporter.sources.mediamtx.state import Audio, MediaMTXState, Video

_PATH = ("server", "path")

_VIDEO_INFO = gauge(
    "mediamtx_path_video_info",
    "1; codec, profile and level of the first video track, empty where unknown.",
    *(*_PATH, "codec", "profile", "level"),
)
_AUDIO_INFO = gauge(
    "mediamtx_path_audio_info", "1; codec of the first audio track.", *_PATH, "codec"
)
_VIDEO_ROWS: tuple[tuple[Family, Callable[[Video], float | None]], ...] = (
    (
        gauge("mediamtx_path_video_width_pixels", "Width of the first video track.", *_PATH),
        lambda video: video.width,
    ),
    (
        gauge("mediamtx_path_video_height_pixels", "Height of the first video track.", *_PATH),
        lambda video: video.height,
    ),
)
_AUDIO_ROWS: tuple[tuple[Family, Callable[[Audio], float | None]], ...] = (
    (
        gauge("mediamtx_path_audio_channels", "Channels of the first audio track.", *_PATH),
        lambda audio: audio.channels,
    ),
    (
        gauge(
            "mediamtx_path_audio_sample_rate_hertz",
            "Sample rate of the first audio track.",
            *_PATH,
        ),
        lambda audio: audio.sample_rate,
    ),
)

FAMILIES = (
    _VIDEO_INFO,
    *(family for family, _ in _VIDEO_ROWS),
    _AUDIO_INFO,
    *(family for family, _ in _AUDIO_ROWS),
)


def collect(state: MediaMTXState) -> Metrics:
    videos = [((state.server, path.name), path.video) for path in state.paths if path.video]
    audios = [((state.server, path.name), path.audio) for path in state.paths if path.audio]
    yield _VIDEO_INFO, [((*at, v.codec, v.profile, v.level), 1) for at, v in videos]
    for family, size_of in _VIDEO_ROWS:
        yield family, [(at, n) for at, video in videos if (n := size_of(video)) is not None]
    yield _AUDIO_INFO, [((*at, audio.codec), 1) for at, audio in audios]
    for family, rate_of in _AUDIO_ROWS:
        yield family, [(at, n) for at, audio in audios if (n := rate_of(audio)) is not None]
