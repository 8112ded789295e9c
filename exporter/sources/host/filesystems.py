"""The space of each watched mount; a dead one costs only its own series."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial

from exporter.sources.host.state import Filesystem, Space
from leitstand.calls import Call


class Filesystems:
    """Asks only the mounts that it was given: to look for others can hang as well."""

    def __init__(self, mounts: Sequence[str], statvfs: Callable[[str], os.statvfs_result]) -> None:
        self._calls = {mount: Call(f"statvfs {mount}", partial(statvfs, mount)) for mount in mounts}

    def start(self) -> None:
        for call in self._calls.values():
            call.start()

    def finish(self, until: float) -> tuple[Filesystem, ...]:
        """What all of them say by `until` (monotonic)."""
        return tuple(
            Filesystem(mount, None if (found := call.answer(until)) is None else space(found))
            for mount, call in self._calls.items()
        )


def space(found: os.statvfs_result) -> Space:
    return Space(
        size=found.f_blocks * found.f_frsize,
        free=found.f_bfree * found.f_frsize,
        available=found.f_bavail * found.f_frsize,
        readonly=bool(found.f_flag & os.ST_RDONLY),
    )
