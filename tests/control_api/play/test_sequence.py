"""Parts as one movie: cut between key frames, of other clocks, and indexes that lie."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from control_api.play import boxes
from control_api.play.movie import Indexed, indexed
from control_api.play.samples import Unfit
from control_api.play.sequence import Part, joined, runs
from tests.control_api.play.conftest import PLAIN, packets
from tests.leitstand.cut.media import record, watch

FPS = 25


def index_of(path: Path) -> tuple[list[Indexed], bytes]:
    data = path.read_bytes()
    at = data.index(b"moov") - 4
    return indexed(data[at : at + int.from_bytes(data[at : at + 4])]), data


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    fast = {"movflags": "faststart"}
    path = tmp_path_factory.mktemp("sequence") / "a.mp4"
    return record(path, replace(PLAIN, seconds=8, container=fast))


def made(source: Path, *ranges: tuple[float, float]) -> tuple[bytes, list[tuple[float, float]]]:
    tracks, data = index_of(source)
    movie, pieces = joined([Part(tracks, begin, end, 0) for begin, end in ranges])
    return boxes.head(movie, len(data)) + data, [(one.start, one.end) for one in pieces]


def test_an_index_says_what_a_demuxer_says(source: Path) -> None:
    (video, audio), _ = index_of(source)
    for track, kind in ((video, "video"), (audio, "audio")):
        seen = packets(source, kind)
        assert track.sizes.tolist() == [len(one.data) for one in seen]
        assert track.keys.tolist() == [one.is_key for one in seen]
        shown = (track.shown / track.scale).tolist()
        assert shown == pytest.approx([one.shown for one in seen], abs=1e-3)


@pytest.mark.parametrize("begin", [1.0, 1.04, 1.52, 1.96])
def test_a_part_between_key_frames_shows_its_own_frames_alone(
    source: Path, tmp_path: Path, begin: float
) -> None:
    data, pieces = made(source, (begin, 3.2), (5.0, 6.0))
    (tmp_path / "made.mp4").write_bytes(data)
    wanted = [*range(round(begin * FPS), 80), *range(125, 150)]
    seen = watch(tmp_path / "made.mp4")
    times = dict(zip(seen.numbers, seen.times, strict=True))
    assert [number for number in seen.numbers if number in wanted] == wanted
    last = pieces[-1][1]
    assert last == pytest.approx(len(wanted) / FPS, abs=0.01)
    # What is only decoded is gone within a millisecond or two.
    ordered = sorted(times.items(), key=lambda item: item[1])
    for (number, at), (_, after) in zip(ordered, ordered[1:], strict=False):
        assert after - at == pytest.approx(0.04 if number in wanted else 0.0, abs=0.003)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_index_is_unfit_and_nothing_else(source: Path, data: st.DataObject) -> None:
    whole = source.read_bytes()
    at = whole.index(b"moov") - 4
    moov = bytearray(whole[at : at + int.from_bytes(whole[at : at + 4])])
    for _ in range(data.draw(st.integers(1, 8))):
        moov[data.draw(st.integers(0, len(moov) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(Unfit):
        tracks = indexed(bytes(moov[: data.draw(st.integers(8, len(moov)))]))
        joined([Part(tracks, 0.0, 3.0, 0)])


def test_neighbours_that_are_alike_are_one_run(source: Path) -> None:
    tracks, _ = index_of(source)
    other = [replace(tracks[0], looks=bytes(60)), tracks[1]]
    known = [tracks, tracks, other, None, tracks]
    assert list(runs(known)) == [[0, 1], [2], [4]]
    assert np.array_equal(tracks[0].shown, other[0].shown)
