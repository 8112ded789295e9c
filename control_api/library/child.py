"""Looks into one media file, in a process of its own that cannot open any other.

Run as a script with a demuxer and a path; the answer is one line of JSON. The file is opened here
and not by the service, because a disk that does not answer stops whoever opens it. Before the file
is read the process gives up opening anything, so that a hostile one has nothing to reach for.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import resource
import stat
import sys
import time
from typing import Any

import av

_LATE = (
    "av.audio.stream",
    "av.video.stream",
    "av.subtitles.stream",
    "av.subtitles.codeccontext",
    "av.data.stream",
    "av.attachments.stream",
    "av.container.streams",
)
"""What PyAV imports only when a file needs it."""

_MEDIA = (
    *("matroska,webm", "mov,mp4,m4a,3gp,3g2,mj2", "mpegts", "mpeg", "flv", "avi", "ogg", "wav"),
    *("mp3", "aac", "flac", "h264", "hevc", "mxf"),
)
"""Demuxers of formats that hold media themselves, no playlist or script that names other files."""

_MEMORY_BYTES = 2 << 30
_CPU_SECONDS = 20
_COUNT_CPU_SECONDS = 5.0
_COUNT_SECONDS = 60.0
_LESS_URGENT = 5
"""OBS may need the CPU at the same time."""
_MOST_TRACKS = 32
_LONGEST_TEXT = 100


class Source(io.FileIO):
    """The file; `failure` is what its disk answered instead of its content."""

    failure: OSError | None = None

    def read(self, size: int | None = -1, /) -> bytes:
        try:
            return super().read(size) or b""
        except OSError as error:
            self.failure = error
            raise


def main(form: str, path: str) -> None:
    os.nice(_LESS_URGENT)
    late_imports()
    answer: dict[str, Any] = {"folder": _folder(path)}
    try:
        source = Source(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK))
        state = os.fstat(source.fileno())
    except OSError as error:
        answer["errno"] = error.errno
    else:
        answer["stat"] = [state.st_size, state.st_mtime_ns]
        if stat.S_ISREG(state.st_mode):
            lock_in()
            answer |= _examined(source, form)
        else:
            answer["irregular"] = True
    sys.stdout.write(json.dumps(answer) + "\n")


def _folder(path: str) -> int | None:
    """The inode of the folder that the file should be in; None if it is not there."""
    with contextlib.suppress(OSError):
        found = os.stat(os.path.dirname(path))
        return found.st_ino if stat.S_ISDIR(found.st_mode) else None
    return None


def _examined(source: Source, form: str) -> dict[str, Any]:
    """What is in the file, or why it does not play, or why that is not known (`unexamined`)."""
    try:
        return look(source, form)
    except (MemoryError, ImportError):
        return {"unexamined": "there is not enough memory"}
    except Exception as error:
        if source.failure is not None:
            return {"unexamined": f"its disk answers: {source.failure.strerror}"}
        return {"damaged": f"it does not play ({type(error).__name__})"}


def late_imports() -> None:
    """To be called before `lock_in`, after which no module can be read."""
    for name in _LATE:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def lock_in(cpu_seconds: int = _CPU_SECONDS, mapped_bytes: int = 0) -> None:
    """From here on this process opens no file and no connection, and has so much of the machine.

    `mapped_bytes` of files that it has mapped do not count as memory.
    """
    limits = {
        resource.RLIMIT_AS: _MEMORY_BYTES + mapped_bytes,
        resource.RLIMIT_CPU: cpu_seconds,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 0,
    }
    for kind, most in limits.items():
        # At its first limit of CPU time a process gets a signal of its own, at the second SIGKILL,
        # which could have come from anybody.
        more = 1 if kind == resource.RLIMIT_CPU else 0
        resource.setrlimit(kind, (most, most + more))


def look(source: Source, form: str) -> dict[str, Any]:
    """`form` is a demuxer, or "" for a file whose name says nothing."""
    size = os.fstat(source.fileno()).st_size
    options = {"protocol_whitelist": "file", "format_whitelist": whitelist(form)}
    with av.open(
        source, format=form or None, options=options, metadata_errors="replace"
    ) as container:
        streams = [s for s in container.streams if s.type in ("video", "audio")][:_MOST_TRACKS]
        told: dict[str, Any] = {
            "tracks": [_track(stream) for stream in streams],
            "duration": _duration(container, source, size),
            "created": str(container.metadata.get("creation_time", ""))[:_LONGEST_TEXT],
        }
        if not streams:
            return told | {"damaged": "it has neither picture nor sound"}
        _play(container, next((s for s in streams if s.type == "video"), streams[0]))
    return told


def whitelist(form: str) -> str:
    """All names by which a demuxer may know itself, and no other demuxer."""
    return {
        "": ",".join(_MEDIA),
        "matroska": "matroska,webm",
        "mp4": "mov,mp4,m4a,3gp,3g2,mj2",
        "mov": "mov,mp4",
    }.get(form, form)


def _track(stream: Any) -> dict[str, Any]:
    codec = stream.codec_context
    track: dict[str, Any] = {
        "kind": stream.type,
        "codec": str(codec.name if codec else "unknown")[:_LONGEST_TEXT],
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


def _duration(container: Any, source: Any, size: int) -> float:
    """Seconds; counted packet by packet where a crash kept the muxer from writing it."""
    if container.duration and container.duration > 0:
        # Matroska tells the end and not the length: the two differ where it starts late.
        late = (container.start_time or 0) if "matroska" in container.format.name else 0
        length = container.duration - max(0, late)
        return float((length if length > 0 else container.duration) / 1e6)
    spent, until = time.process_time() + _COUNT_CPU_SECONDS, time.monotonic() + _COUNT_SECONDS
    is_whole = True
    first, last = None, 0.0
    for packet in container.demux():
        if packet.pts is not None and packet.time_base is not None:
            at = float(packet.pts * packet.time_base)
            first = at if first is None else min(first, at)
            last = max(last, at + float((packet.duration or 0) * packet.time_base))
        if time.process_time() > spent or time.monotonic() > until:
            is_whole = False
            break
    length = max(0.0, last - (first or 0.0))
    place = source.tell()
    container.seek(0)
    return length if is_whole or not place else length * size / place


def _play(container: Any, stream: Any) -> None:
    """Raises what PyAV raises where the first picture or sound cannot be decoded."""
    if stream.codec_context is None:
        raise ValueError("no decoder")
    # Threads of a machine with many cores would need more memory than there may be.
    stream.codec_context.thread_count = 1
    next(container.decode(stream))


if __name__ == "__main__":
    main(*sys.argv[1:])
