"""One real server over time, as recorded: counters hold through a stop, a return and a restart."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.golden import SEQUENCE, Recording
from tests.recorded import FIXTURES, RecordedMediaMTX

Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def counters(text: str) -> Series:
    """Every counter series of a page."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        if family.type == "counter"
        for sample in family.samples
    }


@pytest.fixture(scope="module")
def polls() -> list[Series]:
    with RecordedMediaMTX(SEQUENCE[0]) as server:
        recording = Recording(server)
        found = [counters(recording.metrics(name)) for name in SEQUENCE]
        recording.close()
    return found


def test_no_counter_falls_or_vanishes_while_its_path_is_listed(polls: list[Series]) -> None:
    assert len(polls[0]) > 250
    for before, after in zip(polls, polls[1:], strict=False):
        fallen = [at for at, value in before.items() if at in after and after[at] < value]
        assert fallen == []


def raw(name: str, path: str, field: str) -> tuple[int, str | None]:
    """The path's raw counter in a set and since when it counts."""
    items = json.loads((FIXTURES / name / "v3_paths_list.json").read_text())["items"]
    item = next((item for item in items if item["name"] == path), None)
    return (0, None) if item is None else (item[field], item["availableTime"])


def truths(path: str, field: str) -> Iterator[int]:
    """What moved until each set: differences while it is one stream, everything of a new one."""
    total, (was, since) = 0, (0, None)
    for name in SEQUENCE:
        now, now_since = raw(name, path, field)
        total += now - was if now_since == since else now
        was, since = now, now_since
        yield total


@pytest.mark.parametrize("path", ["cam_rtsp", "cam_rtmp", "relay_rtsp", "always", "site1/entrance"])
@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_path_bytes_are_what_moved(polls: list[Series], path: str, direction: str) -> None:
    at = (f"mediamtx_path_{direction}_bytes_total", (("path", path), ("server", "main")))
    for series, truth in zip(polls, truths(path, f"{direction}Bytes"), strict=True):
        assert series.get(at, truth) == truth
    assert at in polls[-1]


def test_the_reconnect_and_the_restart_count(polls: list[Series]) -> None:
    at = ("mediamtx_path_reconnects_total", (("path", "cam_rtsp"), ("server", "main")))
    assert [series[at] for series in polls] == [0, 0, 0, 1, 2]


def test_sessions_that_ended_keep_what_they_added(polls: list[Series]) -> None:
    name = "mediamtx_session_inbound_bytes_total"
    at = (name, (("path", "cam_rtsp"), ("protocol", "rtsp"), ("server", "main")))
    values = [series[at] for series in polls]
    sessions = [
        item["inboundBytes"]
        for set_name in ("t1", "t2c", "t3")
        for item in json.loads((FIXTURES / set_name / "v3_rtspsessions_list.json").read_text())[
            "items"
        ]
        if item["path"] == "cam_rtsp"
    ]
    assert values[2] == values[1]
    assert values[-1] == sum(sessions)
