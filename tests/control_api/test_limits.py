"""How often something may be asked."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from control_api.errors import TooMany
from control_api.limits import Limiter, Rate, require
from leitstand.addresses import neighbourhood


@dataclass
class Now:
    seconds: float = 1_000.0

    def now(self) -> float:
        raise AssertionError("it may jump")

    def monotonic(self) -> float:
        return self.seconds


def test_so_many_at_once_and_then_one_by_one() -> None:
    now = Now()
    limiter = Limiter(Rate(3, 60), now)
    assert [limiter.take("a") for _ in range(4)] == [0, 0, 0, pytest.approx(20)]
    now.seconds += 20
    assert [limiter.take("a") for _ in range(2)] == [0, pytest.approx(20)]
    now.seconds += 3_600
    assert [limiter.take("a") for _ in range(4)] == [0, 0, 0, pytest.approx(20)]


@pytest.mark.parametrize("rate", [Rate(7, 60), Rate(30), Rate(9_000), Rate(12_000)])
def test_exactly_so_many(rate: Rate) -> None:
    limiter = Limiter(rate, Now(1_234_567.89))
    assert sum(limiter.take("a") == 0 for _ in range(rate.count + 10)) == rate.count


def test_keys_do_not_count_for_each_other_and_waiting_does_not_count() -> None:
    limiter = Limiter(Rate(1, 60), Now())
    assert limiter.take("a") == 0
    assert [limiter.wait("b") for _ in range(3)] == [0, 0, 0]
    assert limiter.take("b") == 0
    assert limiter.wait("b") == pytest.approx(60)


def test_who_is_paid_off_is_forgotten() -> None:
    now = Now()
    limiter = Limiter(Rate(10, 60), now)
    for number in range(1_000):
        limiter.take(str(number))
    now.seconds += 61
    limiter.take("last")
    assert len(limiter) == 1


def test_so_many_keys_at_most_and_the_oldest_go() -> None:
    limiter = Limiter(Rate(1, 60), Now(), most_keys=100)
    for number in range(10_000):
        limiter.take(str(number))
    assert len(limiter) == 100
    assert limiter.take("9999") > 0
    assert limiter.take("0") == 0


def test_the_refusal_says_when() -> None:
    require(0, "nothing")
    with pytest.raises(TooMany) as raised:
        require(2.2, "too many questions")
    assert raised.value.detail == "too many questions; again in 3 s"
    assert raised.value.headers == {"Retry-After": "3"}


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
    ],
)
def test_an_address_of_ipv6_is_its_network(address: str, place: str) -> None:
    assert neighbourhood(address) == place
