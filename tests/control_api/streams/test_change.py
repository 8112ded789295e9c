"""A change laid over what was is what is."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from control_api.streams.change import change

Json = dict[str, Any]

VALUES = st.none() | st.integers(0, 3) | st.lists(st.integers(0, 2), max_size=2)
FIELDS = st.fixed_dictionaries({"up": VALUES, "bytes": VALUES})


def named(fields: st.SearchStrategy[Json]) -> st.SearchStrategy[list[Json]]:
    items = st.dictionaries(st.sampled_from("abc"), fields, max_size=3)
    return items.map(lambda found: [{"name": name, **each} for name, each in found.items()])


SERVERS = named(st.tuples(FIELDS, named(FIELDS)).map(lambda both: both[0] | {"paths": both[1]}))
SNAPSHOTS = st.fixed_dictionaries({"servers": SERVERS, "studios": named(FIELDS), "host": VALUES})


def laid(items: list[Json], told: Json) -> list[Json]:
    """What a client does."""
    left = {item["name"]: item for item in items}
    for name, fields in told.items():
        if fields is None:
            del left[name]
            continue
        item = left.get(name, {"name": name})
        left[name] = item | {key: value for key, value in fields.items() if key != "paths"}
        if "paths" in fields or "paths" in item:
            left[name]["paths"] = laid(item.get("paths", []), fields.get("paths", {}))
    return list(left.values())


def by_name(items: list[Json]) -> Json:
    return {
        item["name"]: item | ({"paths": by_name(item["paths"])} if "paths" in item else {})
        for item in items
    }


@given(SNAPSHOTS, SNAPSHOTS)
def test_laid_over_what_was_it_is_what_is(before: Json, now: Json) -> None:
    told = change(before, now)
    assert told.get("host", before["host"]) == now["host"]
    for kind in ("servers", "studios"):
        # A server without paths need not say that it has none.
        after = laid(before[kind], told.get(kind, {}))
        wanted = by_name(now[kind])
        for each in by_name(after).values():
            wanted[each["name"]].setdefault("paths", {})
            assert each | {"paths": each.get("paths", {})} == wanted.pop(each["name"])
        assert not wanted


@given(SNAPSHOTS)
def test_of_what_is_the_same_there_is_nothing_to_tell(snapshot: Json) -> None:
    assert change(snapshot, snapshot) == {}


def test_only_what_differs_is_told() -> None:
    before: Json = {
        "servers": [{"name": "a", "paths": [{"name": "x", "n": 1, "m": 1}, {"name": "y", "n": 1}]}],
        "studios": [],
        "host": None,
    }
    now: Json = {
        "servers": [{"name": "a", "paths": [{"name": "x", "n": 2, "m": 1}]}],
        "studios": [],
        "host": None,
    }
    assert change(before, now) == {"servers": {"a": {"paths": {"x": {"n": 2}, "y": None}}}}
