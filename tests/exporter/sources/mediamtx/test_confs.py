"""The path configuration is read seldom, and nothing secret of it is kept."""

from __future__ import annotations

from exporter.sources.mediamtx.confs import Conf, Confs
from leitstand.clients.mediamtx import Access, MediaMTXClient
from leitstand.clients.mediamtx.objects import PathConf
from tests.recorded import RecordedMediaMTX


class FakeClient:
    """Gives the same configuration each time and counts how often."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)
        self.asked = 0

    def items(self, kind: str, of: type[PathConf]) -> list[PathConf]:
        self.asked += 1
        return [of(name=name, source="publisher") for name in self.names]


def confs(client: FakeClient, clock: list[float]) -> Confs:
    return Confs(client, 30, monotonic=lambda: clock[0])  # type: ignore[arg-type]


def test_read_at_the_start_and_every_interval() -> None:
    client, clock = FakeClient("a"), [0.0]
    known = confs(client, clock)
    for moment, asked in ((0, 1), (2, 1), (29, 1), (30, 2), (31, 2), (61, 3)):
        clock[0] = moment
        assert set(known.by_name(frozenset("a"))) == {"a"}
        assert client.asked == asked


def test_read_at_once_when_a_path_names_an_unknown_entry() -> None:
    client, clock = FakeClient("a"), [0.0]
    known = confs(client, clock)
    known.by_name(frozenset("a"))
    client.names.append("b")
    assert set(known.by_name(frozenset("ab"))) == {"a", "b"}
    assert client.asked == 2


def test_an_entry_that_stays_unknown_is_not_asked_for_at_every_poll() -> None:
    client, clock = FakeClient("a"), [0.0]
    known = confs(client, clock)
    for _ in range(5):
        known.by_name(frozenset({"a", "ghost"}))
    assert client.asked == 1
    known.by_name(frozenset({"a", "ghost", "other ghost"}))
    assert client.asked == 2


def test_of_the_recorded_configuration_only_what_is_needed_is_kept() -> None:
    with RecordedMediaMTX("t0") as server:
        client = MediaMTXClient(Access(server.url, lambda: None))
        kept = Confs(client, 30).by_name(frozenset())
        client.close()
    assert kept["cam_rtsp"] == Conf("cam_rtsp", static=False, on_demand=False, forwards=False)
    assert kept["down_static"] == Conf("down_static", static=True, on_demand=False, forwards=False)
    assert kept["relay_ondemand"].on_demand
    assert kept["fwd"].forwards
    assert not kept["redir"].static
    assert "://" not in repr(kept)
