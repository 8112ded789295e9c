"""The pauses between tries."""

from __future__ import annotations

import pytest

from leitstand.clients.obs.backoff import Backoff
from leitstand.clients.obs.errors import Absent, WrongPassword


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def pauses(backoff: Backoff, clock: Clock, times: int) -> list[float]:
    found = []
    for _ in range(times):
        backoff.failed(Absent("gone"))
        found.append(backoff.left)
        clock.now += backoff.left
    return found


@pytest.mark.parametrize(
    ("chance", "share"),
    [(1.0, 1.0), (0.0, 0.75)],
    ids=["longest", "shortest"],
)
def test_pauses_double_up_to_three_seconds(chance: float, share: float) -> None:
    clock = Clock()
    backoff = Backoff(monotonic=clock, chance=lambda: chance)

    found = pauses(backoff, clock, 6)

    assert found == pytest.approx([share * pause for pause in (0.25, 0.5, 1, 2, 3, 3)])


def test_there_is_no_pause_at_first_and_none_after_a_success() -> None:
    clock = Clock()
    backoff = Backoff(monotonic=clock, chance=lambda: 1.0)
    assert backoff.left == 0

    pauses(backoff, clock, 4)
    backoff.failed(Absent("gone"))
    backoff.succeeded()

    assert backoff.left == 0
    assert backoff.error is None
    assert pauses(backoff, clock, 1) == pytest.approx([0.25])


def test_a_wrong_password_is_not_tried_again_soon() -> None:
    backoff = Backoff(monotonic=Clock())

    backoff.failed(WrongPassword("refused the password"))
    assert backoff.left == pytest.approx(30)

    backoff.retry()
    assert backoff.left == 0
