"""What a file says of range, colours, shape of pixels and fields holds in every clip."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from leitstand.cut import Mode, Part, Request, cut
from tests.leitstand.cut.footage import Film, filmed
from tests.leitstand.cut.screen import first_frame, frame_tags, shown, stream

SPANS = {
    "exact": (Mode.EXACT, 1.2, 4.4),
    "copy": (Mode.COPY, 2.0, 4.4),
    "whole": (Mode.REENCODE, 1.2, 2.4),
}
FULL = Film(colours=(2, 5, 6, 6))
WIDE_PIXELS = Film(aspect=Fraction(4, 3))
FIELDS = Film(fields="tff")


def _cut(source: Path, clip: Path, way: str, **more: int) -> None:
    mode, start, end = SPANS[way]
    result = cut(Request([Part(source, start, end)], clip, mode, **more))
    assert result.mode_used is mode
    assert result.reason == ""


def _levels(frame: np.ndarray) -> tuple[float, float]:
    bars = frame[2:22]
    return float(np.percentile(bars, 3)), float(np.percentile(bars, 97))


@pytest.mark.parametrize("way", SPANS)
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_the_full_range_is_shown_as_it_was(tmp_path: Path, name: str, way: str) -> None:
    source = filmed(tmp_path / name, FULL)
    clip = tmp_path / "clip.mp4"
    assert stream(source)["color_range"] == "pc"
    _cut(source, clip, way)
    assert _levels(shown(clip).frames[3]) == pytest.approx(_levels(shown(source).frames[40]), abs=4)
    header, frame = stream(clip), first_frame(clip)
    expected = "tv" if way == "whole" else "pc"
    assert header["color_range"] == frame["color_range"] == expected
    assert (header["color_space"], header["color_transfer"]) == ("smpte170m", "smpte170m")
    assert header["color_primaries"] == "bt470bg"


def test_full_range_jpeg_is_converted(tmp_path: Path) -> None:
    film = Film("mjpeg", {"qscale": "2"}, pixels="yuvj420p", colours=(2, 2, 2, 5), sound=False)
    source = filmed(tmp_path / "a.avi", replace(film, seconds=3))
    clip = tmp_path / "clip.mp4"
    cut(Request([Part(source, 0.4, 2.0)], clip))
    seen, wanted = shown(clip), shown(source)
    assert seen.numbers == wanted.numbers[10:50]
    assert _levels(seen.frames[3]) == pytest.approx(_levels(wanted.frames[13]), abs=4)
    assert stream(clip)["color_range"] == "tv"


def test_colours_that_are_not_said_are_those_of_the_source_size(tmp_path: Path) -> None:
    source = filmed(tmp_path / "a.mp4", Film(size=(1280, 720), seconds=3))
    clip = tmp_path / "clip.mp4"
    cut(Request([Part(source, 0.4, 0.8)], clip, Mode.REENCODE, width=320))
    # Players take BT.601 for small pictures and BT.709 for large ones.
    assert stream(clip)["color_space"] == "bt709"


@pytest.mark.parametrize("way", SPANS)
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_pixels_keep_their_shape(tmp_path: Path, suffix: str, way: str) -> None:
    source = filmed(tmp_path / "a.mp4", WIDE_PIXELS)
    clip = tmp_path / f"clip{suffix}"
    _cut(source, clip, way)
    assert stream(clip)["sample_aspect_ratio"] == "4:3"


@pytest.mark.parametrize("way", SPANS)
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_shape_that_only_the_container_says_is_kept(
    tmp_path: Path, suffix: str, way: str
) -> None:
    source = tmp_path / "a.mkv"
    command = [get_ffmpeg_exe(), "-v", "error", "-i", str(filmed(tmp_path / "b.mkv", Film()))]
    # 160x96 as 20:9.
    subprocess.run([*command, "-c", "copy", "-aspect", "20:9", str(source)], check=True)
    assert stream(source)["sample_aspect_ratio"] == "4:3"
    clip = tmp_path / f"clip{suffix}"
    mode, start, end = SPANS[way]
    result = cut(Request([Part(source, start, end)], clip, mode))
    assert (result.mode_used is mode) == (suffix == ".mp4" or way == "whole")
    assert stream(clip)["sample_aspect_ratio"] == "4:3"


def test_a_webm_clip_has_square_pixels(tmp_path: Path) -> None:
    source = filmed(tmp_path / "a.mp4", WIDE_PIXELS)
    _cut(source, tmp_path / "clip.webm", "whole")
    seen = shown(tmp_path / "clip.webm")
    assert (seen.size, seen.numbers) == ((213, 96), list(range(30, 60)))


def test_the_shape_of_pixels_turns_with_them(tmp_path: Path) -> None:
    source = filmed(tmp_path / "a.mp4", replace(WIDE_PIXELS, orientation="turned left"))
    clip = tmp_path / "clip.mp4"
    _cut(source, clip, "whole")
    assert (shown(clip).size, stream(clip)["sample_aspect_ratio"]) == ((160, 96), "3:4")


@pytest.mark.parametrize("first", ["tff", "bff"])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_fields_stay_fields_where_frames_are_copied(
    tmp_path: Path, suffix: str, first: str
) -> None:
    source = filmed(tmp_path / "a.mp4", replace(FIELDS, fields=first))
    clip = tmp_path / f"clip{suffix}"
    _cut(source, clip, "exact")
    tags = frame_tags(clip, "interlaced_frame", "top_field_first")
    assert set(tags) == {(1, int(first == "tff"))}
    assert set(frame_tags(source, "interlaced_frame", "top_field_first")) == set(tags)
    assert shown(clip).numbers == list(range(30, 110))


def _fields(number: int, size: tuple[int, int]) -> np.ndarray:
    """A bar that moves from field to field."""
    width, height = size
    made = np.full((height, width), 40, np.uint8)
    for field in (0, 1):
        left = (number * 8 + field * 4) % (width - 40)
        made[field::2, left : left + 40] = 220
    return made


def _comb(frame: np.ndarray) -> float:
    rows = frame.astype(int)
    return float(np.abs(2 * rows[1:-1] - rows[:-2] - rows[2:]).mean())


def test_fields_are_put_together_where_frames_are_encoded_whole(tmp_path: Path) -> None:
    source = filmed(tmp_path / "a.mp4", replace(FIELDS, draw=_fields))
    clip = tmp_path / "clip.mp4"
    _cut(source, clip, "whole")
    assert set(frame_tags(clip, "interlaced_frame")) == {(0,)}
    torn = min(_comb(one) for one in shown(source).frames)
    assert max(_comb(one) for one in shown(clip).frames) < torn / 4


@pytest.mark.parametrize("mode", [Mode.EXACT, Mode.REENCODE])
def test_odd_sizes_are_kept_in_webm(tmp_path: Path, mode: Mode) -> None:
    options = {"deadline": "realtime", "cpu-used": "8", "g": "50"}
    film = Film("libvpx-vp9", options, size=(161, 97), sound=False)
    source = filmed(tmp_path / "a.webm", film)
    clip = tmp_path / "clip.webm"
    result = cut(Request([Part(source, 1.2, 3.4)], clip, mode))
    assert result.mode_used is mode
    seen = shown(clip)
    assert seen.size == (161, 97)
    assert seen.numbers == list(range(30, 85))
