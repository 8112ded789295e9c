"""The next file of a recording that OBS splits, found by its name and growth. No I/O.

OBS before obs-websocket 5.5 does not report a split: its counts go on, and another file of the
same folder, with a name of the same shape, grows instead of the one before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePath

_NUMBER = re.compile(r"\d+")
_SUFFIX = re.compile(r"( \(\d+\)|_\d+)$")
"""What OBS appends to a name that is taken."""
_OVERHEAD = 1.25
_OVERHEAD_BYTES = 1024 * 1024
_SPLIT_BYTES = 256 * 1024


def is_same_kind(name: str, other: str) -> bool:
    """Whether two names differ in their digits alone, or in what OBS appends to a taken name."""
    first, second = PurePath(name), PurePath(other)
    return first.suffix == second.suffix and bool(_shapes(first.stem) & _shapes(second.stem))


def can_hold(file_bytes: float, counted: float) -> bool:
    """Whether a file of that size can be what OBS counted; containers add a little."""
    return file_bytes <= counted * _OVERHEAD + _OVERHEAD_BYTES


def _shapes(stem: str) -> set[str]:
    return {_NUMBER.sub("0", stem), _NUMBER.sub("0", _SUFFIX.sub("", stem))}


class SplitSearch:
    """Watches the files beside the one that is written, and names those that follow it.

    `present` are the names that were there when the recording began: no recording goes on in one
    of them. None if it began before anybody looked; then only growth tells.
    """

    def __init__(self, present: frozenset[str] | None) -> None:
        self.present = present
        self._sizes: dict[str, int] = {}
        self._grown: set[str] = set()

    @property
    def sizes(self) -> dict[str, int]:
        """The sizes last seen, by name."""
        return dict(self._sizes)

    def forget(self) -> None:
        """The recording went over to another file: what was seen so far follows no longer."""
        self._sizes.clear()
        self._grown.clear()

    def see(self, sizes: Mapping[str, int]) -> None:
        """Take in one look at the files that could follow, by name."""
        for name, size in sorted(sizes.items()):
            # Before the recording began there was no such file, or nobody looked.
            before = size if self.present is None else 0
            if size > self._sizes.setdefault(name, before):
                self._grown.add(name)
            self._sizes[name] = size

    def following(self, counted: float) -> list[str]:
        """The files that go on with the recording, in order; the last is written now.

        `counted` is what OBS counted and the files so far do not hold. Empty as long as none is
        seen to grow.
        """
        sizes = {name: size for name, size in self._sizes.items() if name in self._grown}
        limit = counted * _OVERHEAD + _SPLIT_BYTES
        if self.present is not None and sum(sizes.values()) <= limit:
            return list(sizes)
        fitting = [name for name, size in sizes.items() if can_hold(size, counted)]
        # Others write there too: this one fits best.
        return sorted(fitting, key=lambda name: abs(sizes[name] - counted))[:1]
