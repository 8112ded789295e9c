"""The pages: each made once, shared, ahead of who asks, and never older than it says."""

from __future__ import annotations

import gzip
import itertools
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from prometheus_client import parser
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from exporter import collectors
from exporter.collectors import status
from exporter.exposition import Format, Renderer
from exporter.family import Family, Sample
from exporter.pages import Encoding, Pages, render
from exporter.service import sources
from exporter.snapshot import Bodies, Report, SnapshotStore
from exporter.sources.source import SourceId
from leitstand.config import Config, MediaMTXConfig
from leitstand.demo.mediamtx import DemoMediaMTX
from tests.running import eventually

NORTH = SourceId("mediamtx", "north")
SOUTH = SourceId("mediamtx", "south")
PLAIN = Encoding(Format.PROMETHEUS, gzip=False)
PACKED = Encoding(Format.PROMETHEUS, gzip=True)
OPEN = Encoding(Format.OPENMETRICS, gzip=False)
OPEN_PACKED = Encoding(Format.OPENMETRICS, gzip=True)
ALL = (PLAIN, PACKED, OPEN, OPEN_PACKED)


@pytest.fixture(scope="module")
def said() -> Mapping[SourceId, Bodies]:
    """What two servers and the host say in one poll."""
    with DemoMediaMTX() as north, DemoMediaMTX() as south:
        servers = {"north": north.url, "south": south.url}
        config = Config(mediamtx=[MediaMTXConfig(name=n, url=url) for n, url in servers.items()])
        found = {}
        for each in sources(config):
            found[each.source.id] = render(Renderer(), each.source.id.kind, each.source.poll())
            each.source.close()
        return found


class CountingRenderer(Renderer):
    """Counts pages: each has one version of Leitstand. One takes long enough to be met."""

    pages = 0

    def body(self, family: Family, samples: Sequence[Sample]) -> bytes:
        if family is status._BUILD:
            self.pages += 1
            threading.Event().wait(0.01)
        return super().body(family, samples)


@dataclass
class Stand:
    """Pages over sources that all said something at 100.0, and the clock."""

    said: Mapping[SourceId, Bodies]
    now: float = 100.0
    renderer: CountingRenderer = field(default_factory=CountingRenderer)

    def __post_init__(self) -> None:
        self.store = SnapshotStore(
            Report(
                source,
                lifetime=6.0,
                part_of=SourceId("mediamtx", source.name) if "_" in source.kind else None,
                bodies=bodies,
                good_at=self.now,
                duration=0.1,
            )
            for source, bodies in self.said.items()
        )
        self.pages = Pages(self.store, self.renderer, monotonic=lambda: self.now)

    def answers(self, source: SourceId) -> None:
        self.store.publish(source, good_at=self.now)


@pytest.fixture
def stand(said: Mapping[SourceId, Bodies]) -> Stand:
    return Stand(said)


@pytest.fixture
def keeping_ready(stand: Stand) -> Iterator[Stand]:
    stand.pages.start()
    yield stand
    stand.pages.stop()
    stand.store.publish(NORTH)
    stand.pages._thread.join(10)
    assert not stand.pages._thread.is_alive()


def test_all_scrapers_of_a_snapshot_share_one_page(stand: Stand) -> None:
    together = threading.Barrier(8)

    def scrape(_: int) -> bytes:
        together.wait(10)
        return stand.pages.get(PLAIN)

    with ThreadPoolExecutor(8) as pool:
        bodies = list(pool.map(scrape, range(8)))
    assert stand.renderer.pages == 1
    assert len({id(body) for body in bodies}) == 1


def test_a_new_snapshot_is_a_new_page(stand: Stand) -> None:
    failures = 'leitstand_source_poll_failures_total{name="north",source="mediamtx"}'
    assert f"{failures} 0.0\n" in stand.pages.get(PLAIN).decode()
    stand.store.publish(NORTH, failures=1)
    assert f"{failures} 1.0\n" in stand.pages.get(PLAIN).decode()
    assert stand.renderer.pages == 2


