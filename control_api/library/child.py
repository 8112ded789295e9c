"""Looks into one media file, alone in a process of its own that cannot open any other.

Run as a script: the file is its standard input, the answer one line of JSON. Before the file is
touched the process gives up opening anything, so that a hostile one has nothing to reach for.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
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

_MEMORY_BYTES = 2 << 30
_CPU_SECONDS = 20
_COUNT_SECONDS = 5.0
_MOST_TRACKS = 32
_LONGEST_TEXT = 100


def main(form: str) -> None:
    late_imports()
    lock_in()
    try:
        told = look(form)
    except (av.FFmpegError, ValueError, StopIteration, EOFError, MemoryError) as error:
        told = {"damaged": f"it does not play ({type(error).__name__})"}
    sys.stdout.write(json.dumps(told) + "\n")


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
        resource.setrlimit(kind, (most, most))


def look(form: str) -> dict[str, Any]:
    source = open(0, "rb", buffering=0, closefd=False)
    size = os.fstat(0).st_size
    options = {"protocol_whitelist": "file", "format_whitelist": whitelist(form)}
    with av.open(source, format=form, options=options, metadata_errors="replace") as container:
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
    return {"matroska": "matroska,webm", "mp4": "mov,mp4,m4a,3gp,3g2,mj2", "mov": "mov,mp4"}.get(
        form, form
    )


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
    until = time.monotonic() + _COUNT_SECONDS
    first, last = None, 0.0
    for packet in container.demux():
        if packet.pts is not None and packet.time_base is not None:
            at = float(packet.pts * packet.time_base)
            first = at if first is None else min(first, at)
            last = max(last, at + float((packet.duration or 0) * packet.time_base))
        if time.monotonic() > until:
            break
    length = max(0.0, last - (first or 0.0))
    place = source.tell()
    container.seek(0)
    is_whole = time.monotonic() <= until or not place
    return length if is_whole else length * size / place


def _play(container: Any, stream: Any) -> None:
    """Raises what PyAV raises where the first picture or sound cannot be decoded."""
    # Threads of a machine with many cores would need more memory than there may be.
    stream.codec_context.thread_count = 1
    next(container.decode(stream))


if __name__ == "__main__":
    main(sys.argv[1])
