"""Where an OBS is and how to get in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Address:
    """The password is asked for at each connect, and in no repr."""

    host: str
    port: int
    password: Callable[[], str | None] = field(repr=False)