def series_of(page: bytes, server: str) -> list[str]:
    return [line for line in page.decode().splitlines() if f'server="{server}"' in line]


def test_a_source_that_grows_old_leaves_the_page_without_a_new_snapshot(stand: Stand) -> None:
    stand.now = 103.0
    stand.answers(SOUTH)
    before = stand.pages.get(PLAIN)
    stand.now = 106.0
    assert stand.pages.get(PLAIN) is before
    assert len(series_of(before, "north")) > 100
    stand.now = 106.1
    page = stand.pages.get(PLAIN)
    assert series_of(page, "north") == ['mediamtx_up{server="north"} 0.0']
    assert series_of(page, "south")[0] == 'mediamtx_up{server="south"} 1.0'
    assert len(series_of(page, "south")) > 100
    assert stand.pages.get(PLAIN) is page
    assert stand.renderer.pages == 2


def test_a_source_that_comes_back_is_shown_again(stand: Stand) -> None:
    stand.now = 200.0
    assert len(series_of(stand.pages.get(PLAIN), "north")) == 1
    stand.answers(NORTH)
    assert len(series_of(stand.pages.get(PLAIN), "north")) > 100


def test_up_and_the_series_are_of_one_moment(said: Mapping[SourceId, Bodies]) -> None:
    # Each look at the clock shows a later time; somewhere in between the answer grows old.
    for looks in range(1, 6):
        stand = Stand(said)
        times = itertools.chain([105.9] * looks, itertools.repeat(106.1))
        stand.pages = Pages(stand.store, stand.renderer, monotonic=lambda t=times: next(t))  # type: ignore[misc]
        series = series_of(stand.pages.get(PLAIN), "north")
        assert (series[0] == 'mediamtx_up{server="north"} 1.0') == (len(series) > 1)


@pytest.mark.parametrize("form", Format)
def test_the_gzip_page_is_the_plain_one(stand: Stand, form: Format) -> None:
    packed = stand.pages.get(Encoding(form, gzip=True))
    plain = stand.pages.get(Encoding(form, gzip=False))
    assert gzip.decompress(packed) == plain
    assert len(packed) < len(plain) / 3


def test_the_gzip_page_is_packed_from_the_plain_one_if_that_is_there(stand: Stand) -> None:
    stand.pages.get(PLAIN)
    stand.pages.get(PACKED)
    assert stand.renderer.pages == 1
    stand.store.publish(NORTH, failures=7)
    assert b" 7.0\n" in gzip.decompress(stand.pages.get(PACKED))


def test_ready_gives_only_what_is_made_and_of_this_moment(stand: Stand) -> None:
    assert stand.pages.ready(PLAIN) is None
    page = stand.pages.get(PLAIN)
    assert stand.pages.ready(PLAIN) is page
    assert stand.pages.ready(OPEN) is None
    stand.now = 107.0
    assert stand.pages.ready(PLAIN) is None
    page = stand.pages.get(PLAIN)
    stand.store.publish(NORTH, failures=1)
    assert stand.pages.ready(PLAIN) is None


def test_what_was_asked_for_is_made_ahead(keeping_ready: Stand) -> None:
    stand = keeping_ready
    stand.pages.get(PACKED)
    stand.store.publish(NORTH, failures=7)
    page = eventually(lambda: stand.pages.ready(PACKED))
    assert b" 7.0\n" in gzip.decompress(page or b"")
    assert stand.pages.ready(PLAIN) is None


def test_it_is_made_ahead_also_when_a_source_grows_old(keeping_ready: Stand) -> None:
    stand = keeping_ready
    stand.pages.get(PLAIN)
    eventually(lambda: stand.store._changed._waiters)  # type: ignore[attr-defined]
    stand.now = 107.0
    page = eventually(lambda: stand.pages.ready(PLAIN)) or b""
    assert series_of(page, "north") == ['mediamtx_up{server="north"} 0.0']


