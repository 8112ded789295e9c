"""The limits of a process that reads an untrusted file: it opens nothing else, and ends in time."""

from __future__ import annotations

import contextlib
import importlib
import resource

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


def import_late_modules() -> None:
    """Import what PyAV would import later; after `lock_in` no module can be read."""
    for name in _LATE:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def lock_in(cpu_seconds: int = _CPU_SECONDS, mapped_bytes: int = 0) -> None:
    """Limit this process: no more files and connections, 2 GiB of memory, `cpu_seconds` of CPU.

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
        # which could have come from outside as well.
        more = 1 if kind == resource.RLIMIT_CPU else 0
        resource.setrlimit(kind, (most, most + more))
