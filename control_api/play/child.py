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
from typing import Any

import av

from control_api.library.child import late_imports, lock_in, whitelist
from control_api.play import index
from control_api.play.codecs import as_it_is, in_mp4, in_webm, moving, name, sounding, told
from control_api.play.samples import Unfit

_MOST_OUTPUT = 512 << 20
_CPU_SECONDS = 120
_LESS_URGENT = 10
_READ_AT_ONCE = 1 << 20
_LENGTH_PREFIXED = ("matroska", "mp4", "mov", "flv")
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
    late_imports()
    data = _mapped() if form == "matroska" else None
    lock_in(_CPU_SECONDS, len(data) if data else 0)
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MOST_OUTPUT, _MOST_OUTPUT))
    until = time.monotonic() + float(seconds)
    try:
        answer, head = look(form, data, until)
    except Refused as why:
        answer, head = {"how": "refused", "reason": str(why)}, b""
    except (av.FFmpegError, ValueError, EOFError, MemoryError, OverflowError):
        answer, head = {"how": "refused", "reason": "it is damaged, or no video"}, b""
    sys.stdout.buffer.write(json.dumps({**answer, "head": len(head)}).encode() + b"\n" + head)


def look(form: str, data: mmap.mmap | None, until: float) -> tuple[dict[str, Any], bytes]:
    source = open(0, "rb", buffering=0, closefd=False)
    options = {"protocol_whitelist": "file", "format_whitelist": whitelist(form)}
    with av.open(
        source, format=form, options=options, metadata_errors="replace", buffer_size=_READ_AT_ONCE
    ) as container:
        streams = [one for one in (moving(container), sounding(container)) if one is not None]
        if not streams:
            raise Refused("it has neither picture nor sound")
        answer = {"codecs": [name(one)[:_CODECS_AT_MOST] for one in streams], "reason": ""}
        if _is_playable(container, form, streams):
            return {**answer, "how": "as_is"}, b""
        if wrong := [told(one) for one in streams if not in_mp4(one)]:
            reason = f"no browser plays {' or '.join(wrong)}"
            return {**answer, "how": "transcode", "reason": reason}, b""
        try:
            _check(form, streams)
            head = index.head(index.Source(container, streams, 0, data), until)
            return {**answer, "how": "virtual"}, head
        except Unfit as why:
            return {**answer, "how": "remux", "reason": str(why)}, b""


def _mapped() -> mmap.mmap | None:
    """The bytes of the file, not read yet."""
    size = os.fstat(0).st_size
    return mmap.mmap(0, size, prot=mmap.PROT_READ) if size else None


def _is_playable(container: Any, form: str, streams: list[Any]) -> bool:
    """Whether browsers play the file itself, and can seek in it."""
    if form == "mp4":
        return all(map(in_mp4, streams)) and _is_fast()
    if form == "matroska":
        return all(map(in_webm, streams)) and _is_webm() and _has_cues(container, streams[0])
    return all(as_it_is(form, one) for one in streams)


def _check(form: str, streams: list[Any]) -> None:
    if form not in _LENGTH_PREFIXED:
        raise Unfit("browsers do not read its format")
    for stream in streams:
        setup = bytes(stream.codec_context.extradata or b"")
        if name(stream) in _NEEDS_SETUP and not setup:
            raise Unfit("its codec is not set up")
        # ISO/IEC 14496-15, 5.3.3.1: configurationVersion; a start code has 0 here.
        if name(stream) == "h264" and setup[:1] != b"\x01":
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
