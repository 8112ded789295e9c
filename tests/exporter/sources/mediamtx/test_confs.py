"""The path configuration is read seldom, and nothing secret of it is kept."""

from __future__ import annotations

import json
from typing import Any

from exporter.sources.mediamtx.confs import Conf, Confs, keep
from tests.recorded import FIXTURES


class FakeClient:
    """Gives the same configuration each time and counts how often."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)
        self.asked = 0

    def items(self, kind: str, hook: Any) -> list[Any]:
        self.asked += 1
        return [hook({"name": name, "source": "publisher"}) for name in self.names]


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
    text = (FIXTURES / "t0" / "v3_config_paths_list.json").read_text()
    kept = {conf.name: conf for conf in json.loads(text, object_hook=keep)["items"]}
    assert kept["cam_rtsp"] == Conf("cam_rtsp", static=False, on_demand=False, forwards=False)
    assert kept["down_static"] == Conf("down_static", static=True, on_demand=False, forwards=False)
    assert kept["relay_ondemand"].on_demand
    assert kept["fwd"].forwards
    assert not kept["redir"].static
    assert "://" not in repr(kept)
