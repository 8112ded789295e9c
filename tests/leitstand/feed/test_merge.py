"""One snapshot of several."""

from __future__ import annotations

from typing import Any

from leitstand.feed.merge import merged


def part(instance: str, *servers: str, time: float = 1.0, host: Any = None) -> dict[str, Any]:
    named = [{"name": name, "up": True, "paths": []} for name in servers]
    return {"instance": instance, "time": time, "servers": named, "studios": [], "host": host}


def test_servers_of_all_with_where_they_come_from() -> None:
    both = merged([part("b", "two", time=5.0), part("a", "one")], 7)
    assert [(each["name"], each["instance"]) for each in both["servers"]] == [
        ("one", "a"),
        ("two", "b"),
    ]
    assert (both["sequence"], both["time"]) == (7, 5.0)


def test_a_name_that_two_use_stays_the_first_ones() -> None:
    both = merged([part("b", "main"), part("a", "main")], 1)
    assert [each["name"] for each in both["servers"]] == ["main", "main@b"]


def test_hosts_are_all_there_and_the_first_where_one_is_expected() -> None:
    both = merged([part("b", host={"booted_at": 2}), part("a", host={"booted_at": 1})], 1)
    assert both["host"] == {"booted_at": 1}
    assert [(each["instance"], each["booted_at"]) for each in both["hosts"]] == [("a", 1), ("b", 2)]


def test_of_nobody_it_is_empty() -> None:
    assert merged([], 1)["servers"] == []
