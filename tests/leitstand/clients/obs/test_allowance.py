"""The bounds of an exchange."""

from __future__ import annotations

import pytest

from leitstand.clients.obs.allowance import Allowance
from leitstand.clients.obs.errors import NotObs


def test_an_answer_cannot_fill_the_memory() -> None:
    allowance = Allowance()
    allowance.renew(1)
    allowance.take(100_000_000)

    with pytest.raises(NotObs, match="more than 100000000 bytes"):
        allowance.take(1)


def test_a_new_exchange_has_time_and_room_again() -> None:
    allowance = Allowance()
    allowance.take(100_000_000)
    allowance.revoke()
    with pytest.raises(TimeoutError):
        allowance.left()

    allowance.renew(5)

    allowance.take(1)
    assert 4 < allowance.left() <= 5
