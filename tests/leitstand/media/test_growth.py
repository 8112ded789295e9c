"""Files that a test grows bit by bit: what is named as final is whole, and stays as it is."""

from __future__ import annotations

import io
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from leitstand.media import formats
from leitstand.media import window as module
from leitstand.media.clusters import clusters
from leitstand.media.flash import tags
from leitstand.media.fragments import fragments
from leitstand.media.frames import Frames
from leitstand.media.growth import Growth, NotYet, growth
from leitstand.media.layout import Bytes
from leitstand.media.transport import packets
from leitstand.media.window import opened_at
from tests.leitstand.cut.media import number_of
from tests.leitstand.media.damage import FRAGMENTS, GOP, recorded

LONG_GOP = GOP | {"g": "50", "keyint_min": "50"}
GROWING: dict[str, dict[str, Any]] = {
    "a.mkv": {"container": {"cluster_time_limit": "700"}},
    "live.mkv": {"container": {"live": "1", "cluster_time_limit": "700"}},
    "late.mkv": {"container": {"cluster_time_limit": "700"}, "offset": 3.5},
    "silent.mkv": {"container": {"cluster_time_limit": "700"}, "audio": ()},
    "a.mp4": {"container": FRAGMENTS},
    "a.mov": {"container": FRAGMENTS},
    "a.ts": {},
    "late.ts": {"offset": 3.5},
    "a.m2ts": {"container": {"mpegts_m2ts_mode": "1"}},
    "a.flv": {},
    # Without audio nothing hides that later frames may be written before earlier ones.
    "silent.flv": {"audio": ()},
    "silent.ts": {"audio": ()},
    "late.flv": {"offset": 3.5},
}
LAYOUTS = {".mkv": clusters, ".mp4": fragments, ".ts": packets, ".flv": tags}
UNIT_SECONDS = {".mkv": 1.3, ".mp4": 2.2, ".mov": 2.2}
"""How much a unit holds at most; tags and packets hold a frame."""


def whole(tmp_path: Path, name: str) -> bytes:
    more = {"options": LONG_GOP, "seconds": 8} | GROWING[name]
    return recorded(tmp_path / f"whole-{name}", **more).read_bytes()


def grown(path: Path, content: bytes, steps: int = 23) -> Iterator[int]:
    """Write the content bit by bit, in pieces that end anywhere."""
    with path.open("wb", buffering=0) as file:
        for step in range(1, steps + 1):
            until = len(content) * step // steps
            file.write(content[file.tell() : until])
            yield until


def look(path: Path) -> Growth | str:
    with path.open("rb", buffering=0) as file:
        try:
            return growth(file, formats.demuxer_of(path.name))
        except NotYet as why:
            return why.code


def seen(content: bytes) -> dict[float, int]:
    """Every frame by the time at which it is shown, by a decoder that reads from the beginning."""
    frames = {}
    with av.open(io.BytesIO(content)) as movie:
        origin = (movie.start_time or 0) / 1e6
        for frame in movie.decode(video=0):
            assert frame.pts is not None
            at = round(float(frame.pts * frame.time_base) - origin, 3)
            frames[at] = number_of(frame.reformat(format="gray").to_ndarray())
    return frames


@pytest.mark.parametrize("name", GROWING)
def test_what_is_final_is_whole_and_near_the_end(tmp_path: Path, name: str) -> None:
    content = whole(tmp_path, name)
    expected = seen(content)
    path, newest, size = tmp_path / name, 0.0, 0
    for until in grown(path, content):
        found = look(path)
        if isinstance(found, str):
            assert (found, newest) == ("nothing_written", 0.0)
            continue
        assert found.newest >= newest, "it never goes back"
        assert size <= found.size <= until
        newest, size = found.newest, found.size
        frames = seen(content[:size])
        wanted = {at: number for at, number in expected.items() if at < newest - 0.001}
        assert {at: frames.get(at) for at in wanted} == wanted
        assert max(frames) - newest < 0.5, "it is not far behind what is there"
    assert newest == pytest.approx(max(expected), abs=UNIT_SECONDS.get(path.suffix, 0) + 0.35)


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4"])
def test_it_follows_within_a_unit(tmp_path: Path, name: str) -> None:
    """By bytes, which this recording spends evenly enough."""
    content = whole(tmp_path, name)
    for until in grown(tmp_path / name, content):
        found = look(tmp_path / name)
        if not isinstance(found, str):
            behind = 8 * until / len(content) - found.newest
            assert behind < UNIT_SECONDS[Path(name).suffix] + 1.0


