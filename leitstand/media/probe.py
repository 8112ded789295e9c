"""What a media file is: its tracks, its duration, and whether it plays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, BinaryIO

import av

from leitstand.media import fingerprint, tracks
from leitstand.media.extent import extent
from leitstand.media.opening import Media, Unreadable, opened

_LONGEST_TEXT = 100
Facts = dict[str, Any]


def probe(source: BinaryIO, demuxer: str) -> Facts:
    """The facts as plain values: `tracks`, `duration`, `created`, `fingerprint`, and `code` and
    `params` of what is wrong with the file, no code where nothing is.

    Raises MemoryError and ImportError, which say nothing about the file.
    """
    try:
        with opened(source, demuxer) as media:
            return _facts(media) | _examined(media, source)
    except Unreadable as failure:
        return _wrong(failure.code, **({"detail": failure.detail} if failure.detail else {}))


def _facts(media: Media) -> Facts:
    created = str(media.container.metadata.get("creation_time", ""))
    return {"tracks": tracks.described(media.container), "created": created[:_LONGEST_TEXT]}


def _examined(media: Media, source: BinaryIO) -> Facts:
    if not tracks.described(media.container):
        return _wrong("no_tracks")
    try:
        _decode_first(media)
    except (av.FFmpegError, ValueError, StopIteration) as error:
        declared = {"duration": media.declared or 0.0}
        return _wrong("unreadable", detail=type(error).__name__) | declared
    found = extent(media, source)
    facts = {
        "duration": found.seconds,
        "tracks": _placed(media, found.ends),
        "fingerprint": fingerprint.taken(media),
    }
    if found.declared is None:
        return facts
    params = {
        "declared_seconds": round(found.declared, 3),
        "seconds": round(found.seconds, 3),
    }
    return _wrong("damaged_end", **params) | facts


def _placed(media: Media, ends: Mapping[int, float]) -> list[dict[str, Any]]:
    """The tracks, each with its own start and end where they are known."""
    listed = tracks.described(media.container)
    times = tracks.ranges(media.container, media.origin, ends)
    return [one | own for one, own in zip(listed, times, strict=True)]


def _decode_first(media: Media) -> None:
    """Raises what PyAV raises where the first frame or audio cannot be decoded."""
    # A file whose video nothing decodes is not one of audio alone.
    played = [one for one in tracks.timed_tracks(media.container) if one.type != "subtitle"]
    stream = next((one for one in played if one.type == "video"), played[0])
    if stream.codec_context is None:
        raise ValueError("no decoder")
    # Threads of a machine with many cores would need more memory than there may be.
    stream.codec_context.thread_count = 1
    next(media.container.decode(stream))


def _wrong(code: str, **params: Any) -> Facts:
    return {"code": code, "params": params}
