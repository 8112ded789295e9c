"""Makes one video playable, in a process of its own: see `control_api.jobs.work`.

What browsers play is copied, what they do not is encoded, track by track, into an MP4 whose index
comes first.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av

from control_api.jobs.work import Failed, Report
from control_api.play.codecs import in_mp4
from control_api.play.store import part_path
from control_api.play.tracks import CannotCopy, Copied, Pictures, Sound, Track
from leitstand import atomicfile
from leitstand.media.look import Look, looked_at
from leitstand.media.opening import Media, Unreadable, opened

_READ_AT_ONCE = 1 << 20
_BEFORE_THE_INDEX = 0.98
"""The share that is done when all packets are written; then the index is put to the front."""


def work(params: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """`params` as `PlayService` made them; the video lies in the attempt's part file afterwards."""
    part = part_path(params)
    part.parent.mkdir(parents=True, exist_ok=True)
    try:
        encoded = _written(params, part, report)
    except Unreadable:
        raise Failed("it cannot be read; it is empty or damaged") from None
    except av.FFmpegError as error:
        if isinstance(error, OSError) and not isinstance(error, av.error.InvalidDataError):
            raise
        raise Failed(f"it cannot be read ({type(error).__name__}); it is damaged") from None
    return {"size": _flushed(part), "encoded": encoded}


def _written(params: Mapping[str, Any], part: Path, report: Report) -> list[str]:
    """Which kinds of track had to be encoded."""
    with contextlib.suppress(CannotCopy):
        return _made(params, part, report, in_mp4)
    return _made(params, part, report, lambda stream: False)


def _made(
    params: Mapping[str, Any], part: Path, report: Report, is_copied: Callable[[Any], bool]
) -> list[str]:
    with (
        _opened(params) as media,
        av.open(str(part), "w", format="mp4", options={"movflags": "faststart"}) as made,
    ):
        streams, origin = media.played, media.origin
        tracks: dict[int, Track] = {}
        encoded = []
        for stream in streams:
            if is_copied(stream):
                tracks[stream.index] = Copied(made, stream, origin)
                continue
            encoded.append(stream.type)
            if stream.type == "video":
                tracks[stream.index] = Pictures(made, stream, origin, _first_look(params))
            else:
                tracks[stream.index] = Sound(made, stream, origin)
        if not _poured(media, made, streams, tracks, report):
            raise Failed("nothing of it can be read; it is damaged")
    return encoded


def _poured(
    media: Media, made: Any, streams: list[Any], tracks: Mapping[int, Track], report: Report
) -> int:
    """How many packets were written."""
    count, length = 0, media.declared or 0.0
    for packet in _packets(media, streams):
        for ready in tracks[packet.stream.index].take(packet):
            made.mux(ready)
            count += 1
        if packet.pts is not None and length > 0:
            at = float(media.seconds(packet.pts, packet.time_base))
            report(min(1.0, max(0.0, at / length)) * _BEFORE_THE_INDEX)
    return count


def _packets(media: Media, streams: list[Any]) -> Iterator[Any]:
    """All, and an empty one of each stream, also after damage."""
    flushed = set()
    # What comes before the damage can be played.
    with contextlib.suppress(av.error.InvalidDataError):
        for packet in media.packets(streams):
            if not packet.size:
                flushed.add(packet.stream.index)
            yield packet
    for stream in streams:
        if stream.index not in flushed:
            empty = av.Packet()
            empty.stream = stream
            yield empty


def _first_look(params: Mapping[str, Any]) -> Look:
    """The look of the first frame that can be decoded; else what the track's header says."""
    with _opened(params) as media:
        stream = media.video
        with contextlib.suppress(av.FFmpegError, StopIteration):
            return next(looked_at(stream, media.container.decode(stream)))[0]
        return Look.of_header(stream)


@contextmanager
def _opened(params: Mapping[str, Any]) -> Iterator[Media]:
    """Through a descriptor, so that no name in the file can lead elsewhere."""
    handle = os.open(params["path"], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(handle, "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise Failed("it is no file any more")
        with opened(file, params["form"], _READ_AT_ONCE) as media:
            yield media


def _flushed(part: Path) -> int:
    """Its size, when it is on the disk."""
    atomicfile.sync(part)
    return part.stat().st_size
