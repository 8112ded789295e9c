"""The judge of clips: frame numbers in the picture and clicks in the audio, by a decode of all."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.leitstand.cut.media import watch
from tests.leitstand.cut.packets import faults
from tests.leitstand.cut.recordings import Recording


def proves(recording: Recording, clip: Path, start: float, end: float) -> None:
    """Asserts that a clip shows exactly the frames and the audio of [start, end)."""
    seen, wanted = watch(clip, recording.read), recording.wanted_at(start, end)
    assert seen.numbers == [number for number, _ in wanted]
    assert seen.packets == len(wanted)
    times, end = [time for _, time in wanted], min(end, recording.until)
    zero = seen.times[0] - times[0]
    assert faults(clip, times, end - start) == []
    assert len(seen.clicks) == len(recording.seen.clicks)
    for ours, theirs in zip(seen.clicks, recording.seen.clicks, strict=True):
        wanted_clicks = [t - recording.origin - start for t in theirs]
        clicks = [t - zero for t in ours]
        assert _without(clicks, wanted_clicks, end - start) == []
        assert _without(wanted_clicks, clicks, end - start) == []


def _without(clicks: Iterable[float], others: Iterable[float], seconds: float) -> list[float]:
    """Those well inside the clip that have none of the others within 20 ms."""
    near = list(others)
    inside = [at for at in clicks if 0.03 <= at < seconds - 0.05]
    return [at for at in inside if not any(abs(at - other) <= 0.020 for other in near)]
