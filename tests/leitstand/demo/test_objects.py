"""The demo's objects have the fields and types of the recorded ones, in the same order."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from leitstand.demo.api import Api
from leitstand.demo.listing import LISTS
from leitstand.demo.objects import rfc3339
from leitstand.demo.world import World

Types = dict[str, set[str]]


@pytest.fixture(scope="module")
def api() -> Api:
    api = Api(World.standard())
    api.answer("/v3/info", 0.0)
    return api


def recorded_items(directory: Path, name: str) -> list[dict[str, Any]]:
    files = sorted(directory.glob(f"t*/{name}.json"))
    return [item for file in files for item in json.loads(file.read_text()).get("items", ())]


def fields(value: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    yield prefix, type(value).__name__.replace("float", "int")
    if isinstance(value, dict):
        for key, child in value.items():
            yield from fields(child, f"{prefix}.{key}")
    if isinstance(value, list):
        for child in value:
            yield from fields(child, f"{prefix}[]")


def types_of(items: list[dict[str, Any]]) -> Types:
    found: Types = defaultdict(set)
    for item in items:
        for field, name in fields(item):
            found[field].add(name)
    return found


def assert_same_shape(demo: list[dict[str, Any]], recorded: list[dict[str, Any]]) -> None:
    assert {tuple(item) for item in demo} == {tuple(item) for item in recorded}
    types, allowed = types_of(demo), types_of(recorded)
    assert {
        field: names - allowed[field] for field, names in types.items() if names - allowed[field]
    } == {}


@pytest.mark.parametrize("kind", LISTS)
def test_every_list_has_the_recorded_shape(kind: str, api: Api, recorded_dir: Path) -> None:
    for now in (0.0, 30.0, 400.0):
        answer = json.loads(api.answer(f"/v3/{kind}/list", now).body)
        recorded = recorded_items(recorded_dir, f"v3_{kind.replace('/', '_')}_list")
        assert list(answer) == ["itemCount", "pageCount", "items"]
        assert answer["itemCount"] == len(answer["items"]) > 0
        assert_same_shape(answer["items"], recorded)


def test_forwards_have_the_recorded_shape(api: Api, recorded_dir: Path) -> None:
    answer = json.loads(api.answer("/v3/paths/forward/list?path=uplink", 500.0).body)
    assert_same_shape(answer["items"], recorded_items(recorded_dir, "v3_paths_forward_list__fwd"))
    assert {item["state"] for item in answer["items"]} == {"forwarding", "error"}


def test_info_has_the_recorded_shape(api: Api, recorded_dir: Path) -> None:
    answer = json.loads(api.answer("/v3/info", 500.0).body)
    assert list(answer) == list(json.loads((recorded_dir / "t1/v3_info.json").read_text()))
    assert answer["version"] == "demo"


def test_codecs_have_the_recorded_properties(api: Api, recorded_dir: Path) -> None:
    def by_codec(paths: list[dict[str, Any]]) -> dict[str, list[str]]:
        return {t["codec"]: list(t["codecProps"]) for path in paths for t in path["tracks2"]}

    demo = by_codec(json.loads(api.answer("/v3/paths/list", 500.0).body)["items"])
    recorded = by_codec(recorded_items(recorded_dir, "v3_paths_list"))
    assert demo["H265"] == recorded["H264"]
    assert {codec: recorded[codec] for codec in demo if codec != "H265"} == {
        codec: properties for codec, properties in demo.items() if codec != "H265"
    }


@pytest.mark.parametrize(
    ("wall", "text"),
    [
        (0.0, "1970-01-01T00:00:00Z"),
        (1.5, "1970-01-01T00:00:01.5Z"),
        (1_800_000_000.25, "2027-01-15T08:00:00.25Z"),
    ],
)
def test_times_are_written_as_go_does(wall: float, text: str) -> None:
    assert rfc3339(wall) == text
