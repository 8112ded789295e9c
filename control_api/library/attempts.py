"""Failed attempts to examine a file: when it is tried again, and when no more. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from control_api.library.probing import NotExamined

_FIRST_SECONDS = 5.0
_LONGEST_SECONDS = 600.0
_MOST_CRASHES = 3


@dataclass(frozen=True, slots=True)
class Attempts:
    """How often the examination failed, how often of that it crashed, why it failed the last time,
    and from when (Unix seconds) it is tried again."""

    failed: int = 0
    crashed: int = 0
    next_at: float = 0.0
    reason: str = ""

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any] | None) -> Attempts:
        """As `stored` gave it; what is missing begins at nothing."""
        known = {name: value for name, value in (stored or {}).items() if name in cls.__slots__}
        return cls(**known)

    @property
    def stored(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def is_hopeless(self) -> bool:
        """Whether it crashed so often that the file itself is the cause."""
        return self.crashed >= _MOST_CRASHES

    def is_due(self, now: float) -> bool:
        # A time that is farther off than any pause was noted before the clock was set back.
        return not now < self.next_at <= now + _LONGEST_SECONDS

    def after(self, failure: NotExamined, now: float) -> Attempts:
        """One more."""
        pause = min(_FIRST_SECONDS * 2.0 ** min(self.failed, 30), _LONGEST_SECONDS)
        crashed = self.crashed + failure.is_crash
        return Attempts(self.failed + 1, crashed, now + pause, str(failure))
