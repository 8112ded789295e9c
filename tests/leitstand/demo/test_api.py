"""Errors, headers, paging and look-ups answer exactly as the recorded server did."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from leitstand.demo.api import Api
from leitstand.demo.mediamtx import DemoMediaMTX
from leitstand.demo.world import World

from .conftest import Get, fetch_from

VARYING = {"Date", "Content-Length", "Transfer-Encoding"}
NOBODY = "00000000-0000-0000-0000-000000000000"


def index(recorded_dir: Path) -> list[dict[str, Any]]:
    entries = json.loads((recorded_dir / "t1/_index.json").read_text())
    return [entry for entry in entries if entry["path"].startswith("/v3/")]


@pytest.fixture(scope="module")
def large() -> Iterator[DemoMediaMTX]:
    with DemoMediaMTX(World.large(25), clock=lambda: 1000.0) as server:
        yield server


def test_every_recorded_error_is_answered_alike(large: DemoMediaMTX, recorded_dir: Path) -> None:
    errors = [entry for entry in index(recorded_dir) if entry["status"] != 200]
    assert len(errors) > 20
    for entry in errors:
        response = fetch_from(large, entry["path"])
        body = (recorded_dir / "t1" / entry["file"]).read_bytes()
        assert (entry["path"], response.status, response.body) == (
            entry["path"],
            entry["status"],
            body,
        )
        assert response.headers == entry["headers"] | {"Date": response.headers["Date"]}


def test_headers_are_the_recorded_ones(get: Get, recorded_dir: Path) -> None:
    for entry in index(recorded_dir):
        if entry["status"] == 200 and entry["path"].endswith("/list"):
            headers = get(entry["path"]).headers
            expected = {k: v for k, v in entry["headers"].items() if k not in VARYING}
            assert {k: v for k, v in headers.items() if k not in VARYING} == expected


def test_long_bodies_are_chunked_and_short_ones_are_not(get: Get) -> None:
    assert get("/v3/paths/list").headers["Transfer-Encoding"] == "chunked"
    info = get("/v3/info")
    assert info.headers["Content-Length"] == str(len(info.body))


def test_pages_are_cut_as_recorded(large: DemoMediaMTX, recorded_dir: Path) -> None:
    beyond = fetch_from(large, "/v3/paths/list?itemsPerPage=2&page=9999")
    assert beyond.body == (recorded_dir / "t1/v3_paths_list__page_beyond_end.json").read_bytes()
    last = fetch_from(large, "/v3/paths/list?itemsPerPage=2&page=12").json
    assert [item["name"] for item in last["items"]] == ["live/cam00024"]
    whole = fetch_from(large, "/v3/paths/list?itemsPerPage=2147483647").json
    assert (whole["itemCount"], whole["pageCount"], len(whole["items"])) == (25, 1, 25)


def test_the_default_page_has_100_items() -> None:
    answer = json.loads(Api(World.idle(101)).answer("/v3/paths/list", 0.0).body)
    assert (answer["itemCount"], answer["pageCount"], len(answer["items"])) == (101, 2, 100)


def test_an_empty_list_has_no_pages() -> None:
    body = Api(World.idle(0)).answer("/v3/srtconns/list", 0.0).body
    assert body == b'{"itemCount":0,"pageCount":0,"items":[]}'


@pytest.mark.parametrize("name", ["cam/gate", "cam%2Fgate"])
def test_one_object_can_be_asked_for(get: Get, name: str) -> None:
    assert get(f"/v3/paths/get/{name}").json["name"] == "cam/gate"
    assert get(f"/v3/config/paths/get/{name}").json["name"] == "cam/gate"
    session = get("/v3/rtspsessions/list").json["items"][0]
    assert get(f"/v3/rtspsessions/get/{session['id']}").json == session
    assert get("/v3/hlsmuxers/get/stage").json["path"] == "stage"


def test_a_path_without_recordings_has_no_segments(get: Get, recorded_dir: Path) -> None:
    assert get("/v3/recordings/get/nope").body == b'{"name":"nope","segments":[]}'


def test_missing_endpoints_are_unknown_urls() -> None:
    api = Api(
        World.standard(), frozenset({"/v3/moqsessions", "/v3/info", "/v3/paths/forward/list"})
    )
    targets = ("/v3/moqsessions/list", f"/v3/moqsessions/get/{NOBODY}", "/v3/info")
    for target in (*targets, "/v3/paths/forward/list?path=uplink"):
        answer = api.answer(target, 0.0)
        assert (answer.status, answer.content_type) == (404, "text/plain")
    assert api.answer("/v3/paths/list", 0.0).status == 200


def test_answers_are_cached_until_the_world_changes() -> None:
    world = World.large(2)
    api = Api(world)
    first = api.answer("/v3/paths/list", 0.0)
    assert api.answer("/v3/paths/list", 0.0) is first
    world.unpublish("live/cam00000")
    assert api.answer("/v3/paths/list", 0.0) is not first
