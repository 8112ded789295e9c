"""Clips out of files that are still being written: exact up to the newest second, and no byte
read beyond what was final when the clip was requested."""

from __future__ import annotations

import io
import os
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import pytest

from leitstand.cut import CutError, Part, Request, cut
from leitstand.media import flash
from leitstand.media import window as module
from leitstand.media.formats import demuxer_of
from leitstand.media.growth import Growth, growth
from leitstand.media.view import View
from leitstand.media.window import Written, read_only, window_of
from tests.leitstand.cut.media import Recipe, record
from tests.leitstand.cut.proof import proves
from tests.leitstand.cut.recordings import Recording, watched
from tests.soak import is_soak

SECONDS = 20
_X264 = {"preset": "ultrafast", "g": "25", "keyint_min": "25", "sc_threshold": "0", "bf": "2"}
_RECIPE = Recipe(options=_X264, seconds=SECONDS)
_CLUSTERS = {"cluster_time_limit": "700"}
_FRAGMENTS = {
    "frag.mp4": "frag_keyframe+empty_moov+default_base_moof",
    # Fragments name their data by its place in the file.
    "places.mp4": "frag_keyframe+empty_moov",
}
HYBRID = {"movflags": "hybrid_fragmented+frag_keyframe"}
GROWING = ("a.mkv", "live.mkv", "a.ts", "a.flv", *_FRAGMENTS, "hybrid.mp4")
CLIPS_EACH = 4 if is_soak() else 1


class Tape(io.BytesIO):
    """What a muxer writes; `growing` is what there is before it first writes its beginning anew."""

    growing = b""

    def write(self, data: Any) -> int:
        if not self.growing and self.tell() < 100 and self.getbuffer().nbytes > 10_000:
            self.growing = self.getvalue()
        return super().write(data)


def hybrid(source: Path, path: Path) -> bytes:
    """A copy as hybrid MP4, and its bytes just before the recording ends."""
    tape = Tape()
    with (
        av.open(str(source)) as given,
        av.open(tape, "w", format="mp4", container_options=HYBRID) as made,
    ):
        tracks = {one.index: made.add_stream_from_template(one) for one in given.streams}
        for packet in given.demux():
            if packet.dts is not None:
                packet.stream = tracks[packet.stream.index]
                made.mux(packet)
    path.write_bytes(tape.getvalue())
    return tape.growing


class Library:
    """The finished recordings of this module, each made and watched once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str, Recording] = {}
        self._growing: dict[str, bytes] = {}

    def growing(self, name: str) -> bytes:
        """The bytes of a recording that is about to end."""
        content = self(name).path.read_bytes()
        return self._growing.get(name, content)

    def __call__(self, name: str) -> Recording:
        if name not in self._made:
            container: dict[str, str] = {}
            if name.endswith(".mkv"):
                container = _CLUSTERS | ({"live": "1"} if name.startswith("live") else {})
            if name in _FRAGMENTS:
                container = {"movflags": _FRAGMENTS[name]}
            path = self._folder / name
            if name == "hybrid.mp4":
                plain = self("a.mkv").path
                self._growing[name] = hybrid(plain, path)
            else:
                record(path, replace(_RECIPE, container=container))
            self._made[name] = watched(path)
        return self._made[name]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return Library(tmp_path_factory.mktemp("written"))


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ranges are searched in these short files as they are in an evening."""
    monkeypatch.setattr(module, "FEW", 2)
    monkeypatch.setattr(module, "LOOK_BACK_SECONDS", (2,))
    monkeypatch.setattr(flash, "_LOOK_BACK_SECONDS", (3,))
    monkeypatch.setattr(flash, "_NEAR_BYTES", 1 << 12)


def known(path: Path) -> Growth:
    with read_only(path) as file:
        return growth(file, demuxer_of(path.name))


def written(path: Path, size: int, start: float, end: float) -> Written:
    with read_only(path) as file:
        return Written(path, window_of(file, demuxer_of(path.name), size, start, end))


