"""The source over a live server that speaks the real API: each condition told apart."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from exporter.sources.mediamtx.forwards import ForwardsSource
from exporter.sources.mediamtx.source import MediaMTXSource, Watch
from exporter.sources.mediamtx.state import MediaMTXState, Path
from exporter.sources.source import SourceError
from leitstand.clients.mediamtx import Access, MediaMTXClient
from leitstand.demo.entities import PathConf
from leitstand.demo.mediamtx import DemoMediaMTX, Fault, World
from tests.recorded import FIXTURES, RecordedMediaMTX


@dataclass
class Stage:
    """A demo server, a source that watches it, and the clock of both."""

    world: World
    now: float = 1_800_000_000.0
    watch: Watch = field(default_factory=lambda: Watch(name="main"))

    def __enter__(self) -> Stage:
        self.demo = DemoMediaMTX(self.world, clock=lambda: self.now)
        self.demo.tick_seconds = 0
        self.demo.start()
        client = MediaMTXClient(Access(self.demo.url, lambda: None))
        self.source = MediaMTXSource(self.watch, client, clock=lambda: self.now)
        return self

    def __exit__(self, *_: object) -> None:
        self.source.close()
        self.demo.stop()

    def poll(self, after: float = 2.0) -> MediaMTXState:
        self.now += after
        return self.source.poll()

    def path(self, name: str, after: float = 2.0) -> Path:
        return next(path for path in self.poll(after).paths if path.name == name)


@pytest.fixture
def stage() -> Iterator[Stage]:
    confs = [
        PathConf("hall"),
        PathConf("idle", {"source": "rtsp://10.0.0.1/x", "sourceOnDemand": True}),
        PathConf("down", {"source": "rtsp://u:p@10.0.0.2/x"}, frozenset({"rtsp://u:p@10.0.0.2/x"})),
        PathConf("redir", {"source": "redirect", "sourceRedirect": "/hall"}),
        PathConf("always", {"alwaysAvailable": True}),
    ]
    watch = Watch(name="main", expected_paths=("hall", "nowhere", "guest/*"))
    with Stage(World(confs=confs), watch=watch) as stage:
        yield stage


def test_idle_down_offline_and_redirect_are_told_apart(stage: Stage) -> None:
    stage.poll()
    seen = {
        path.name: (path.available, path.online, path.expected, path.on_demand, path.source_type)
        for path in stage.poll().paths
    }
    assert seen == {
        "hall": (False, False, True, False, ""),
        "idle": (False, False, False, True, "rtspSource"),
        "down": (False, False, True, False, "rtspSource"),
        "redir": (False, False, False, False, "redirect"),
        "always": (True, False, False, False, ""),
        "nowhere": (False, False, True, False, ""),
    }


def test_a_publisher_is_online_since_it_came(stage: Stage) -> None:
    stage.poll()
    stage.world.publish("always", "rtmp")
    path = stage.path("always")
    assert (path.online, path.online_since, path.source_type) == (True, stage.now - 2, "rtmpConn")


def test_a_frozen_publisher_shows_within_one_poll(stage: Stage) -> None:
    stage.poll()
    stage.world.publish("hall", "srt")
    assert stage.path("hall").last_data == stage.now
    stage.world.freeze("hall")
    frozen_at = stage.now
    for _ in range(3):
        path = stage.path("hall")
        assert (path.online, path.last_data) == (True, frozen_at)
    stage.world.thaw("hall")
    assert stage.path("hall").last_data == stage.now


def test_last_data_outlives_the_publisher(stage: Stage) -> None:
    stage.poll()
    stage.world.publish("hall")
    stage.poll()
    stage.world.unpublish("hall")
    last = stage.now
    assert stage.path("hall").last_data == last
    assert stage.path("hall").last_data == last


def test_bytes_go_on_over_reconnects_departures_and_restarts(stage: Stage) -> None:
    stage.poll()
    stage.world.publish("guest/anna", "webrtc")
    before = 0.0
    for upset in ("reconnect", "restart", "unpublish", "publish", "reconnect"):
        path = stage.path("guest/anna")
        assert path.inbound_bytes is not None
        assert path.inbound_bytes >= before
        assert path.inbound_bytes == stage.world.truth.inbound["guest/anna"]
        before = path.inbound_bytes
        if upset == "restart":
            stage.world.restart()
        else:
            getattr(stage.world, upset)("guest/anna")
    assert stage.path("guest/anna").reconnects == 4


def test_a_path_that_a_pattern_matched_once_stays_expected(stage: Stage) -> None:
    stage.poll()
    stage.world.publish("guest/anna")
    assert stage.path("guest/anna").expected
    stage.world.unpublish("guest/anna")
    gone = stage.path("guest/anna")
    assert (gone.conf, gone.available, gone.online, gone.expected) == (None, False, False, True)


def test_readers_go_to_zero_instead_of_vanishing(stage: Stage) -> None:
    stage.poll()
    stage.world.publish("hall")
    reader = stage.world.read("hall", "hls")
    assert stage.path("hall").readers == {"hls": 1}
    stage.world.leave(reader)
    state = stage.poll()
    assert next(p for p in state.paths if p.name == "hall").readers == {"hls": 0}
    counts = {(c.protocol, c.role): (c.now, c.opened) for c in state.session_counts}
    assert counts == {("hls", "read"): (0, 1), ("rtsp", "publish"): (1, 1)}


def test_every_list_is_asked_for_once_and_in_one_page(stage: Stage) -> None:
    stage.poll()
    stage.demo.requests.clear()
    stage.demo.targets.clear()
    stage.poll()
    assert set(stage.demo.requests.values()) == {1}
    lists = [target for target in stage.demo.targets if "/list" in target]
    assert len(lists) == 10
    assert all(target.endswith("/list?itemsPerPage=100000") for target in lists)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault.GARBAGE, "not JSON"),
        (Fault.UNAUTHORIZED, "credentials"),
        (Fault.SERVER_ERROR, "answered 500 to info"),
        (Fault.HALF_BODY, "no connection|broke off"),
        (Fault.NOT_FOUND, "is this a MediaMTX API"),
        (Fault.HANG, "within 0.3 s"),
        (Fault.SLOW, "within 0.3 s"),
    ],
)
def test_a_fault_is_a_source_error_with_its_reason(fault: Fault, reason: str) -> None:
    with Stage(World(), watch=Watch(name="main", deadline=0.3)) as stage:
        stage.poll()
        stage.demo.fault = fault
        with pytest.raises(SourceError, match=reason):
            stage.poll()
        stage.demo.fault = Fault.NONE
        assert stage.poll().version == "demo"


def test_a_server_that_is_gone_is_a_source_error() -> None:
    with Stage(World()) as stage:
        stage.demo.stop()
        with pytest.raises(SourceError, match="no connection: Connection refused"):
            stage.poll()


@pytest.mark.parametrize(
    ("file", "broken"),
    [
        ("v3_paths_list.json", {"items": 5}),
        ("v3_paths_list.json", []),
        ("v3_paths_list.json", {"items": [{"name": "x"}]}),
        ("v3_paths_list.json", {"items": [None]}),
        ("v3_rtmpconns_list.json", {"items": [{"id": 1, "path": "x", "inboundBytes": "much"}]}),
        ("v3_info.json", {"version": "v1", "started": "yesterday"}),
    ],
)
def test_json_of_another_shape_is_a_source_error(
    file: str, broken: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RecordedMediaMTX("t0") as server:
        source = MediaMTXSource(Watch(name="m"), MediaMTXClient(Access(server.url, lambda: None)))
        as_recorded = server.answer

        def answer(target: str) -> tuple[int, str, bytes]:
            if file == "v3_{}.json".format(target[4:].partition("?")[0].replace("/", "_")):
                return 200, "application/json", json.dumps(broken).encode()
            return as_recorded(target)

        monkeypatch.setattr(server, "answer", answer)
        with pytest.raises(SourceError, match="answered|gave"):
            source.poll()
        source.close()


def test_a_newer_version_with_unknown_fields_values_and_types_is_no_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with RecordedMediaMTX("t0") as server:
        source = MediaMTXSource(Watch(name="m"), MediaMTXClient(Access(server.url, lambda: None)))
        as_recorded = server.answer
        items = json.loads((FIXTURES / "t0" / "v3_paths_list.json").read_text())["items"]
        item = next(item for item in items if item["name"] == "cam_rtsp")
        item["source"]["type"] = "quantumSession"
        item["readers"] = [{"type": "quantumSession", "id": "1"}, {"type": "hidden", "id": "2"}]
        item["tracks2"] = [{"codec": "H266", "codecProps": {"layers": 3}}, {"codec": "Opus"}]
        item["mood"] = {"good": True}

        def answer(target: str) -> tuple[int, str, bytes]:
            if target.startswith("/v3/paths/list"):
                return 200, "application/json", json.dumps({"items": [item]}).encode()
            return as_recorded(target)

        monkeypatch.setattr(server, "answer", answer)
        (path,) = source.poll().paths
        assert (path.source_type, path.readers["other"]) == ("quantumSession", 1)  # type: ignore[index]
        assert (path.video, path.audio and path.audio.codec) == (None, "Opus")
        source.close()


def test_beyond_the_limit_paths_are_summed_into_other() -> None:
    with Stage(World(), watch=Watch(name="main", path_limit=3, expected_paths=("z",))) as stage:
        stage.poll()
        for name in "abcdez":
            stage.world.publish(name, bitrate=8e6)
            stage.world.read(name)
        state = stage.poll()
        assert [path.name for path in state.paths] == ["a", "b", "z", "(other)"]
        assert (state.paths_listed, state.paths_folded) == (6, 3)
        truth = stage.world.truth.inbound
        other = state.paths[-1]
        assert other.inbound_bytes == sum(truth[name] for name in "cde")
        assert (other.readers, other.available, other.reconnects) == ({"rtsp": 3}, None, None)
        # Who has a label keeps it; one that becomes free goes to the next.
        stage.world.unpublish("a")
        stage.world.publish("0")
        assert [path.name for path in stage.poll().paths] == ["0", "b", "z", "(other)"]


def test_a_path_that_goes_while_its_forwards_are_asked_for_fails_nothing() -> None:
    with RecordedMediaMTX("t0") as server:
        client = MediaMTXClient(Access(server.url, lambda: None))
        as_recorded = server.answer

        def answer(target: str) -> tuple[int, str, bytes]:
            if target.endswith("path=gone&itemsPerPage=100000"):
                return 404, "application/json", b'{"status":"error","error":"path not found"}'
            return as_recorded(target)

        server.answer = answer  # type: ignore[method-assign]
        source = ForwardsSource("main", client, lambda: ("gone", "fwd"), 5)
        assert {forward.path for forward in source.poll().forwards} == {"fwd"}
        source.close()
