"""The metrics page: what it says of recordings and requests, and what promtool says of it."""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from control_api.auth.access import Role
from control_api.events.service import EventService
from control_api.metrics.page import MetricsPage, free_bytes
from control_api.metrics.readings import (
    DatabaseReading,
    LibraryReading,
    RecorderReading,
    ScheduleReading,
    Sources,
    StudioReading,
)
from control_api.metrics.recorder import (
    is_database_writable,
    recorder_reading,
    studio_readings,
)
from control_api.metrics.requests import Measured, Requests
from control_api.metrics.times import Times
from control_api.provide import provide
from control_api.recorder.faults import Fault
from control_api.recorder.status import RecorderStatus, StorageStatus, StudioStatus
from control_api.recordings.reasons import Code
from leitstand import __version__


def sources(**changed: Any) -> Sources:
    ordinary: dict[str, Any] = {
        "recorder": lambda: RecorderReading(True, 1_767_225_000.0, True, 3),
        "database": lambda: DatabaseReading(True, False),
        "studios": lambda: [
            StudioReading("stage", True, False, True, 120.5, 100.25, ["slow", "disk_full"])
        ],
        "schedules": lambda: [
            ScheduleReading("stage", 8_400.0, 1_767_225_600.0, 2),
            ScheduleReading("hall", 0.0, None, 0),
        ],
        "outcomes": lambda: {("stage", "complete"): 7, ("stage", "failed"): 1},
        "library_bytes": lambda: 5e9,
        "library": lambda: LibraryReading(12, 34_000, {"age": 3}),
        "jobs": lambda: {("clip", "running"): 1},
        "ended": lambda: {("clip", "succeeded"): 5},
        "clips": lambda: took(1.5, 2.0, 300.0),
    }
    return Sources(**ordinary | changed)


def took(*seconds: float) -> Times:
    times = Times((2.0, 10.0))
    for each in seconds:
        times.add(each)
    return times


Series = dict[str, float]


def parsed(text: str) -> Series:
    lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {series: float(value) for series, _, value in lines}


def page(sources: Sources) -> Series:
    return parsed(MetricsPage(sources, Requests()).text().decode())


def test_recordings_and_schedules_have_their_series() -> None:
    series = page(sources())
    expected = {
        'leitstand_recording_desired{studio="stage"}': 1,
        'leitstand_recording_active{studio="stage"}': 0,
        'leitstand_recording_stalled{studio="stage"}': 1,
        'leitstand_recording_desired_seconds_total{studio="stage"}': 120.5,
        'leitstand_recording_verified_seconds_total{studio="stage"}': 100.25,
        'leitstand_schedule_seconds_next_day{studio="stage"}': 8_400,
        'leitstand_schedule_next_start_timestamp_seconds{studio="stage"}': 1_767_225_600,
        'leitstand_schedule_missed_total{studio="stage"}': 2,
        'leitstand_recordings_total{outcome="failed",studio="stage"}': 1,
        'leitstand_recordings_total{outcome="complete",studio="stage"}': 7,
        "leitstand_library_disk_available_bytes": 5e9,
        f'leitstand_build_info{{version="{__version__}"}}': 1,
        "leitstand_recorder_up": 1,
        "leitstand_recorder_start_time_seconds": 1_767_225_000,
        "leitstand_journal_writable": 1,
        "leitstand_journal_pending_entries": 3,
        "leitstand_database_writable": 1,
        "leitstand_database_fresh": 0,
        'leitstand_recording_fault{code="slow",studio="stage"}': 1,
        'leitstand_recording_fault{code="disk_full",studio="stage"}': 1,
        'leitstand_studio_controlled_elsewhere{studio="stage"}': 0,
    }
    assert {name: series.get(name) for name in expected} == expected
    assert series["process_resident_memory_bytes"] > 0


def test_what_is_not_known_has_no_series() -> None:
    series = page(sources(library_bytes=lambda: None))
    assert 'leitstand_schedule_next_start_timestamp_seconds{studio="hall"}' not in series
    assert "leitstand_library_disk_available_bytes" not in series


def test_a_source_that_fails_takes_only_its_own_series_away() -> None:
    def fail() -> Any:
        raise RuntimeError

    series = page(sources(studios=fail))
    assert not [name for name in series if name.startswith("leitstand_recording_")]
    assert 'leitstand_schedule_missed_total{studio="stage"}' in series


def test_a_source_that_hangs_takes_only_its_own_series_away() -> None:
    over = threading.Event()
    hanging = sources(outcomes=lambda: {} if over.wait(60) else {})
    made = MetricsPage(hanging, Requests())
    try:
        series = parsed(made.text().decode())
        assert not [name for name in series if name.startswith("leitstand_recordings_total")]
        assert series["leitstand_recorder_up"] == 1
        began = time.monotonic()
        made.text()
        assert time.monotonic() - began < 30, "what hangs already is not waited for again"
    finally:
        over.set()


