"""The tracks of an open container: which are video and audio, and what describes them. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import av

_LONGEST_TEXT = 100
_MOST_TRACKS = 32
_STILL = av.stream.Disposition.attached_pic | av.stream.Disposition.timed_thumbnails


def video_tracks(container: Any) -> list[Any]:
    """The tracks of moving frames that can be decoded; cover art and thumbnails are none."""
    streams = container.streams.video
    return [one for one in streams if one.codec_context and not _is_still(one)]


def audio_tracks(container: Any) -> list[Any]:
    """The tracks of audio that can be decoded."""
    return [one for one in container.streams.audio if one.codec_context is not None]


def timed_tracks(container: Any) -> list[Any]:
    """The tracks that last: video, audio and subtitles, those without a decoder too."""
    kinds = ("video", "audio", "subtitle")
    return [one for one in container.streams if one.type in kinds and not _is_still(one)]


def codec_name(stream: Any) -> str:
    """The codec, such as `av1`, whichever library decodes it; `unknown` where none does."""
    context = stream.codec_context
    return str(context.codec.canonical_name) if context else "unknown"


def described(container: Any) -> list[dict[str, Any]]:
    """The tracks as the library lists them, those without a decoder too."""
    return [_described(one) for one in _listed(container)]


def ranges(container: Any, origin: Fraction, ends: Mapping[int, float]) -> list[dict[str, float]]:
    """When each track that `described` lists starts and ends, in seconds from the origin; nothing
    of one whose end is not among `ends`, which has them by index."""
    return [_range(one, origin, ends.get(one.index)) for one in _listed(container)]


def _listed(container: Any) -> list[Any]:
    streams = [one for one in timed_tracks(container) if one.type != "subtitle"]
    return streams[:_MOST_TRACKS]


def _range(stream: Any, origin: Fraction, end: float | None) -> dict[str, float]:
    if end is None or stream.start_time is None:
        return {}
    start = max(0.0, float(stream.start_time * Fraction(stream.time_base) - origin))
    return {"start": round(start, 6), "end": round(end, 6)} if start < end else {}


def _is_still(stream: Any) -> bool:
    return stream.type == "video" and bool(stream.disposition & _STILL)


def _described(stream: Any) -> dict[str, Any]:
    codec = stream.codec_context
    track: dict[str, Any] = {
        "kind": stream.type,
        "codec": codec_name(stream)[:_LONGEST_TEXT],
        "language": str(stream.metadata.get("language", ""))[:_LONGEST_TEXT],
    }
    if stream.type == "video":
        rate = stream.average_rate
        return track | {
            "width": codec.width if codec else 0,
            "height": codec.height if codec else 0,
            "fps": round(float(rate), 3) if rate else None,
        }
    return track | {
        "channels": codec.channels if codec else 0,
        "sample_rate": codec.sample_rate if codec else 0,
    }