@pytest.mark.parametrize(
    ("later", "made"), [(299.0, True), (301.0, False)], ids=["wanted", "forgotten"]
)
def test_what_nobody_asks_for_is_not_made_ahead_for_long(
    keeping_ready: Stand, later: float, made: bool
) -> None:
    stand = keeping_ready
    stand.pages.get(OPEN)
    stand.now += later
    # Asked for after it, so made after it: once it is there, the other was passed over.
    stand.pages.get(PLAIN)
    stand.store.publish(NORTH, failures=1)
    eventually(lambda: stand.pages.ready(PLAIN))
    assert (stand.pages.ready(OPEN) is not None) is made


def test_who_finds_it_ready_keeps_it_wanted(keeping_ready: Stand) -> None:
    stand = keeping_ready
    stand.pages.get(OPEN)
    for failures in range(3):
        stand.now += 200.0
        stand.pages.get(PLAIN)
        stand.store.publish(NORTH, failures=failures)
        eventually(lambda: stand.pages.ready(PLAIN))
        assert stand.pages.ready(OPEN) is not None


def test_each_family_is_in_one_place_over_all_sources(stand: Stand) -> None:
    lines = stand.pages.get(PLAIN).decode().splitlines()
    names = [line.split()[2 if line[0] == "#" else 0].partition("{")[0] for line in lines]
    runs = [name for name, _ in itertools.groupby(names)]
    assert len(runs) == len(set(runs))
    known = [family.name for family in collectors.FAMILIES]
    assert runs == [name for name in known if name in runs]
    headers = [line for line in lines if line.startswith("# TYPE")]
    assert len(headers) == len(runs) > 60


PARSERS: Mapping[Format, Any] = {
    Format.PROMETHEUS: parser.text_string_to_metric_families,
    Format.OPENMETRICS: text_string_to_metric_families,
}


def parsed(page: bytes, form: Format) -> dict[str, float]:
    return {
        f"{sample.name}{sorted(sample.labels.items())}": sample.value
        for family in PARSERS[form](page.decode())
        for sample in family.samples
    }


def test_both_formats_can_be_read_and_say_the_same(stand: Stand) -> None:
    text = parsed(stand.pages.get(PLAIN), Format.PROMETHEUS)
    assert text == parsed(stand.pages.get(OPEN), Format.OPENMETRICS)
    assert len(text) > 400


@pytest.mark.parametrize("form", Format)
def test_with_nothing_to_say_it_can_still_be_read(form: Format) -> None:
    store = SnapshotStore([Report(NORTH, lifetime=6.0)])
    page = Pages(store, Renderer()).get(Encoding(form, gzip=False))
    assert parsed(page, form)["mediamtx_up[('server', 'north')]"] == 0


def test_without_any_source_it_can_still_be_read() -> None:
    page = Pages(SnapshotStore([]), Renderer()).get(OPEN)
    (series,) = parsed(page, Format.OPENMETRICS)
    assert series.startswith("leitstand_build_info")


def failures(page: bytes, encoding: Encoding) -> float:
    text = gzip.decompress(page) if encoding.gzip else page
    found = parsed(text, encoding.form)
    return found["leitstand_source_poll_failures_total[('name', 'x'), ('source', 'mediamtx')]"]


def test_whoever_asks_while_sources_speak_gets_whole_pages_in_order() -> None:
    store = SnapshotStore([Report(SourceId("mediamtx", "x"), lifetime=1e9, good_at=0.0)])
    pages = Pages(store, Renderer())
    ended = threading.Event()

    def scrape(encoding: Encoding) -> list[float]:
        seen = []
        while not ended.is_set():
            seen.append(failures(pages.get(encoding), encoding))
        return [*seen, failures(pages.get(encoding), encoding)]

    def speak() -> None:
        for count in range(1, 301):
            store.publish(SourceId("mediamtx", "x"), failures=count)
            pages.get(PLAIN)

    pages.start()
    with ThreadPoolExecutor(8) as pool:
        scrapes = [pool.submit(scrape, encoding) for encoding in ALL]
        try:
            pool.submit(speak).result(30)
        finally:
            ended.set()
            pages.stop()
        for each in scrapes:
            seen = each.result(30)
            assert seen == sorted(seen)
            assert seen[-1] == 300
