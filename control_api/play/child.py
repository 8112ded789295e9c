"""Finds out how browsers can play one media file, alone in a process that can open no other.

The file is its standard input. The answer is one line of JSON, and after it the head of an MP4 that
has the file as its payload, where that is how.
"""

from __future__ import annotations

import json
import mmap
import os
import resource
import struct
import sys
import time
from typing import Any, BinaryIO

import av

from control_api.play import index
from control_api.play.codecs import as_it_is, in_mp4, in_webm, told
from control_api.play.samples import Unfit
from leitstand.media import formats
from leitstand.media.extent import extent
from leitstand.media.opening import Media, Unreadable, opened
from leitstand.media.sandbox import import_late_modules, lock_in
from leitstand.media.tracks import codec_name
from leitstand.media.view import View

_MOST_OUTPUT = 512 << 20
_CPU_SECONDS = 120
_LESS_URGENT = 10
_READ_AT_ONCE = 1 << 20
_LENGTH_PREFIXED = (formats.MATROSKA, formats.MP4, formats.FLASH)
"""Formats that keep samples as MP4 does: in one piece, without start codes."""
_NEEDS_SETUP = ("h264", "aac", "av1")
_MOST_BOXES = 1000
_CODECS_AT_MOST = 100


class Refused(Exception):
    """It cannot be played; the sentence says why."""


def main(form: str, seconds: str) -> None:
    """`form` is the demuxer; an index that is not made in so many seconds is given up."""
    # Whoever records has the processors first.
    os.nice(_LESS_URGENT)
    import_late_modules()
    data = _mapped() if form == "matroska" else None
    lock_in(_CPU_SECONDS, len(data) if data else 0)
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MOST_OUTPUT, _MOST_OUTPUT))
    until = time.monotonic() + float(seconds)
    try:
        answer, head = look(form, data, until)
    except Refused as why:
        answer, head = {"how": "refused", "reason": str(why)}, b""
    except Unreadable as failure:
        is_empty = failure.code == "empty_file"
        reason = "it is empty" if is_empty else "it is damaged, or no video"
        answer, head = {"how": "refused", "reason": reason}, b""
    except (av.FFmpegError, ValueError, EOFError, MemoryError, OverflowError):
        answer, head = {"how": "refused", "reason": "it is damaged, or no video"}, b""
    sys.stdout.buffer.write(json.dumps({**answer, "head": len(head)}).encode() + b"\n" + head)


def look(form: str, data: mmap.mmap | None, until: float) -> tuple[dict[str, Any], bytes]:
    source = open(0, "rb", buffering=0, closefd=False)
    with opened(source, form, _READ_AT_ONCE) as media:
        streams = media.played
        if not streams:
            raise Refused("it has neither picture nor sound")
        answer = {"codecs": [codec_name(one)[:_CODECS_AT_MOST] for one in streams], "reason": ""}
        if _is_playable(media, source, streams):
            return {**answer, "how": "as_is"}, b""
        if wrong := [told(one) for one in streams if not in_mp4(one)]:
            reason = f"no browser plays {' or '.join(wrong)}"
            return {**answer, "how": "transcode", "reason": reason}, b""
        try:
            _check(media.format, streams)
            is_mapped = media.format == formats.MATROSKA
            head = index.head(index.Source(media, streams, 0, data if is_mapped else None), until)
            return {**answer, "how": "virtual"}, head
        except Unfit as why:
            return {**answer, "how": "remux", "reason": str(why)}, b""


def _mapped() -> mmap.mmap | None:
    """The bytes of the file, not read yet."""
    size = os.fstat(0).st_size
    return mmap.mmap(0, size, prot=mmap.PROT_READ) if size else None


def _is_playable(media: Media, source: BinaryIO, streams: list[Any]) -> bool:
    """Whether browsers play the file itself to its end, and can seek in it."""
    if media.format == formats.MP4:
        return all(map(in_mp4, streams)) and _is_fast() and _is_whole(source)
    if media.format == formats.MATROSKA:
        container = media.container
        return all(map(in_webm, streams)) and _is_webm() and _has_cues(container, streams[0])
    return all(as_it_is(media.format, one) for one in streams)


def _is_whole(source: BinaryIO) -> bool:
    """Whether an MP4 is as long as it says; read by a demuxer of its own, which is moved."""
    whole = View(source, b"", 0, os.fstat(source.fileno()).st_size, 0)
    with opened(whole, "mp4", _READ_AT_ONCE) as media:
        return extent(media, source).declared is None


def _check(form: str, streams: list[Any]) -> None:
    if form not in _LENGTH_PREFIXED:
        raise Unfit("browsers do not read its format")
    for stream in streams:
        setup = bytes(stream.codec_context.extradata or b"")
        if codec_name(stream) in _NEEDS_SETUP and not setup:
            raise Unfit("its codec is not set up")
        # ISO/IEC 14496-15, 5.3.3.1: configurationVersion; a start code has 0 here.
        if codec_name(stream) == "h264" and setup[:1] != b"\x01":
            raise Unfit("its samples have start codes")


def _is_fast() -> bool:
    """Whether an MP4's index comes before its media, and is all of it (ISO/IEC 14496-12, 8.2)."""
    at = 0
    for _ in range(_MOST_BOXES):
        found = os.pread(0, 16, at)
        if len(found) < 8:
            return False
        size, kind = struct.unpack_from(">I4s", found)
        if kind == b"moov":
            return b"mvex" not in os.pread(0, min(size, _READ_AT_ONCE), at)
        if kind in (b"mdat", b"moof") or (size < 8 and size != 1):
            return False
        at += struct.unpack_from(">Q", found, 8)[0] if size == 1 and len(found) == 16 else size
    return False


def _is_webm() -> bool:
    """By its DocType; players do not take every Matroska (RFC 8794, 11.2.4)."""
    return b"\x42\x82\x84webm" in os.pread(0, 128, 0)


def _has_cues(container: Any, stream: Any) -> bool:
    """Whether it has an index to seek by, and says how long it is."""
    if not container.duration:
        return False
    try:
        container.seek(container.duration // 2 + (container.start_time or 0))
        entries = len(stream.index_entries)
        container.seek(container.start_time or 0)
    except av.FFmpegError:
        return False
    return entries > 1
