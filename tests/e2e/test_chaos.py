"""Evenings in real processes with overlapping faults: nothing wanted is lost, reports are true."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.control_api.recorder.chaos_verdict import Verdict
from tests.e2e.chaos import Evening, draw, house_of
from tests.soak import is_soak

EVENINGS = 100
AT_ONCE = 4


def evening(seed: int, folder: Path) -> None:
    drawn = draw(seed)
    folder.mkdir()
    with house_of(drawn, folder) as house:
        try:
            # A start may take 5 s; a second more is what the log by seconds cannot tell apart.
            Verdict(Evening(drawn, house).play(), late=6, near=4).judge()
        except Exception as error:
            error.add_note(f"{drawn}\n{house.output}")
            raise


@pytest.mark.skipif(not is_soak(), reason="plays for minutes; `make soak` plays all of them")
def test_an_evening_is_recorded_and_reported_whatever_breaks(tmp_path: Path) -> None:
    seeds = range(EVENINGS)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        played = [pool.submit(evening, seed, tmp_path / str(seed)) for seed in seeds]
        failed = {seed: each.exception() for seed, each in zip(seeds, played, strict=True)}
    wrong = {seed: error for seed, error in failed.items() if error is not None}
    for error in wrong.values():
        raise error
