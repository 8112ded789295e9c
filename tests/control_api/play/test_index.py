"""The tables of an index: by the headers of a Matroska as by a demuxer, quick for three hours."""

from __future__ import annotations

import mmap
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import psutil
import pytest

from control_api.play import boxes, index
from control_api.play.samples import Unfit, picture_scale, runs, steady, timed
from leitstand.media import opening as media
from tests.control_api.play.conftest import PLAIN, Room, ffmpeg
from tests.leitstand.cut.media import Recipe

SOON = 1e12


@contextmanager
def opened(path: Path) -> Iterator[index.Source]:
    with path.open("rb") as file, media.opened(file) as found:
        with mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as data:
            yield index.Source(found, found.played, file.fileno(), data)


@pytest.mark.parametrize("sound", ["aac", "libopus", "flac"])
def test_headers_tell_what_a_demuxer_does(shelf: Callable[[str, Recipe], Path], sound: str) -> None:
    path = shelf(".mkv", replace(PLAIN, seconds=12, audio=(sound,)))
    with opened(path) as source:
        quick = index._by_headers(source, SOON)
    with opened(path) as source:
        slow = index._by_all(source, SOON)
    assert quick is not None
    for number, samples in slow.items():
        one = quick[number]
        assert one.first == samples.first
        assert (one.pts, one.places) == (samples.pts, samples.places)
        assert (one.sizes, one.keys) == (samples.sizes, samples.keys)


def test_where_a_demuxer_sees_something_else_it_is_believed(
    shelf: Callable[[str, Recipe], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = index.blocks

    def wrong(*given: object) -> None:
        real(*given)  # type: ignore[arg-type]
        for one in given[1].values():  # type: ignore[attr-defined]
            one.sizes[-3] += 1

    monkeypatch.setattr(index, "blocks", wrong)
    with opened(shelf(".mkv", PLAIN)) as source:
        assert index._by_headers(source, SOON) is None


def test_three_hours_begin_at_once(room: Room, tmp_path: Path) -> None:
    minute, long = tmp_path / "minute.mkv", room.house.root / "long.mkv"
    sources = ("-f", "lavfi", "-i", "testsrc2=s=64x48:r=2", "-f", "lavfi", "-i", "sine")
    codecs = ("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-b:a", "16k")
    ffmpeg(*sources, "-t", "60", *codecs, minute)
    ffmpeg("-stream_loop", "179", "-i", minute, "-c", "copy", long)
    id, client, url = room.known(long), room.client(), "/api/videos/{}/play"
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    memory = psutil.Process().memory_info().rss
    began = time.monotonic()
    answer = client.get(url.format(id), headers={"Range": "bytes=0-99"})
    print(f"first bytes after {time.monotonic() - began:.2f} s")  # noqa: T201
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert answer.status_code == 206
    assert now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime < 10
    assert psutil.Process().memory_info().rss - memory < 20 << 20
    began = time.monotonic()
    assert client.get(url.format(id), headers={"Range": "bytes=-99"}).status_code == 206
    assert time.monotonic() - began < 2


def test_times_are_decoded_in_order_and_shown_when_they_were() -> None:
    shown = np.array([80, 200, 120, 160, 320, 240, 280])
    times = timed(shown, Fraction(1, 1000), 1000, 0, 5.0)
    decoded = times.first - times.delay + np.cumsum([0, *times.durations[:-1]])
    assert (decoded + times.offsets).tolist() == shown.tolist()
    assert times.offsets.min() >= 0
    assert (times.first, times.delay) == (80, 40)


def test_jumping_times_are_refused() -> None:
    with pytest.raises(Unfit):
        timed(np.array([0, 90_000, 40]), Fraction(1, 1000), 1000, 0, 5.0)


def test_only_steps_that_were_even_are_made_so() -> None:
    scale, step = picture_scale(Fraction(1, 1000), Fraction(30000, 1001))
    even = np.arange(200) * step
    rounded = np.round(even * 1000 / scale).astype(np.int64) * scale // 1000
    assert (steady(rounded, step, scale // 1000 + 1) == even).all()
    late = rounded.copy()
    late[100:] += scale
    made = steady(late, step, scale // 1000 + 1)
    assert np.abs(made - late).max() <= scale // 1000 + 1
    wild = np.cumsum(np.random.default_rng(1).integers(1, 9000, 500))
    assert (steady(wild, step, 31) == wild).all()


def test_equal_neighbours_are_counted() -> None:
    assert runs([5, 5, 5, 7, 5]) == [(3, 5), (1, 7), (1, 5)]
    assert runs([0]) == [(1, 0)]


@pytest.mark.parametrize("payload", [1000, 5 << 32])
def test_places_count_from_the_beginning_of_the_whole(payload: int) -> None:
    """Where the file is large, they have 64 bits."""
    places = np.array([100, 300, 350, payload - 10])
    track = boxes.Track(
        is_picture=True,
        stsd=boxes.box(b"stsd", bytes(8)),
        looks=bytes(60),
        language="deu",
        times=timed(np.arange(4) * 40, Fraction(1, 1000), 1000, 0, 5.0),
        sizes=np.array([20, 50, 5, 10]),
        places=places,
        keys=np.array([1, 0, 0, 0]),
        start=Fraction(0),
    )
    head = boxes.head([track], payload)
    name, width = (b"stco", 4) if payload < 1 << 32 else (b"co64", 8)
    at = head.index(name) + 8
    count = int.from_bytes(head[at : at + 4])
    table = head[at + 4 : at + 4 + count * width]
    found = [int.from_bytes(table[n : n + width]) for n in range(0, len(table), width)]
    # The second and the third lie side by side.
    assert found == [int(one) + len(head) for one in (places[0], places[1], places[3])]
    assert head.endswith(b"mdat" + (payload + 16).to_bytes(8))
