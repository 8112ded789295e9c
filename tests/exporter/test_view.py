"""The snapshot as JSON: what it says of the demo's servers, and what it must never say."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from exporter.poller import Poller
from exporter.service import sources
from exporter.snapshot import Report, Snapshot, SnapshotStore
from exporter.sources.obs.source import ObsSource
from exporter.sources.source import SourceId
from exporter.view import to_json
from leitstand.config import Config, MediaMTXConfig
from leitstand.demo.cast import SECRET_MARK
from leitstand.demo.listing import LISTS
from leitstand.demo.mediamtx import DemoMediaMTX, World
from tests.recorded_obs import RecordedLink

Json = dict[str, Any]

NOW = 1_800_000_000.0
PRIVATE = {"id", "remoteAddr", "user", "query", "userAgent", "dest"}


@pytest.fixture(scope="module")
def demo() -> Iterator[DemoMediaMTX]:
    times = iter(range(int(NOW), int(NOW) + 100_000))
    with DemoMediaMTX(World.standard(), clock=lambda: next(times)) as server:
        yield server


@pytest.fixture(scope="module")
def snapshot(demo: DemoMediaMTX) -> Snapshot:
    """Everything asked once; `gone` is not there."""
    servers = {"main": demo.url, "gone": "http://127.0.0.1:9"}
    polled = sources(Config(mediamtx=[MediaMTXConfig(name=n, url=u) for n, u in servers.items()]))
    store = SnapshotStore(each.report() for each in polled)
    for each in polled:
        poller = Poller(each.source, each.interval, store, lambda *_: {})
        poller.poll_once()
        poller.close()
    return store.latest


@pytest.fixture(scope="module")
def view(snapshot: Snapshot) -> Json:
    found = to_json(snapshot, snapshot.live(time.monotonic()), NOW)
    return json.loads(json.dumps(found, allow_nan=False))  # type: ignore[no-any-return]


def path(view: Json, name: str) -> Json:
    paths: list[Json] = view["servers"][0]["paths"]
    return next(path for path in paths if path["name"] == name)


def leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Every value that holds no others, and the key it is under."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, key)
    else:
        yield key, value


def test_the_schema(view: Json, snapshot: Snapshot) -> None:
    assert list(view) == ["sequence", "time", "servers", "studios", "host"]
    assert (view["sequence"], view["time"]) == (snapshot.sequence, NOW)
    assert view["studios"] == []
    assert view["host"]["memory"]["total"] > 0
    assert [server["name"] for server in view["servers"]] == ["main", "gone"]
    keys = {"name", "up", "error", "version", "started_at", "polled", "paths"}
    assert all(server.keys() == keys for server in view["servers"])


def test_a_server_that_is_up(view: Json) -> None:
    main = view["servers"][0]
    assert (main["up"], main["error"], main["version"]) == (True, None, "demo")
    assert main["started_at"] >= NOW
    stage = path(view, "stage")
    assert (stage["available"], stage["online"], stage["source_type"]) == (True, True, "rtmpConn")
    assert stage["video"] == {
        "codec": "H264",
        "profile": "High",
        "level": "4",
        "width": 1920,
        "height": 1080,
    }
    assert stage["readers"]["hls"] >= 3


def test_a_server_that_is_down_has_only_its_error(view: Json) -> None:
    assert view["servers"][1] == {
        "name": "gone",
        "up": False,
        "error": "no connection: Connection refused",
        "version": None,
        "started_at": None,
        "polled": None,
        "paths": [],
    }


def test_sessions_are_summed_by_protocol_and_joined_to_their_path(view: Json) -> None:
    sessions = {each["protocol"]: each for each in path(view, "stage")["sessions"]}
    assert sessions["rtmp"]["roles"] == {
        "publish": {"now": 1, "opened": 1},
        "read": {"now": 1, "opened": 1},
    }
    assert sessions["rtmp"]["inbound_bytes"] > 0
    assert sessions["hls"]["roles"]["read"]["now"] >= 3
    assert "path" not in sessions["hls"]
    assert path(view, "cam/garage")["sessions"] == []


def test_srt_links_forwards_and_recordings_are_joined_to_their_path(view: Json) -> None:
    assert {srt["role"] for srt in path(view, "remote/van")["srt"]} == {"publish", "read"}
    forwards = {each["protocol"]: each for each in path(view, "uplink")["forwards"]}
    assert forwards.keys() == {"rtmps", "whip", "rtmp"}
    assert forwards["rtmp"]["failing"] == 1
    recording = path(view, "stage")["recording"]
    assert recording["segments"] >= 1
    for each in (*path(view, "remote/van")["srt"], *forwards.values(), recording):
        assert "path" not in each
    assert not {"srt", "forwards", "recording"} & path(view, "cam/right").keys()


def test_a_server_whose_last_answer_is_old_says_nothing_of_it(snapshot: Snapshot) -> None:
    for server in to_json(snapshot, frozenset(), NOW)["servers"]:
        assert (server["up"], server["version"], server["paths"]) == (False, None, [])


def test_a_part_that_is_old_says_nothing_any_more(snapshot: Snapshot) -> None:
    main = SourceId("mediamtx", "main")
    view = to_json(snapshot, frozenset({main}), NOW)
    assert view["host"] is None
    assert "srt" in path(view, "remote/van")
    assert "forwards" not in path(view, "uplink")
    assert "recording" not in path(view, "stage")


def test_an_answer_that_still_holds_is_shown_with_why_the_next_one_failed(
    snapshot: Snapshot,
) -> None:
    store = SnapshotStore(snapshot.reports.values())
    main = SourceId("mediamtx", "main")
    store.publish(main, error="answered 500 to info", failures=1)
    (server, _) = to_json(store.latest, frozenset({main}), NOW)["servers"]
    assert (server["up"], server["error"]) == (True, "answered 500 to info")
    assert len(server["paths"]) > 10


def test_nobody_who_publishes_or_reads_can_be_found_in_it(demo: DemoMediaMTX, view: Json) -> None:
    told: list[Any] = [
        requests.get(f"{demo.url}/v3/{kind}/list?itemsPerPage=1000", timeout=10).json()
        for kind in LISTS
    ]
    private = {(key, value) for key, value in leaves(told) if key in PRIVATE and value}
    found = {key: {value for k, value in private if k == key} for key in PRIVATE}
    assert len(found["id"]) > 20
    assert len(found["remoteAddr"]) > 20
    assert {"press", "anna"} <= found["user"]
    text = json.dumps(view)
    addresses = {address.rpartition(":")[0] for address in found["remoteAddr"]}
    for secret in found["id"] | found["remoteAddr"] | addresses | found["query"]:
        assert secret not in text
    said = {value for _, value in leaves(view["servers"])}
    assert not said & (found["user"] - {"stage"})
    assert not PRIVATE & {key for key, _ in leaves(view["servers"])}


def test_it_holds_no_secret(view: Json) -> None:
    assert SECRET_MARK not in json.dumps(view)


def test_a_studio_has_the_same_keys_up_and_down() -> None:
    link: Any = RecordedLink("obs_recording")
    source = ObsSource("stage", link)
    up = report_of(source.id, source.poll())
    down = Report(SourceId("obs", "hall"), 6.0, error="no")
    view = to_json(Snapshot(1, {r.source: r for r in (up, down)}), frozenset({source.id}), 0.0)
    stage, hall = view["studios"]
    assert stage.keys() == hall.keys()
    assert (stage["up"], stage["program_scene"], stage["record"]["active"]) == (True, "Main", True)
    assert (hall["up"], hall["error"], hall["record"]) == (False, "no", None)


def report_of(source: SourceId, state: object) -> Report:
    return Report(source, 6.0, state=state, good_at=0.0, duration=0.1)
