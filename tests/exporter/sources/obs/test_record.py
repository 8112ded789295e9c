"""The record file as the exporter sees it: found late, and followed over splits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.sources.obs.source import ObsSource
from exporter.sources.obs.state import Record
from leitstand.clients.obs import Address, ObsLink
from leitstand.demo.obs import DemoObs, Splits
from tests.running import eventually

HOTKEY = {"hotkeyName": "OBSBasic.SplitFile"}


@pytest.fixture(params=[Splits(), Splits(announced=True)], ids=["unannounced", "announced"])
def demo(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[DemoObs]:
    with DemoObs(tmp_path, size=(160, 90), cluster_seconds=0.5, splits=request.param) as demo:
        yield demo


@pytest.fixture
def source(demo: DemoObs) -> Iterator[ObsSource]:
    link = ObsLink(Address("127.0.0.1", demo.port, lambda: None))
    yield ObsSource("stage", link, demo.profile.directory, interval=0.1)
    link.close()


def polled(source: ObsSource, demo: DemoObs) -> Record | None:
    """A poll that saw the file that is written now."""
    record = source.poll().record
    file = demo.recording
    written = file.stat().st_size if file and file.exists() else 0
    is_this = record.file_bytes is not None and 0 < record.file_bytes <= written
    return record if is_this else None


def test_a_recording_that_ran_before_is_found(demo: DemoObs, source: ObsSource) -> None:
    demo.do("StartRecord")
    eventually(lambda: demo.recording and demo.recording.exists())
    record = eventually(lambda: polled(source, demo))
    assert record is not None
    assert record.stalled is False


def test_a_split_is_no_stall(demo: DemoObs, source: ObsSource) -> None:
    source.poll()
    demo.do("StartRecord")
    eventually(lambda: (record := polled(source, demo)) and record.duration > 6)
    first = demo.recording
    assert first is not None
    demo.do("TriggerHotkeyByName", **HOTKEY)
    eventually(lambda: demo.recording != first)

    def follows() -> bool:
        record = source.poll().record
        assert record.stalled is False
        return record.file_bytes not in (None, first.stat().st_size)

    eventually(follows, within=60)
