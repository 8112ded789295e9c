"""The formats of media files: extensions, demuxers and media types. No I/O."""

from __future__ import annotations

from pathlib import PurePosixPath

EXTENSIONS = {
    ".mkv": ("matroska", "video/x-matroska"),
    ".webm": ("matroska", "video/webm"),
    ".mka": ("matroska", "audio/x-matroska"),
    ".mp4": ("mp4", "video/mp4"),
    ".m4v": ("mp4", "video/mp4"),
    ".mov": ("mov", "video/quicktime"),
    ".m4a": ("mp4", "audio/mp4"),
    ".3gp": ("mp4", "video/3gpp"),
    ".3g2": ("mp4", "video/3gpp2"),
    ".ts": ("mpegts", "video/mp2t"),
    ".mts": ("mpegts", "video/mp2t"),
    ".m2ts": ("mpegts", "video/mp2t"),
    ".flv": ("flv", "video/x-flv"),
    ".avi": ("avi", "video/x-msvideo"),
    ".mpg": ("mpeg", "video/mpeg"),
    ".mpeg": ("mpeg", "video/mpeg"),
    ".vob": ("mpeg", "video/mpeg"),
    ".wmv": ("asf", "video/x-ms-wmv"),
    ".asf": ("asf", "video/x-ms-asf"),
    ".ogg": ("ogg", "audio/ogg"),
    ".ogv": ("ogg", "video/ogg"),
    ".opus": ("ogg", "audio/ogg"),
    ".flac": ("flac", "audio/flac"),
    ".wav": ("wav", "audio/wav"),
    ".mp3": ("mp3", "audio/mpeg"),
}
"""Extension -> the demuxer that opens such a file, and its media type."""

DEMUXERS = (
    *("matroska,webm", "mov,mp4,m4a,3gp,3g2,mj2", "mpegts", "mpeg", "mpegvideo", "flv", "avi"),
    *("asf", "ogg", "wav", "mp3", "aac", "flac", "h264", "hevc", "mxf"),
)
"""Demuxers of formats that hold media themselves, no playlist or script that names other files."""

MATROSKA, MP4, TRANSPORT, FLASH = "matroska,webm", "mov,mp4,m4a,3gp,3g2,mj2", "mpegts", "flv"
"""What some demuxers call themselves."""


def demuxer_of(name: str) -> str:
    """The demuxer for a file of this name; "" where the name does not say."""
    return EXTENSIONS.get(PurePosixPath(name).suffix.lower(), ("", ""))[0]


def full_name(demuxer: str) -> str:
    """What a demuxer calls itself; it goes by each of the names in that."""
    return next((one for one in DEMUXERS if demuxer in (one, *one.split(","))), demuxer)


def options() -> dict[str, str]:
    """How a container is opened (ffmpeg-formats, "Format Options"): nothing but media files, and
    no other file or address that one of them names."""
    return {"protocol_whitelist": "file", "format_whitelist": ",".join(DEMUXERS)}