@pytest.mark.parametrize("seed", range(CLIPS_EACH))
@pytest.mark.parametrize("name", GROWING)
def test_a_clip_out_of_a_file_that_grows(
    name: str, seed: int, library: Library, tmp_path: Path
) -> None:
    recording = library(name)
    content = library.growing(name)
    choice = random.Random(f"{name}{seed}")
    path = tmp_path / name
    at = int(len(content) * choice.uniform(0.6, 0.95))
    path.write_bytes(content[:at])
    found = known(path)
    end = found.newest if seed % 2 == 0 else found.newest - choice.uniform(0.0, 3.0)
    start = choice.uniform(max(0.0, end - 8.0), end - 1.0)

    def grows(share: float) -> None:
        # The recording goes on while the clip is cut.
        until = at + int((len(content) - at) * share)
        with path.open("r+b") as file:
            file.seek(os.fstat(file.fileno()).st_size)
            file.write(content[file.tell() : until])

    part = Part(path, start, end, size=found.size)
    clip = tmp_path / "clip.mp4"
    result = cut(Request([part], clip), grows)
    assert result.verdict is not None
    assert result.verdict.right
    proves(recording, clip, start, end)
    assert path.read_bytes() == content


@pytest.mark.parametrize("name", GROWING)
def test_only_final_bytes_near_the_range_are_read(
    name: str, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name
    content = library.growing(name)
    path.write_bytes(content[: int(len(content) * 0.9)])
    found = known(path)
    source = written(path, found.size, 9.0, 10.0)
    ranges: list[tuple[int, int]] = []
    pread = os.pread

    def noted(file: int, size: int, at: int) -> bytes:
        ranges.append((at, at + size))
        return pread(file, size, at)

    monkeypatch.setattr(os, "pread", noted)
    cut(Request([Part(source, 9.0, 10.0)], tmp_path / "clip.mp4"))
    assert max(end for _, end in ranges) <= found.size
    if not name.endswith(".ts"):
        assert min(at for at, _ in ranges) > len(content) / 5
        assert source.window.until < found.size


def test_the_index_of_a_hybrid_mp4_is_written_meanwhile(library: Library, tmp_path: Path) -> None:
    """What was its head is none any more; the part that is read keeps it."""
    recording = library("hybrid.mp4")
    path = tmp_path / "hybrid.mp4"
    path.write_bytes(library.growing("hybrid.mp4"))
    found = known(path)
    source = written(path, found.size, 3.0, 9.0)
    path.write_bytes(recording.path.read_bytes())
    clip = tmp_path / "clip.mp4"
    assert cut(Request([Part(source, 3.0, 9.0)], clip)).verdict
    proves(recording, clip, 3.0, 9.0)


def test_a_file_whose_recording_has_ended_since(library: Library, tmp_path: Path) -> None:
    """A hybrid MP4 is a plain one then; another may have gone, or have been replaced."""
    recording = library("hybrid.mp4")
    size = len(library.growing("hybrid.mp4")) // 2
    clip = tmp_path / "clip.mp4"
    assert cut(Request([Part(recording.path, 3.0, 6.0, size=size)], clip)).verdict
    proves(recording, clip, 3.0, 6.0)
    path = tmp_path / "a.mkv"
    with pytest.raises(CutError, match=r"a.mkv cannot be read any more"):
        cut(Request([Part(path, 3.0, 6.0, size=size)], tmp_path / "other.mp4"))
    path.write_bytes(b"another")
    with pytest.raises(CutError, match=r"a.mkv is not what it was when the clip was ordered"):
        cut(Request([Part(path, 3.0, 6.0, size=size)], tmp_path / "other.mp4"))


def test_a_link_in_place_of_the_file_is_not_followed(library: Library, tmp_path: Path) -> None:
    other = library("a.mkv").path
    source = written(other, other.stat().st_size, 1.0, 2.0)
    link = tmp_path / "a.mkv"
    link.symlink_to(other)
    moved = replace(source, path=link)
    with pytest.raises(CutError, match="There is no file a.mkv any more"):
        cut(Request([Part(moved, 1.0, 2.0)], tmp_path / "clip.mp4"))


def test_a_view_is_the_head_zeros_and_a_part(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(range(100)))
    with read_only(path) as file:
        view: Any = View(file, b"head", 10, 20, 8)
        assert view.read() == b"head" + bytes(4) + bytes(range(10, 20))
        view.seek(-3, os.SEEK_END)
        assert (view.read(2), view.tell()) == (bytes((17, 18)), 17)
