"""Any sequence of events and polls: no counter falls, and each equals what truly moved.

The world knows what moved. What moved after the last good poll and was then thrown away by the
server (a publisher left, a session ended) nobody can know, so the world's truth is held only at
polls, with what was lost unseen taken off.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from exporter import collectors
from exporter.sources.mediamtx.source import MediaMTXSource, Watch
from exporter.sources.source import SourceError
from leitstand.clients.mediamtx import Unreachable
from leitstand.clients.mediamtx.client import Page
from leitstand.clients.mediamtx.objects import Info
from leitstand.demo.api import Api
from leitstand.demo.entities import PathConf
from leitstand.demo.world import World

PATHS = ("hall", "guest/a", "guest/b")
PROTOCOLS = ("rtsp", "rtmp", "srt", "webrtc", "hls", "moq")

_EVENTS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                *("poll", "poll", "poll", "failed poll", "clock jump", "wait"),
                *("publish", "unpublish", "reconnect", "freeze", "thaw"),
                *("read", "leave", "restart"),
            ]
        ),
        st.sampled_from(PATHS),
        st.integers(0, 1000),
    ),
    max_size=40,
)


class ApiClient:
    """The demo's API without HTTP between; told to fail, it breaks off after some answers."""

    def __init__(self, world: World) -> None:
        self._api = Api(world, frozenset())
        self.now = 0.0
        self.answers_left: int | None = None

    def info(self) -> Info:
        return msgspec.json.decode(self._ask("/v3/info"), type=Info)

    def items(self, kind: str, of: Any) -> list[Any] | None:
        body = self._ask(f"/v3/{kind}/list?itemsPerPage=100000")
        items: list[Any] = msgspec.json.decode(body, type=Page[of]).items
        return items

    def within(self, seconds: float) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def _ask(self, target: str) -> bytes:
        if self.answers_left is not None:
            self.answers_left -= 1
            if self.answers_left < 0:
                raise Unreachable("broke off")
        return self._api.answer(target, self.now).body


class Story:
    """One server, one source, and what the source can know."""

    def __init__(self) -> None:
        self.world = World(confs=[PathConf("hall")])
        self.client = ApiClient(self.world)
        self.clock = 1_800_000_000.0
        watch = Watch(name="main", expected_paths=PATHS)
        self.source = MediaMTXSource(watch, self.client, clock=lambda: self.clock)  # type: ignore[arg-type]
        self.before: dict[Any, float] = {}
        self.client.now = self.clock
        self.world.advance(self.clock)

    def step(self, event: str, path: str, number: int) -> None:
        if event == "poll":
            self.poll()
        elif event == "failed poll":
            self.fail(number % 12)
        elif event == "clock jump":
            self.clock += (number - 500) * 1000.0
        elif event == "wait":
            self.pass_time(number / 100)
        else:
            self.happen(event, path, number)

    def pass_time(self, seconds: float) -> None:
        self.client.now += seconds
        self.clock += seconds
        self.world.advance(self.client.now)

    def happen(self, event: str, path: str, number: int) -> None:
        """Do it; what cannot be (nobody publishes there, nobody is left to leave) is left out."""
        with contextlib.suppress(LookupError, ZeroDivisionError):
            if event == "restart":
                self.world.restart()
            elif event == "publish":
                self.world.publish(path, PROTOCOLS[number % 4])
            elif event == "read":
                self.world.read(path, PROTOCOLS[number % 6])
            elif event == "leave":
                self.world.leave(sorted(self.world.sessions)[number % len(self.world.sessions)])
            else:
                getattr(self.world, event)(path)

    def fail(self, answers: int) -> None:
        self.client.answers_left = answers
        with contextlib.suppress(SourceError):
            self.source.poll()
        self.client.answers_left = None

    def poll(self) -> None:
        state = self.source.poll()
        values = {
            (family.name, labels): value
            for family, samples in collectors.collect("mediamtx", state)
            if family.kind == "counter"
            for labels, value in samples
        }
        fallen = [at for at, value in self.before.items() if at in values and values[at] < value]
        assert fallen == []
        self.before |= values

    def truth(self) -> Iterator[tuple[Any, float]]:
        truth = self.world.truth
        for path, moved in truth.inbound.items():
            yield ("mediamtx_path_inbound_bytes_total", ("main", path)), moved
        for path, moved in truth.outbound.items():
            yield ("mediamtx_path_outbound_bytes_total", ("main", path)), moved
        for (path, protocol), moved in truth.session_inbound.items():
            yield ("mediamtx_session_inbound_bytes_total", ("main", path, protocol)), moved
        for (path, protocol), moved in truth.session_outbound.items():
            yield ("mediamtx_session_outbound_bytes_total", ("main", path, protocol)), moved


@given(_EVENTS)
def test_no_counter_falls_and_none_exceeds_the_truth(
    events: list[tuple[str, str, int]],
) -> None:
    """Polls at any time, some of which fail: what was lost unseen may be missing, nothing more."""
    story = Story()
    for event in events:
        story.step(*event)
    story.poll()
    truth = dict(story.truth())
    for at, value in story.before.items():
        if at in truth:
            assert value <= truth[at], at


@given(_EVENTS)
def test_counters_equal_the_truth_when_nothing_is_lost_unseen(
    events: list[tuple[str, str, int]],
) -> None:
    """A good poll before every event: then each counter is exactly what moved."""
    story = Story()
    for event, path, number in events:
        story.poll()
        story.step(event, path, number)
        # Long enough for a counter that began again to pass its old mark before it is seen.
        story.pass_time(number / 20)
    story.poll()
    for at, moved in story.truth():
        if moved:
            assert story.before[at] == moved, at
