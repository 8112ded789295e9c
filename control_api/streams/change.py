"""What differs between two snapshots. Pure.

Lists of named things (servers, their paths, studios) are told by name: what is new or differs with
the fields that do, what is gone as null. Anything else that differs is told whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Json = dict[str, Any]

_NAMED = ("servers", "studios")
_MISSING = object()


def change(before: Json, now: Json) -> Json:
    """What to lay over `before` to have `now`; empty if nothing differs."""
    told: Json = {key: now[key] for key in ("host", "hosts") if _differs(before, now, key)}
    for kind in _NAMED:
        if items := _items(before[kind], now[kind]):
            told[kind] = items
    return told


def _items(before: Sequence[Json], now: Sequence[Json]) -> Json:
    old = {item["name"]: item for item in before}
    told: Json = dict.fromkeys(old.keys() - {item["name"] for item in now})
    for item in now:
        if fields := _fields(old.get(item["name"], {}), item):
            told[item["name"]] = fields
    return told


def _fields(old: Mapping[str, Any], new: Json) -> Json:
    told: Json = {key: None for key in old.keys() - new.keys() if old[key] is not None}
    for key, value in new.items():
        if key == "paths":
            if paths := _items(old.get(key, ()), value):
                told[key] = paths
        elif old.get(key, _MISSING) != value:
            told[key] = value
    return told


def _differs(before: Json, now: Json, key: str) -> bool:
    return key in now and before.get(key, _MISSING) != now[key]
