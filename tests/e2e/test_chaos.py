"""Evenings in real processes with overlapping faults: nothing wanted is lost, reports are true."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.control_api.recorder.chaos_verdict import Verdict
from tests.e2e.chaos import Evening, draw, house_of
from tests.postgresql import programs
from tests.small_disk import small_disk
from tests.soak import is_soak

EVENINGS = 100
SAMPLE = 2
AT_ONCE = 4 if is_soak() else 2
"""Beside other tests four at once make every service slow."""


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


def test_evenings_are_recorded_and_reported_whatever_breaks(tmp_path: Path) -> None:
    _need(tmp_path)
    seeds = range(EVENINGS if is_soak() else SAMPLE)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        played = [pool.submit(evening, seed, tmp_path / str(seed)) for seed in seeds]
    errors = [error for each in played if (error := each.exception()) is not None]
    if errors:
        raise BaseExceptionGroup(f"{len(errors)} of {len(played)} evenings", errors)


def _need(folder: Path) -> None:
    """Skip here, not in a thread, where something is missing that every evening needs."""
    programs()
    with small_disk(folder):
        pass
