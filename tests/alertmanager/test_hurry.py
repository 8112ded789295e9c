"""Every duration of the shipped files is found and divided."""

from __future__ import annotations

import re

from tests.alertmanager.hurry import ROOT, expression, hurried, shorter


def test_durations_of_every_kind() -> None:
    assert [shorter(each, 20) for each in ("30s", "10m", "1d", "0s")] == [
        *("1500ms", "30000ms", "4320000ms", "0ms"),
    ]
    assert expression("avg_over_time(a:b:c[1d:10m] offset 30m) > 20", 10) == (
        "avg_over_time(a:b:c[8640000ms:60000ms] offset 180000ms) > 20"
    )
    assert expression("(time() - (\n  x[30s] or y\n) > 20) and z == 1", 10) == (
        "(time() - (\n  x[3000ms] or y\n) > 2) and z == 1"
    )
    rule = {"alert": "A", "for": "1m", "labels": {"a": "ever"}, "expr": "x > 20"}
    assert hurried([rule], 6)[0] == {**rule, "for": "10000ms"}


def test_nothing_of_the_shipped_rules_is_left_out() -> None:
    files = [
        *(ROOT / "prometheus").glob("rules/*.yml"),
        *(ROOT / "prometheus").glob("alerts/*.yml"),
    ]
    assert files
    for file in files:
        ranges = re.findall(r"\[[^\]]*\d[a-z][^\]]*\]", expression(file.read_text(), 2))
        assert all("ms" in each for each in ranges), file