@pytest.mark.parametrize("name", ["plain.mp4", "plain.mov"])
def test_a_plain_mp4_has_nothing_before_its_end(tmp_path: Path, name: str) -> None:
    content = recorded(tmp_path / f"whole-{name}", seconds=4).read_bytes()
    path = tmp_path / name
    codes = {look(path) for until in grown(path, content) if until < len(content)}
    assert codes == {"index_at_the_end"}


def test_hybrid_mp4_grows_in_fragments_and_is_plain_when_it_is_closed(tmp_path: Path) -> None:
    """As OBS writes it: the index at the beginning is overwritten, a whole one comes at the end."""
    content = whole(tmp_path, "a.mp4")
    path = tmp_path / "hybrid.mp4"
    *_, _last = grown(path, content)
    found = look(path)
    assert isinstance(found, Growth)
    assert found.newest > 7
    closed = bytearray(content)
    place = content.index(b"moov") - 4
    closed[place : place + 16] = (1).to_bytes(4) + b"mdat" + (len(content) - place).to_bytes(8)
    path.write_bytes(closed + b"\0\0\0\x10moov" + bytes(8))
    assert look(path) == "index_at_the_end"


def test_others_do_not_grow(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.avi")
    assert look(path) == "format_not_growing"
    for kind in ("mkv", "ts", "flv", "mp4"):
        for content in (b"", b"FLV\1\5"):
            path = tmp_path / f"begun.{kind}"
            path.write_bytes(content)
            assert look(path) in ("nothing_written", "index_at_the_end" if content else "")


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.ts", "a.flv"])
def test_only_the_ends_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """An evening is not read again and again to find its end."""
    unit = whole(tmp_path, name)
    with (tmp_path / f"whole-{name}").open("rb") as file:
        layout = LAYOUTS[Path(name).suffix](Bytes(file))
    assert layout is not None
    head = layout.head if name in ("a.mkv", "a.mp4") else 0
    content = unit[:head] + unit[head : layout.end] * 100
    path = tmp_path / f"long-{name}"
    path.write_bytes(content)
    reads: list[int] = []
    pread = Bytes.read

    def counted(self: Bytes, at: int, size: int) -> bytes:
        reads.append(size)
        return pread(self, at, size)

    monkeypatch.setattr(Bytes, "read", counted)
    look(path)
    assert sum(reads) < 20_000_000
    assert sum(size for size in reads if size <= 16) < len(content) / 20


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.ts", "a.flv"])
def test_any_bytes_have_an_answer(tmp_path: Path, name: str) -> None:
    content = bytearray(whole(tmp_path, name))
    for seed in range(12):
        bad = bytearray(content)
        for step in range(150):
            bad[(seed * 7919 + step * step * 104_729) % len(bad)] ^= 1 << (step % 8)
        path = tmp_path / name
        path.write_bytes(bad)
        found = look(path)
        assert isinstance(found, str) or 0 < found.newest < 1e8


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4"])
def test_a_place_is_found_without_what_lies_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Key frames are 2 s apart, and the window begins 3 s before the moment."""
    monkeypatch.setattr(module, "FEW", 2)
    monkeypatch.setattr(module, "LOOK_BACK_SECONDS", (3,))
    content = whole(tmp_path, name)
    expected = seen(content)
    path = tmp_path / name
    path.write_bytes(content)
    found = look(path)
    assert isinstance(found, Growth)
    for at in (0.0, 0.5, 3.98, 4.0, 5.5, found.newest - 0.1):
        with path.open("rb", buffering=0) as file:
            with opened_at(file, formats.demuxer_of(name), found.size, at) as media:
                frame = Frames(media, media.video).shown_at(Fraction(at))
        assert frame is not None
        number = number_of(frame[1].reformat(format="gray").to_ndarray())
        shown = max((time for time in expected if time <= at + 0.001), default=min(expected))
        assert number == expected[shown]
        assert float(frame[0]) == pytest.approx(shown, abs=0.001)
