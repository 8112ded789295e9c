"""A recording that is being written is on the timeline, up to the newest second of its file."""

from __future__ import annotations

import pytest

from control_api.database import Database
from control_api.library.growing import Grown
from control_api.library.portrait import WRITING
from control_api.library.reasons import FileCode, FileReason
from control_api.timeline.service import Timelines
from control_api.timeline.store import TimelineStore
from tests.control_api.timeline.conftest import Put

T = 1_795_000_000.0
NOW = T + 1150


@pytest.fixture
def grown() -> list[Grown | None]:
    """What is found of the running recording, which began at 1000."""
    return [Grown(100.0, 5000)]


@pytest.fixture
def timelines(database: Database, put: Put, grown: list[Grown | None]) -> Timelines:
    put("before.mkv", T, 600)
    # The index has it as it was when it began: it is looked into when somebody asks.
    put("running.mkv", T + 1000, 0, state=WRITING)
    return Timelines(TimelineStore(database), lambda _: grown[0], lambda: NOW)


def test_its_span_ends_with_the_newest_second(timelines: Timelines) -> None:
    found = timelines.recorded("stage", T + 1020, T + 1200)
    assert [(span.wall - T, span.offset, span.length) for span in found.spans] == [(1020, 20, 80)]
    assert [(gap.start - T, gap.end - T, gap.code) for gap in found.gaps] == [
        (1100, 1200, "not_written")
    ]
    (running,) = found.running
    assert (running.size, running.end, found.rows[running.row.id].duration) == (5000, T + 1100, 100)
    assert found.unusable == []


def test_what_is_before_it_stays(timelines: Timelines) -> None:
    found = timelines.recorded("stage", T, T + 1050)
    assert [(span.wall - T, span.length) for span in found.spans] == [(0, 600), (1000, 50)]
    assert [gap.code for gap in found.gaps] == ["no_account"]


def test_one_that_cannot_be_read_is_unusable(
    timelines: Timelines, grown: list[Grown | None]
) -> None:
    reason = FileReason(FileCode.INDEX_AT_THE_END)
    for grown[0] in (Grown(reason=reason), None):
        found = timelines.recorded("stage", T + 1020, T + 1200)
        assert (found.spans, [gap.code for gap in found.gaps]) == ([], ["video_unusable"])
        (running,) = timelines.running("stage")
        assert running.end is None
        assert running.reason == (None if grown[0] is None else reason)


def test_a_clock_time_is_meant_of_the_running_recording(timelines: Timelines) -> None:
    """Also one that has not got to the disk yet."""
    today, before = (T + 1120, T + 1140), (T + 100, T + 120)
    assert timelines.newest_moment("stage") == NOW
    assert timelines.newest_shown("stage", [before, today]) == today
    assert timelines.newest_shown("stage", [before, (T + 1160, T + 1170)]) == before
    assert timelines.newest_shown("stage", [(T + 700, T + 800)]) is None


def test_without_one_nothing_goes_on(database: Database, put: Put) -> None:
    put("before.mkv", T, 600)
    timelines = Timelines(TimelineStore(database), now=lambda: NOW)
    assert (timelines.newest_moment("stage"), timelines.running("stage")) == (T + 600, [])
