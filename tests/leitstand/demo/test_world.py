"""Counters move, fall and vanish as the real ones do, and the world is the same for a seed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leitstand.demo.api import Api
from leitstand.demo.cast import SECRET_MARK
from leitstand.demo.entities import WIRES, PathConf
from leitstand.demo.listing import LISTS
from leitstand.demo.world import World

NEVER = "0001-01-01T00:00:00Z"


class Seen:
    """A world, and what its API shows of it."""

    def __init__(self, world: World) -> None:
        self.world, self.api, self.now = world, Api(world), 0.0
        self.world.advance(0.0)

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.world.advance(self.now)

    def items(self, kind: str) -> list[dict[str, Any]]:
        answer = self.api.answer(f"/v3/{kind}/list?itemsPerPage=100000", self.now)
        items: list[dict[str, Any]] = json.loads(answer.body)["items"]
        return items

    def path(self, name: str) -> dict[str, Any]:
        return next(item for item in self.items("paths") if item["name"] == name)

    def everything(self) -> dict[str, list[dict[str, Any]]]:
        return {kind: self.items(kind) for kind in LISTS}


@pytest.fixture
def seen() -> Seen:
    return Seen(World(seed=3, confs=[PathConf("hall")]))


def test_the_same_seed_gives_the_same_world_however_often_it_is_looked_at() -> None:
    at_once, in_steps, other = (Seen(World.standard(seed=seed)) for seed in (7, 7, 8))
    at_once.wait(600)
    other.wait(600)
    for _ in range(300):
        in_steps.wait(2)
    assert at_once.everything() == in_steps.everything()
    assert at_once.world.truth == in_steps.world.truth
    assert at_once.everything() != other.everything()


def test_the_standard_world_has_every_protocol_and_every_kind_of_path() -> None:
    seen = Seen(World.standard())
    seen.wait(5)
    paths = {path["name"]: path for path in seen.items("paths")}
    assert 12 <= len(paths) <= 16
    assert {reader["type"] for reader in paths["stage"]["readers"]} == {
        w.type for w in WIRES.values()
    }
    assert {path["source"]["type"] for path in paths.values() if path["source"]} >= {
        "rtmpConn", "rtmpsConn", "rtspSession", "rtspsSession", "srtConn", "webRTCSession",
        "rtspSource", "redirect",
    }  # fmt: skip


def test_secrets_are_in_clear_where_the_real_one_shows_them() -> None:
    seen = Seen(World.standard())
    forwards = seen.api.answer("/v3/paths/forward/list?path=uplink", 0.0).body.decode()
    for shown in (forwards, str(seen.items("config/paths")), str(seen.items("webrtcsessions"))):
        assert SECRET_MARK in shown
    for hidden in ("paths", "rtspsessions", "recordings"):
        assert SECRET_MARK not in str(seen.items(hidden))


def test_everything_that_is_meant_to_happen_happens() -> None:
    seen = Seen(World.standard())
    started, frozen, dropped, guests = set(), False, False, set()
    before = None
    for _ in range(2400):
        seen.wait(1)
        balcony = seen.path("cam/balcony")
        frozen |= balcony["ready"] and balcony["inboundBytes"] == before
        dropped |= not balcony["ready"]
        before = balcony["inboundBytes"]
        guests.add("guest/anna" in seen.world.paths)
        started.add(seen.world.started_at)
    assert (frozen, dropped, guests) == (True, True, {True, False})
    assert len(started) > 1


def test_counters_fall_only_with_the_stream_or_the_session() -> None:
    seen = Seen(World.standard())
    last: dict[tuple[str, ...], dict[str, float]] = {}
    for _ in range(200):
        seen.wait(1.7)
        for kind, items in seen.everything().items():
            for item in items:
                first = next(iter(item.values()))
                key = (kind, first, item.get("availableTime") or item.get("created") or "")
                now = {
                    k: v for k, v in item.items() if k.lower().find("bytes") >= 0 and "Buf" not in k
                }
                assert all(v >= last.get(key, {}).get(k, 0) for k, v in now.items()), (key, now)
                last[key] = now


def test_a_stream_moves_at_its_bit_rate(seen: Seen) -> None:
    seen.world.publish("hall", bitrate=8_000_000)
    seen.wait(60)
    path = seen.path("hall")
    assert path["inboundBytes"] == pytest.approx(60_000_000, rel=0.05)
    assert path["inboundBytes"] == path["bytesReceived"] == seen.world.truth.inbound["hall"]


def test_every_reader_is_sent_the_whole_stream(seen: Seen) -> None:
    seen.world.publish("hall")
    seen.wait(10)
    before = seen.path("hall")["inboundBytes"]
    leaving = seen.world.read("hall", "srt")
    seen.world.read("hall", "webrtc")
    seen.wait(10)
    middle = seen.path("hall")
    assert middle["outboundBytes"] == 2 * (middle["inboundBytes"] - before)
    seen.world.leave(leaving)
    assert seen.path("hall")["outboundBytes"] == middle["outboundBytes"]
    seen.wait(10)
    after = seen.path("hall")
    assert [reader["type"] for reader in after["readers"]] == ["webRTCSession"]
    sent = after["outboundBytes"] - middle["outboundBytes"]
    assert sent == after["inboundBytes"] - middle["inboundBytes"]


def test_a_configured_path_stays_with_zeros_and_any_other_vanishes(seen: Seen) -> None:
    for name in ("hall", "street"):
        seen.world.publish(name)
        seen.world.read(name)
    seen.wait(5)
    for name in ("hall", "street"):
        seen.world.unpublish(name)
    assert [path["name"] for path in seen.items("paths")] == ["hall"]
    hall = seen.path("hall")
    assert (hall["ready"], hall["online"], hall["onlineTime"], hall["source"]) == (
        False,
        False,
        None,
        None,
    )
    assert (hall["inboundBytes"], hall["outboundBytes"], hall["readers"]) == (0, 0, [])
    assert seen.items("rtspsessions") == seen.items("rtspconns") == []
    assert seen.world.truth.inbound["street"] > 0


def test_a_reconnect_shows_only_in_ids_times_and_lower_counters(seen: Seen) -> None:
    seen.world.publish("hall", "rtmp")
    seen.world.read("hall", "hls")
    seen.wait(20)
    before, total = seen.path("hall"), seen.world.truth.inbound["hall"]
    session_id = seen.world.reconnect("hall")
    seen.wait(1)
    after = seen.path("hall")
    assert after["source"] == {"type": "rtmpConn", "id": session_id} != before["source"]
    assert after["availableTime"] > before["availableTime"]
    assert after["inboundBytes"] < before["inboundBytes"]
    assert len(after["readers"]) == 1
    assert seen.world.truth.inbound["hall"] == total + after["inboundBytes"]


def test_a_new_publisher_replaces_the_old(seen: Seen) -> None:
    seen.world.publish("hall", "rtsp")
    session_id = seen.world.publish("hall", "srt")
    assert seen.path("hall")["source"] == {"type": "srtConn", "id": session_id}
    assert seen.items("rtspsessions") == []


def test_a_frozen_publisher_stays_ready_for_ten_seconds(seen: Seen) -> None:
    seen.world.publish("hall")
    seen.wait(5)
    seen.world.freeze("hall")
    flat = seen.path("hall")["inboundBytes"]
    for _ in range(9):
        seen.wait(1)
        assert (seen.path("hall")["ready"], seen.path("hall")["inboundBytes"]) == (True, flat)
    seen.wait(1)
    assert (seen.path("hall")["ready"], seen.path("hall")["inboundBytes"]) == (False, 0)


def test_a_thawed_publisher_goes_on(seen: Seen) -> None:
    seen.world.publish("hall")
    seen.wait(5)
    seen.world.freeze("hall")
    seen.wait(8)
    flat = seen.path("hall")["inboundBytes"]
    seen.world.thaw("hall")
    seen.world.freeze("hall")
    seen.wait(8)
    seen.world.thaw("hall")
    seen.wait(8)
    assert seen.path("hall")["inboundBytes"] > flat


def test_static_sources_look_online_whether_they_run_or_not() -> None:
    seen = Seen(World.standard())
    for name, ready in (
        ("cam/gate", True),
        ("cam/garage", False),
        ("cam/roof", False),
        ("live", False),
    ):
        path = seen.path(name)
        assert (path["online"], path["ready"], path["source"]["id"]) == (True, ready, "")
        assert (path["onlineTime"] == NEVER) is not ready


def test_an_on_demand_source_runs_while_it_is_read() -> None:
    seen = Seen(World.standard())
    session_id = seen.world.read("cam/roof")
    assert seen.path("cam/roof")["ready"]
    seen.world.leave(session_id)
    seen.wait(9)
    assert seen.path("cam/roof")["ready"]
    seen.wait(2)
    assert not seen.path("cam/roof")["ready"]


def test_an_always_available_path_moves_without_a_publisher() -> None:
    seen = Seen(World.standard())
    seen.wait(5)
    foyer = seen.path("foyer")
    assert (foyer["available"], foyer["online"], foyer["source"]) == (True, False, None)
    assert foyer["inboundBytes"] > 0
    seen.world.publish("foyer")
    seen.wait(5)
    live = seen.path("foyer")
    assert (live["online"], live["availableTime"]) == (True, foyer["availableTime"])
    assert live["inboundBytes"] > foyer["inboundBytes"]


def test_a_restart_gives_new_ids_and_counters_from_zero(seen: Seen) -> None:
    seen.world.publish("hall")
    seen.world.read("hall")
    seen.wait(30)
    old_ids = {session["id"] for session in seen.items("rtspsessions")}
    seen.world.restart()
    assert seen.world.started_at == 30
    assert seen.path("hall")["inboundBytes"] == 0
    ids = {session["id"] for session in seen.items("rtspsessions")}
    assert len(ids) == 2
    assert not ids & old_ids


def test_discarded_packets_count_in_the_session_but_not_in_its_connection(seen: Seen) -> None:
    seen.world.publish("hall")
    session_id = seen.world.read("hall", slow=0.5)
    seen.wait(20)
    session = next(s for s in seen.items("rtspsessions") if s["id"] == session_id)
    conn = next(c for c in seen.items("rtspconns") if c["session"] == session_id)
    assert session["conns"] == [conn["id"]]
    assert session["outboundRTPPacketsDiscarded"] == session["outboundRTPPackets"] // 2 > 0
    assert conn["outboundBytes"] < 0.6 * session["outboundBytes"]


def test_a_muxer_outlives_its_last_reader_by_a_minute(seen: Seen) -> None:
    seen.world.publish("hall")
    session_id = seen.world.read("hall", "hls")
    seen.wait(10)
    seen.world.leave(session_id)
    bytes_sent = seen.items("hlsmuxers")[0]["outboundBytes"]
    seen.wait(59)
    assert seen.items("hlsmuxers")[0]["outboundBytes"] == bytes_sent > 0
    seen.wait(2)
    assert seen.items("hlsmuxers") == []


def test_recordings_gain_a_segment_every_half_minute() -> None:
    seen = Seen(World(confs=[PathConf("hall", {"record": True})]))
    assert seen.items("recordings") == []
    seen.world.publish("hall")
    seen.wait(61)
    assert len(seen.items("recordings")[0]["segments"]) == 3
    seen.world.unpublish("hall")
    seen.wait(60)
    assert len(seen.items("recordings")[0]["segments"]) == 3


def test_srt_loss_shows_as_retransmissions(seen: Seen) -> None:
    seen.world.publish("hall", "srt", loss=0.1)
    seen.wait(20)
    conn = seen.items("srtconns")[0]
    assert conn["packetsReceivedRetrans"] == conn["packetsReceivedLoss"] > 0
    assert conn["packetsReceived"] == conn["packetsReceivedUnique"] + conn["packetsReceivedRetrans"]
    assert conn["bytesReceived"] == seen.world.truth.session_inbound["hall", "srt"]


def test_the_large_world_is_made_of_publishers_and_readers() -> None:
    seen = Seen(World.large(6, 9))
    assert len(seen.items("paths")) == 6
    assert len(seen.items("rtspsessions")) == len(seen.items("rtspconns")) == 15
    assert [len(path["readers"]) for path in seen.items("paths")] == [2, 2, 2, 1, 1, 1]


def test_steering_what_is_not_there_is_refused(seen: Seen) -> None:
    with pytest.raises(LookupError, match="'hall' has no publisher"):
        seen.world.freeze("hall")
    with pytest.raises(LookupError, match="'hall' has no stream"):
        seen.world.read("hall")
    with pytest.raises(ValueError, match="'carrier pigeon'"):
        seen.world.publish("hall", "carrier pigeon")


@settings(max_examples=40, deadline=None)
@given(acts=st.lists(st.sampled_from(["publish", "read", "leave", "reconnect", "restart", "wait"])))
def test_truth_is_what_the_counters_showed_before_each_reset(acts: list[str]) -> None:
    world = World(seed=5)
    world.advance(0.0)
    world.publish("hall")
    readers, ended = [world.read("hall")], 0
    for now, act in enumerate(acts, start=1):
        world.advance(float(now))
        if act in ("publish", "reconnect", "restart"):
            ended += world.paths["hall"].meter.read(world.now)
            steer = {"restart": world.restart}.get(act, lambda act=act: getattr(world, act)("hall"))
            steer()
            readers = list(world.paths["hall"].readers)
        elif act == "read":
            readers.append(world.read("hall"))
        elif act == "leave" and readers:
            world.leave(readers.pop())
    world.advance(len(acts) + 1.0)
    truth = world.truth
    assert truth.inbound["hall"] == ended + world.paths["hall"].meter.read(world.now)
    assert truth.outbound["hall"] == truth.session_outbound["hall", "rtsp"]
