"""Whether a recording's file is final and plays: looked at beside the reconciler, never in it."""

from __future__ import annotations

import time
from pathlib import Path

import av

from control_api.recordings.driver import Verdict
from control_api.recordings.tables import RecordingRow
from leitstand.calls import Call
from leitstand.cut.media import READING

_FINAL_SECONDS = 15.0
"""A muxer whose OBS was killed writes its index after that; one that takes longer is dead."""
_MICROSECONDS = 1e6


class Files:
    """Gives a verdict on each file, when there is one. A dead disk holds nobody up."""

    def __init__(self) -> None:
        self._calls: dict[int, tuple[float, Call[Verdict]]] = {}

    def check(self, row: RecordingRow) -> Verdict | None:
        """None as long as the file is not final; to be asked again."""
        if row.file is None:
            return Verdict(True, "the file is not visible from here")
        path = Path(row.file)
        began, call = self._calls.setdefault(
            row.id, (time.monotonic(), Call(f"check {row.id}", lambda: probe(path)))
        )
        call.start()
        verdict = call.answer(time.monotonic() + 0.3)
        is_late = time.monotonic() - began > _FINAL_SECONDS
        if verdict is None and not is_late:
            return None
        if verdict is not None and not verdict.good and not is_late:
            return None
        del self._calls[row.id]
        return verdict or Verdict(False, "the file cannot be read: its disk does not answer")


def probe(path: Path) -> Verdict:
    """Whether it opens, has tracks, and its first picture or sound can be decoded."""
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return Verdict(False, f"the file {path.name} is gone")
    if size == 0:
        return Verdict(False, f"the file {path.name} is empty")
    try:
        with av.open(str(path), container_options=READING) as container:
            stream = next(iter(container.streams.video or container.streams.audio), None)
            if stream is None:
                return Verdict(False, f"the file {path.name} has neither picture nor sound")
            next(container.decode(stream))
            length = container.duration
    except (av.FFmpegError, StopIteration, ValueError) as error:
        return Verdict(False, f"the file {path.name} does not play ({type(error).__name__})")
    return Verdict(True, duration=None if length is None else length / _MICROSECONDS)
