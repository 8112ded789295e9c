"""A frame size that changes inside a file: a camera was turned, an encoder was started again."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from leitstand.cut import Mode, Part, Request, cut
from leitstand.cut.header import key_size
from tests.leitstand.cut.footage import SIZE, Film, filmed
from tests.leitstand.cut.media import number_of
from tests.leitstand.cut.screen import shown, stream

_PORTRAIT = (96, 160)
_CODECS = {
    "h264": Film(options={"x264-params": "keyint=50:bframes=0"}, sound=False),
    "hevc": Film(
        "libx265",
        {"preset": "ultrafast", "x265-params": "log-level=none:keyint=50:bframes=0"},
        sound=False,
    ),
}
_ANEW = {
    "vp9": "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 50",
    "av1": "-c:v libaom-av1 -usage realtime -cpu-used 8 -g 50",
}
# The second take begins here; its frames are numbered from 0 again.
_SECONDS = 6


def _ffmpeg(*options: object) -> None:
    subprocess.run([get_ffmpeg_exe(), "-v", "error", *map(str, options)], check=True)


def _joined_bytes(folder: Path, film: Film) -> Path:
    """Two takes as MPEG-TS, one after the other as bytes."""
    takes = []
    for number, size in enumerate((SIZE, _PORTRAIT)):
        take = filmed(folder / f"{number}.mp4", replace(film, size=size))
        made = folder / f"{number}.ts"
        _ffmpeg("-i", take, "-c", "copy", "-output_ts_offset", number * _SECONDS, made)
        takes.append(made.read_bytes())
    path = folder / "both.ts"
    path.write_bytes(b"".join(takes))
    return path


def _in_a_row(folder: Path, options: str) -> Path:
    """Two takes in one Matroska file."""
    for number, size in enumerate((SIZE, _PORTRAIT)):
        take = filmed(folder / f"{number}.mp4", replace(_CODECS["h264"], size=size))
        _ffmpeg("-i", take, *options.split(), folder / f"{number}.mkv")
    (folder / "list").write_text("file 0.mkv\nfile 1.mkv\n")
    _ffmpeg("-f", "concat", "-i", folder / "list", "-c", "copy", folder / "both.mkv")
    return folder / "both.mkv"


@pytest.fixture(scope="module", params=["h264.ts", "h264.mkv", "hevc.ts", "vp9.mkv", "av1.mkv"])
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    codec, _, suffix = request.param.partition(".")
    folder = tmp_path_factory.mktemp("sizes")
    if codec in _ANEW:
        return _in_a_row(folder, _ANEW[codec])
    path = _joined_bytes(folder, _CODECS[codec])
    if suffix == "mkv":
        _ffmpeg("-i", path, "-c", "copy", folder / "both.mkv")
        return folder / "both.mkv"
    return path


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_each_take_alone_has_its_own_size(both: Path, tmp_path: Path, suffix: str) -> None:
    clip = tmp_path / f"clip{suffix}"
    for take, size in enumerate((SIZE, _PORTRAIT)):
        start = take * _SECONDS + 1.2
        result = cut(Request([Part(both, start, start + 3.4)], clip))
        assert (result.mode_used, result.reason) == (Mode.EXACT, "")
        seen, header = shown(clip), stream(clip)
        assert {one.shape for one in seen.frames} == {size[::-1]}
        assert (header["width"], header["height"]) == size
        assert seen.numbers == list(range(30, 115))


def test_a_take_that_is_encoded_whole_has_its_own_size(both: Path, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    cut(Request([Part(both, _SECONDS + 1.2, _SECONDS + 3)], clip, Mode.REENCODE))
    seen = shown(clip)
    assert (seen.size, seen.numbers) == (_PORTRAIT, list(range(30, 75)))


def _is_letterboxed(frame: np.ndarray) -> bool:
    beside = np.hstack([frame[:, :48], frame[:, 112:]])
    return bool(beside.max() < 10) and bool(frame[:, 52:108].std() > 20)


@pytest.mark.parametrize("length", [1.0, 4.0])
def test_over_the_change_the_second_size_is_letterboxed(
    both: Path, tmp_path: Path, length: float
) -> None:
    clip = tmp_path / "clip.mp4"
    result = cut(Request([Part(both, _SECONDS - length, _SECONDS + length)], clip))
    assert result.mode_used is Mode.REENCODE
    assert "inside the range" in result.reason
    seen = shown(clip)
    assert {one.shape for one in seen.frames} == {SIZE[::-1]}
    count = round(length * 25)
    assert len(seen.frames) == 2 * count
    assert [number_of(one) for one in seen.frames[:count]] == list(range(150 - count, 150))
    assert all(map(_is_letterboxed, seen.frames[count:]))


def test_parts_of_both_are_letterboxed(both: Path, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    cut(Request([Part(both, 1.2, 3.0), Part(both, _SECONDS + 1.2, _SECONDS + 3.0)], clip))
    seen = shown(clip)
    assert [number_of(one) for one in seen.frames[:45]] == list(range(30, 75))
    assert len(seen.frames) == 90
    assert all(map(_is_letterboxed, seen.frames[45:]))


def test_the_size_of_a_key_frame_of_vp9_is_read(tmp_path: Path) -> None:
    film = Film("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8"}, sound=False, seconds=1)
    for size in ((160, 96), (97, 161)):
        path = filmed(tmp_path / "a.ivf", replace(film, size=size))
        data = path.read_bytes()[32 + 12 :]
        assert key_size("vp9", data) == size
        assert key_size("av1", data) is None
