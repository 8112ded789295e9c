"""Whatever is changed in a rule, some promtool test notices."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.prometheus.mutants import Mutant, mutants
from tests.soak import IS_SOAK

_SAMPLE = 60

EQUIVALENT = {
    "recording: RetentionCannotKeepUp: 0 becomes": "a byte more or less on a disk",
    "monitoring: Watchdog: 1 becomes": "any value fires",
}
"""Changes that change nothing, by how they begin, and why."""


def test_each_change_to_a_rule_breaks_a_test(promtool: str, tmp_path: Path) -> None:
    """All of them in the soak, else a fixed sample."""
    changed = [each for each in mutants() if not str(each).startswith(tuple(EQUIVALENT))]
    assert len(changed) > 400
    if not IS_SOAK:
        changed = random.Random(6).sample(changed, _SAMPLE)

    def survives(numbered: tuple[int, Mutant]) -> bool:
        number, mutant = numbered
        return not mutant.is_noticed(promtool, tmp_path / str(number))

    with ThreadPoolExecutor(2) as pool:
        survived = list(pool.map(survives, enumerate(changed)))
    assert [str(each) for each, did in zip(changed, survived, strict=True) if did] == []
