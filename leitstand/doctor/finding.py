"""What a check found, and a bound on checks that may hang."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

PATIENCE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: whether it is well, what was seen, and what to do if it is not."""

    subject: str
    good: bool
    seen: str
    advice: str = ""


def in_time(question: Callable[[], T]) -> T | None:
    """The answer, or None if it takes too long, as a dead network mount does."""
    answers: list[T] = []
    thread = threading.Thread(target=lambda: answers.append(question()), daemon=True)
    thread.start()
    thread.join(PATIENCE_SECONDS)
    return answers[0] if answers else None
