"""Files in which one stream goes on: no frame held, none lost, no silence at a seam."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import av
import pytest

from leitstand.cut import Mode, Part, Request, Result, cut
from leitstand.cut.mtxi import mark, parsed
from leitstand.cut.verify_parts import verify_parts
from tests.leitstand.cut.media import Recipe, Seen, record, watch

MEDIAMTX = Path(__file__).parent / "mediamtx"
_X264 = {"preset": "veryfast", "x264-params": "keyint=50:min-keyint=50:scenecut=0:bframes=3"}
_STAMP = "cam_%Y-%m-%d_%H-%M-%S-%f"


def _seconds(path: Path) -> float:
    with av.open(str(path)) as opened:
        return float((opened.duration or 0) / 1e6)


def _by_clock(files: Sequence[Path], start: float, end: float) -> list[Part]:
    """[start, end) in seconds from the begin of the first file, by names and durations alone."""
    begun = [datetime.strptime(one.stem, _STAMP).timestamp() for one in files]
    parts = []
    for path, begin in zip(files, begun, strict=True):
        at, length = begin - begun[0], _seconds(path)
        if at < end and at + length > start:
            first, last = max(0.0, start - at), min(length, end - at)
            parts.append(Part(path, round(first, 6), round(last, 6), begin + round(first, 6)))
    return parts


def _is_seamless(clip: Path, result: Result, length: float, source: Path) -> None:
    seen = watch(clip)
    assert result.seconds == pytest.approx(length, abs=0.03)
    numbers = seen.numbers
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    steps = [after - one for one, after in itertools.pairwise(seen.times)]
    assert max(steps) < 0.06
    assert min(steps[1:-1]) > 0.02
    clicks = seen.clicks[0]
    assert len(clicks) >= int(length) - 1
    assert [b - a for a, b in itertools.pairwise(clicks)] == pytest.approx(
        [1.0] * (len(clicks) - 1), abs=0.02
    )
    assert _late(seen) == pytest.approx(_late(watch(source)), abs=0.02)
    assert (result.mode_used, result.reason, result.notes) == (Mode.EXACT, "", ())


def _late(seen: Seen) -> float:
    """By how much the clicks are late, which belong to every 25th frame."""
    zero = seen.times[1] - seen.numbers[1] / 25
    late = [(one - zero + 0.5) % 1 - 0.5 for one in seen.clicks[0]]
    assert max(late) - min(late) < 0.04
    return sum(late) / len(late)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize(("start", "end"), [(2.0, 13.0), (1.23, 9.87), (3.9, 8.3), (0.5, 15.5)])
@pytest.mark.parametrize("kind", ["mp4", "ts"])
def test_segments_of_mediamtx(
    kind: str, start: float, end: float, suffix: str, tmp_path: Path
) -> None:
    parts = _by_clock(sorted(MEDIAMTX.glob(f"*.{kind}")), start, end)
    clip = tmp_path / f"clip{suffix}"
    result = cut(Request(parts, clip))
    _is_seamless(clip, result, end - start, parts[0].path)
    assert verify_parts(parts, clip).right


def test_segments_are_marked_with_their_stream_and_number() -> None:
    marks = [mark(one) for one in sorted(MEDIAMTX.glob("*.mp4"))]
    assert None not in marks
    assert len({one.stream for one in marks if one}) == 1
    numbers = [one.number for one in marks if one]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


@pytest.mark.parametrize("head", [b"", b"moov", bytes(8), b"\0\0\0\x10moov\0\0\0\x08udta"])
def test_other_files_have_no_mark(head: bytes) -> None:
    assert parsed(head) is None


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stream") / "stream.mp4"
    return record(path, Recipe(options=_X264, seconds=14))


def _split(source: Path, suffix: str, *, own_zero: bool, longer: float) -> list[Path]:
    """Files of two key frames each. With `own_zero` each track of a file begins at 0; the audio
    of a file goes on for `longer` seconds after its video."""
    with av.open(str(source)) as opened:
        packets = [one for one in opened.demux() if one.size]
        keys = [one.pts for one in packets if one.stream.type == "video" and one.is_keyframe][::2]
        tick = float(opened.streams.video[0].time_base)
        edges = [0.0, *(key * tick for key in keys[1:]), 99.0]
        made = []
        for place, span in enumerate(itertools.pairwise(edges)):
            path = source.with_name(f"{own_zero}-{longer}-{place}{suffix}")
            _written(opened, packets, path, span, own_zero=own_zero, longer=longer)
            made.append(path)
    return made


def _written(
    opened: Any,
    packets: list[Any],
    path: Path,
    span: tuple[float, float],
    *,
    own_zero: bool,
    longer: float,
) -> None:
    first, last = span
    with av.open(str(path), "w") as out:
        tracks = {one.index: out.add_stream_from_template(one) for one in opened.streams}
        chosen = []
        group = 0
        for one in packets:
            time = float(one.pts * one.time_base)
            if one.stream.type == "video":
                group += one.is_keyframe and time >= last - 1e-6
                wanted = first - 0.3 < time and not group and _at_or_after_key(chosen, one, first)
            else:
                by = longer if first else 0.0
                wanted = first + by <= time < last + longer
            if wanted:
                chosen.append(one)
        zeros = {
            index: min(one.pts for one in chosen if one.stream.index == index) for index in tracks
        }
        for one in chosen:
            zero = zeros[one.stream.index] if own_zero else round(first / float(one.time_base))
            copy = av.Packet(bytes(one))
            copy.stream, copy.time_base = tracks[one.stream.index], one.time_base
            copy.pts, copy.dts = (
                one.pts - zero,
                (one.dts if one.dts is not None else one.pts) - zero,
            )
            copy.duration, copy.is_keyframe = one.duration, one.is_keyframe
            out.mux(copy)


def _at_or_after_key(chosen: list[Any], packet: Any, first: float) -> bool:
    if any(one.stream.type == "video" for one in chosen):
        return True
    return bool(packet.is_keyframe) and float(packet.pts * packet.time_base) >= first - 1e-6


@pytest.mark.parametrize(
    ("suffix", "own_zero", "longer"),
    [(".mkv", True, 0.0), (".mp4", True, 0.0), (".mp4", False, 0.15), (".mp4", False, 0.0)],
)
def test_split_files_and_chapters(
    suffix: str, own_zero: bool, longer: float, stream: Path, tmp_path: Path
) -> None:
    files = _split(stream, suffix, own_zero=own_zero, longer=longer)
    parts = [Part(files[0], 1.5, _seconds(files[0]))]
    parts += [Part(one, 0.0, _seconds(one)) for one in files[1:-1]]
    parts += [Part(files[-1], 0.0, 1.0)]
    clip = tmp_path / "clip.mp4"
    result = cut(Request(parts, clip))
    _is_seamless(clip, result, 4 * (len(files) - 1) - 1.5 + 1.0, stream)
