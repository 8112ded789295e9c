"""Which paths get series of their own, so that a server cannot make them without bound."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from exporter.sources.mediamtx.state import OTHER

_REMEMBERED = 10_000


class PathLabels:
    """The paths with a label of their own: at most `limit`, the rest is `(other)`.

    Who has one keeps it as long as it is listed, so that a crowd of newcomers takes nobody's
    series away.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._own: dict[str, None] = {}

    def assign(self, first: Iterable[str], listed: Sequence[str]) -> None:
        """Give labels anew: to `first` before all others, then to whoever had one."""
        present = set(listed)
        keepers = (name for name in self._own if name in present)
        wanted = dict.fromkeys((*first, *keepers, *listed))
        self._own = dict.fromkeys(list(wanted)[: self._limit])

    def __call__(self, path: str) -> str:
        """The label of a path; one that is not listed (yet) gets one while there is room."""
        return path if path in self._own or len(self._own) < self._limit else OTHER

    def own(self) -> Iterable[str]:
        return self._own.keys()


class Expected:
    """The paths that the configuration says should be online.

    A plain name is expected always; a pattern marks what it has matched once, for good.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self._names = tuple(p for p in patterns if not _is_pattern(p))
        self._patterns = tuple(p for p in patterns if _is_pattern(p))
        self._matched: dict[str, None] = {}

    def update(self, listed: Iterable[str]) -> None:
        for name in listed if self._patterns else ():
            if len(self._matched) < _REMEMBERED and self._matches(name):
                self._matched[name] = None

    def names(self) -> dict[str, None]:
        """All of them, listed or not, in a stable order."""
        return dict.fromkeys((*self._names, *self._matched))

    def _matches(self, name: str) -> bool:
        return any(fnmatchcase(name, pattern) for pattern in self._patterns)


def _is_pattern(text: str) -> bool:
    return any(character in text for character in "*?[")
