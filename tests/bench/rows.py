"""A row of the table, and how figures are made: medians of 40, percentiles, CPU and memory."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

ROUNDS = 40


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. Without a budget it is only told; `at_least` turns the comparison around."""

    work: str
    figure: float
    unit: str
    budget: float | None = None
    at_least: bool = False

    @property
    def kept(self) -> bool:
        if self.budget is None:
            return True
        return self.figure >= self.budget if self.at_least else self.figure <= self.budget

    def cells(self) -> tuple[str, str, str, str]:
        sign = "≥" if self.at_least else "≤"
        budget = "" if self.budget is None else f"{sign} {_text(self.budget)} {self.unit}"
        verdict = "" if self.budget is None else "kept" if self.kept else "MISSED"
        return self.work, f"{_text(self.figure)} {self.unit}", budget, verdict


def seconds(work: Callable[[], object]) -> float:
    """Seconds of one core that the work takes, however busy the machine is with others."""
    began = time.thread_time()
    work()
    return time.thread_time() - began


def percentile(values: Iterable[float], percent: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def median(values: Iterable[float]) -> float:
    return statistics.median(values)


def _text(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
