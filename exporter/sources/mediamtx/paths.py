"""A path of the API -> what it says of itself, before anything is added up."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.sources.mediamtx.answers import PROTOCOLS, UNKNOWN_PROTOCOL, is_known
from exporter.sources.mediamtx.state import Audio, Video
from leitstand.clients.mediamtx.objects import CodecProps, Path, Track

_VIDEO_CODECS = frozenset(
    {"AV1", "VP9", "VP8", "H265", "H264", "MPEG-4 Video", "MPEG-1/2 Video", "M-JPEG"}
)
_AUDIO_CODECS = frozenset(
    {
        *("Opus", "FLAC", "Vorbis", "MPEG-4 Audio", "MPEG-4 Audio LATM", "MPEG-1/2 Audio"),
        *("AC3", "Speex", "G726", "G722", "G711", "LPCM"),
    }
)
# `hidden` readers are the server's own; upstream keeps them out of its counts as well.
_NOT_A_READER = "hidden"
_NO_PROPS = CodecProps()


def is_available(path: Path) -> bool:
    """Readable now. `ready` until v1.15."""
    return path.ready if path.available is None else path.available


def available_time(path: Path) -> str | None:
    """Since when its stream exists: every path counter begins at 0 with it."""
    return (path.availableTime or path.readyTime) if is_available(path) else None


def online_time(path: Path) -> str | None:
    """Since when something real feeds the path; None if nothing does.

    Upstream's `online` alone is no health: a static source that never ran and a redirect are
    `online` since the year 1, and an always-available path is available while nobody publishes.
    Before v1.16 online is ready.
    """
    if not is_available(path):
        return None
    if path.online is None:
        return available_time(path)
    return path.onlineTime if path.online and is_known(path.onlineTime) else None


def source_type(path: Path) -> str:
    return path.source.type if path.source else ""


def protocol_of(type_name: str) -> str:
    """`rtspSession`, `srtConn`, v1.17's `hlsMuxer`, … -> the protocol, `other` if it is new."""
    word = type_name.removesuffix("Session").removesuffix("Conn").removesuffix("Muxer").lower()
    return word if word in PROTOCOLS else UNKNOWN_PROTOCOL


def readers(path: Path) -> dict[str, int]:
    """How many readers there are of each protocol."""
    counts: dict[str, int] = {}
    for reader in path.readers or ():
        if reader.type != _NOT_A_READER:
            protocol = protocol_of(reader.type)
            counts[protocol] = counts.get(protocol, 0) + 1
    return counts


def tracks(path: Path) -> tuple[Video | None, Audio | None]:
    """The first video and the first audio track."""
    video, audio = None, None
    for track in _tracks(path):
        if video is None and track.codec in _VIDEO_CODECS:
            video = _video(track)
        elif audio is None and track.codec in _AUDIO_CODECS:
            audio = _audio(track)
    return video, audio


def _tracks(path: Path) -> Sequence[Track]:
    if path.tracks2 is not None:
        return path.tracks2
    return [Track(codec=codec) for codec in path.tracks or ()]


def _video(track: Track) -> Video:
    """MediaMTX writes 0 for a size that it does not know."""
    props = track.codecProps or _NO_PROPS
    profile, level = _word(props.profile), _word(props.level)
    return Video(track.codec, profile, level, props.width or None, props.height or None)


def _audio(track: Track) -> Audio:
    props = track.codecProps or _NO_PROPS
    return Audio(track.codec, props.channelCount or None, props.sampleRate or None)


def _word(value: str | float | None) -> str:
    """Profiles and levels are words for some codecs and numbers for others."""
    return "" if value is None else str(value)
