"""The limit of descriptors is raised as far as it may be, within reason."""

from __future__ import annotations

import resource

import pytest

from leitstand import descriptors
from leitstand.descriptors import MOST

ENDLESS = resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("limits", "raised"),
    [
        ((1_024, 524_288), MOST),
        ((1_024, ENDLESS), MOST),
        ((256, 4_096), 4_096),
        ((256, 256), None),
        ((100_000, 524_288), None),
        ((ENDLESS, ENDLESS), None),
    ],
)
def test_the_soft_limit_is_raised_to_the_hard_one(
    limits: tuple[int, int], raised: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_to: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda _, both: set_to.append(both))
    descriptors.raise_limit()
    assert set_to == ([] if raised is None else [(raised, limits[1])])


@pytest.mark.parametrize(("soft", "count"), [(256, 256), (100_000, MOST), (ENDLESS, MOST)])
def test_the_limit_that_counts(soft: int, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, ENDLESS))
    assert descriptors.limit() == count