def test_of_a_recorder_that_is_away_nothing_is_known() -> None:
    away = recorder_reading(None, is_up=False)
    series = page(sources(recorder=lambda: away, studios=lambda: studio_readings(None)))
    assert {name: value for name, value in series.items() if "recorder" in name} == {
        "leitstand_recorder_up": 0
    }
    known = [name for name in series if name.startswith(("leitstand_journal", "leitstand_studio"))]
    assert known == []
    assert not [name for name in series if name.startswith("leitstand_recording_")]


def status(*, database: str | None = None, journal: str | None = None) -> RecorderStatus:
    fault = Fault(Code.OTHER_LEITSTAND, 1.0, {"host": "hall"})
    storage = StorageStatus(database=database, journal=journal, pending=5)
    studios = [StudioStatus("stage", faults=[fault]), StudioStatus("hall", active=True)]
    return RecorderStatus("1.0", 17, "leitstand", 1_767_225_000.0, studios, storage)


def test_the_recorders_status_becomes_readings() -> None:
    given = status(journal="no space left")
    assert recorder_reading(given, is_up=True) == RecorderReading(True, 1_767_225_000.0, False, 5)
    stage, hall = studio_readings(given)
    assert (stage.faults, stage.is_controlled_elsewhere) == (["other_leitstand"], True)
    assert (hall.faults, hall.is_controlled_elsewhere) == ([], False)


@pytest.mark.parametrize(
    ("by_api", "given", "expected"),
    [
        (True, status(), True),
        (True, status(database="locked"), False),
        (False, status(), False),
        (True, None, True),
        (False, None, False),
        (None, status(), None),
    ],
)
def test_the_database_is_writable_if_both_can_write(
    by_api: bool | None, given: RecorderStatus | None, expected: bool | None
) -> None:
    assert is_database_writable(by_api, given) is expected


def test_free_space_is_that_of_the_disk_or_unknown(tmp_path: Path) -> None:
    assert (free_bytes(tmp_path)() or 0) > 0
    assert free_bytes(tmp_path / "gone")() is None


@pytest.fixture
def client(serve: Callable[..., TestClient]) -> TestClient:
    requests = Requests()
    page = MetricsPage(sources(), requests)
    client = serve({MetricsPage: page, EventService: object()}, Role.VIEWER)
    client.app.add_middleware(Measured, requests=requests)  # type: ignore[attr-defined]
    return client


def counted(client: TestClient) -> Series:
    series = parsed(client.get("/metrics").text)
    prefix = "leitstand_http_requests_total"
    return {name.removeprefix(prefix): value for name, value in series.items() if prefix in name}


def test_requests_are_counted_by_template_and_class_of_status(client: TestClient) -> None:
    for _ in range(3):
        client.get("/api/ping")
    client.get("/api/events", params={"limit": 0})
    assert counted(client) == {
        '{method="GET",route="/api/ping",status="2xx"}': 3,
        '{method="GET",route="/api/events",status="4xx"}': 1,
    }


def test_a_path_of_somebodys_own_makes_no_series(client: TestClient) -> None:
    for number in range(3):
        client.request(f"VERB{number}", f"/api/{number}")
    assert counted(client) == {'{method="other",route="(none)",status="4xx"}': 3}


def test_a_route_that_breaks_counts_as_5xx(serve: Callable[..., TestClient]) -> None:
    requests = Requests()
    app: Any = serve({}).app
    app.add_middleware(Measured, requests=requests)
    provide(app, {})
    with contextlib.suppress(KeyError):
        TestClient(app).get("/metrics")
    text = MetricsPage(sources(), requests).text().decode()
    assert 'leitstand_http_requests_total{method="GET",route="/metrics",status="5xx"} 1.0' in text


def test_times_fall_into_buckets() -> None:
    requests = Requests()
    for seconds in (0.004, 0.005, 0.3, 60.0):
        requests.count("GET", "/api/ping", 200, seconds)
    series = parsed(MetricsPage(sources(), requests).text().decode())
    name = "leitstand_http_request_duration_seconds"
    bounds = ("0.005", "0.25", "0.5", "10.0", "+Inf")
    buckets = [series[f'{name}_bucket{{le="{bound}",route="/api/ping"}}'] for bound in bounds]
    assert buckets == [2, 2, 3, 3, 4]
    assert series[f'{name}_count{{route="/api/ping"}}'] == 4
    assert series[f'{name}_sum{{route="/api/ping"}}'] == pytest.approx(60.309)


def test_how_long_clips_took() -> None:
    name = "leitstand_clip_seconds"
    series = {at: value for at, value in page(sources()).items() if name in at}
    assert series == {
        f'{name}_bucket{{le="2.0"}}': 2,
        f'{name}_bucket{{le="10.0"}}': 2,
        f'{name}_bucket{{le="+Inf"}}': 3,
        f"{name}_count": 3,
        f"{name}_sum": 303.5,
    }


def test_promtool_has_nothing_to_say(client: TestClient, promtool: str) -> None:
    client.get("/api/ping")
    answer = client.get("/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    done = subprocess.run([promtool, "check", "metrics"], input=answer.content, capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
