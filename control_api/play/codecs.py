"""What browsers play: which codecs, in which files. No I/O.

The common ground of Chromium, Firefox and Safari; what only some of them have, such as HEVC, is
not in it.
"""

from __future__ import annotations

from typing import Any

from leitstand.media.tracks import codec_name

_EIGHT_BITS = ("yuv420p", "yuvj420p", "nv12")
_TEN_BITS = (*_EIGHT_BITS, "yuv420p10le", None)
_PICTURES = {"h264": _EIGHT_BITS, "vp8": _TEN_BITS, "vp9": _TEN_BITS, "av1": _TEN_BITS}
"""Codec -> the forms of its pictures that can be decoded; None: not known."""
_SOUNDS = ("aac", "opus", "mp3", "flac")
_OF_WEBM = ("vp8", "vp9", "av1", "opus", "vorbis")
_AS_THEY_ARE = {
    "mp3": ("mp3",),
    "flac": ("flac",),
    "ogg": ("opus", "vorbis", "flac"),
    "wav": ("pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_f32le"),
}
"""Format of sound alone -> what browsers play of it."""


def in_mp4(stream: Any) -> bool:
    """Whether browsers play this track in an MP4 file."""
    codec = codec_name(stream)
    if stream.type == "audio":
        return codec in _SOUNDS
    return codec != "vp8" and stream.codec_context.pix_fmt in _PICTURES.get(codec, ())


def in_webm(stream: Any) -> bool:
    codec = codec_name(stream)
    is_known = stream.type == "audio" or stream.codec_context.pix_fmt in _PICTURES.get(codec, ())
    return codec in _OF_WEBM and is_known


def as_it_is(form: str, stream: Any) -> bool:
    """Whether browsers play the sound in a file of this demuxer."""
    return stream.type == "audio" and codec_name(stream) in _AS_THEY_ARE.get(form, ())


def told(stream: Any) -> str:
    """For people: the codec, and what is special about its pictures."""
    pixels = stream.codec_context.pix_fmt if stream.type == "video" else None
    is_plain = pixels in (None, *_EIGHT_BITS)
    return codec_name(stream) if is_plain else f"{codec_name(stream)} ({pixels})"
