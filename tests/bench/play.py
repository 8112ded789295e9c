"""What is made before a recording of an hour is played for the first time."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from control_api.play.reading import Reader
from control_api.play.store import PlayStore
from tests.bench.footage import recordings
from tests.bench.rows import Row, median

_ROUNDS = 5


def rows() -> Iterator[Row]:
    _, long = recordings()
    with tempfile.TemporaryDirectory() as folder:
        store = PlayStore(Path(folder))
        took = [_seconds(store, long) for _ in range(_ROUNDS)]
        found = store.plan("one")
        assert found is not None
        plan, file = found
        file.close()
    assert plan.how == "virtual"
    yield Row("1 h of Matroska, 720p30: the index before its first play", median(took), "s")
    yield Row("the same: bytes of the index, of the recording's", _share(plan.head, long), "%")


def _seconds(store: PlayStore, recording: Path) -> float:
    began = time.perf_counter()
    with store.new("one") as answer, recording.open("rb", buffering=0) as file:
        Reader().examine(file, "matroska", answer)
    return time.perf_counter() - began


def _share(part: int, whole: Path) -> float:
    return 100 * part / whole.stat().st_size
