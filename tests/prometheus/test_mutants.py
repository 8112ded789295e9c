"""Whatever is changed in a rule, some promtool test notices."""

from __future__ import annotations

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.prometheus.mutants import Mutant, mutants
from tests.prometheus.shipped import rules
from tests.soak import is_soak

_SAMPLE = 100
_SAMPLE_UNCHANGED = 20

EQUIVALENT = {
    "recording: RetentionCannotKeepUp: 0 becomes (-1) in line 1,": "a byte less on a disk",
    "recording: RetentionCannotKeepUp: 0 becomes 2 in line 1,": "two bytes more on a disk",
    "recording: ScheduledRecordingMissed: for 1m becomes 30s": "its group has an interval of 1m",
    "recording: RecordingErrorBudgetBurnFast: for 1m becomes 30s": "its group has one of 1m",
    "monitoring: Watchdog: 1 becomes": "any value fires",
}
"""Changes that change nothing, by how they begin, and why."""


def test_each_change_to_a_rule_breaks_a_test(promtool: str, tmp_path: Path) -> None:
    """All of them in the soak, else a fixed sample."""
    changed = [each for each in mutants() if not str(each).startswith(tuple(EQUIVALENT))]
    assert len(changed) > 400
    if not is_soak():
        changed = random.Random(6).sample(changed, _SAMPLE)
    noticed = _noticed(changed, promtool, tmp_path)
    assert [str(each) for each, is_so in zip(changed, noticed, strict=True) if not is_so] == []


def test_without_a_change_none_breaks(promtool: str, tmp_path: Path) -> None:
    """The cases that are picked out for a rule stand by themselves."""
    every = [*rules("rules"), *rules("alerts")]
    if not is_soak():
        every = random.Random(6).sample(every, _SAMPLE_UNCHANGED)
    same = [Mutant(each, "nothing", "expr", str(each.rule["expr"])) for each in every]
    noticed = _noticed(same, promtool, tmp_path)
    assert [str(each) for each, is_so in zip(same, noticed, strict=True) if is_so] == []


def _noticed(changed: Sequence[Mutant], promtool: str, folder: Path) -> list[bool]:
    def ask(numbered: tuple[int, Mutant]) -> bool:
        number, mutant = numbered
        return mutant.is_noticed(promtool, folder / str(number))

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(ask, enumerate(changed)))
