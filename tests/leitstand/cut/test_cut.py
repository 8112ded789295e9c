"""A clip shows exactly the pictures and the sound of its range, as seen and heard."""

from __future__ import annotations

import random
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leitstand.cut import Cancelled, CutError, Mode, Part, Request, cut, verify
from tests.leitstand.cut.media import Recipe, Seen, record, watch
from tests.soak import IS_SOAK

_CUTS = 60 if IS_SOAK else 2
_NTSC = Fraction(30_000, 1001)


def _x264(parameters: str, **more: str) -> dict[str, str]:
    return {"preset": "veryfast", "x264-params": parameters, **more}


def _x265(parameters: str) -> dict[str, str]:
    return {"preset": "ultrafast", "x265-params": f"log-level=none:keyint=50:{parameters}"}


def _uneven() -> list[float]:
    steps, times = random.Random(5), [0.0]
    while times[-1] < 11:
        times.append(times[-1] + steps.choice([0.02, 0.033, 0.04, 0.1]))
    return times


_VP9 = {"deadline": "realtime", "cpu-used": "8", "g": "50"}
_RECIPES: dict[str, Recipe] = {
    "b-frames.mkv": Recipe(options=_x264("keyint=60:bframes=3")),
    "long-groups.mkv": Recipe(options=_x264("keyint=250:bframes=3"), seconds=25),
    "open-groups.mkv": Recipe(options=_x264("keyint=30:open-gop=1")),
    "ntsc.mp4": Recipe(options=_x264("keyint=30:bframes=2"), rate=_NTSC),
    "ntsc-open.mp4": Recipe(options=_x264("keyint=40:open-gop=1"), rate=_NTSC),
    "baseline.mp4": Recipe(options=_x264("keyint=50", profile="baseline")),
    "deep-pyramid.mkv": Recipe(options=_x264("keyint=100:bframes=16:b-adapt=0:ref=16")),
    "ten-bit.mkv": Recipe(options=_x264("keyint=60"), pixels="yuv420p10le"),
    "sixty.mkv": Recipe(options=_x264("keyint=120"), rate=Fraction(60_000, 1001), seconds=8),
    "uneven.mkv": Recipe(options=_x264("keyint=60"), frame_times=_uneven()),
    "late-start.mkv": Recipe(options=_x264("keyint=60"), offset=3.3),
    "fragmented.mp4": Recipe(
        options=_x264("keyint=60"), container={"movflags": "frag_keyframe+empty_moov"}
    ),
    "transport.ts": Recipe(options=_x264("keyint=60")),
    "flash.flv": Recipe(options=_x264("keyint=60")),
    "silent.mp4": Recipe(options=_x264("keyint=60"), audio=()),
    "two-tracks.mkv": Recipe(options=_x264("keyint=60"), audio=("aac", "aac")),
    "opus.mkv": Recipe(options=_x264("keyint=60"), audio=("libopus",)),
    "pcm.mkv": Recipe(options=_x264("keyint=60"), audio=("pcm_s16le",)),
    "mp3.mkv": Recipe(options=_x264("keyint=60"), audio=("libmp3lame",)),
    "hevc.mkv": Recipe("libx265", _x265("open-gop=0")),
    "hevc-open.mkv": Recipe("libx265", _x265("bframes=4")),
    "hevc-open.mp4": Recipe("libx265", _x265("bframes=4"), rate=_NTSC),
    "hevc-ten-bit.mkv": Recipe("libx265", _x265("bframes=3"), pixels="yuv420p10le"),
    "hevc.ts": Recipe("libx265", _x265("bframes=3")),
    "vp9.webm": Recipe("libvpx-vp9", _VP9, audio=("libopus",)),
    "mpeg2.ts": Recipe("mpeg2video", {"g": "15", "bf": "2"}),
}


@dataclass(frozen=True)
class Recording:
    path: Path
    seen: Seen
    times: list[float]
    origin: float

    def wanted(self, start: float, end: float) -> list[int]:
        near = 1.5e-6
        pairs = zip(self.seen.numbers, self.times, strict=True)
        return [n for n, time in pairs if start - near <= time < end - near]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Name -> recording, each made once."""
    folder, made = tmp_path_factory.mktemp("recordings"), {}

    def get(name: str) -> Recording:
        if name not in made:
            path = record(folder / name, _RECIPES[name])
            seen = watch(path)
            with av.open(str(path)) as opened:
                origin = (opened.start_time or 0) / 1e6
            made[name] = Recording(path, seen, [t - origin for t in seen.times], origin)
        return made[name]

    return get


def _ranges(recording: Recording, count: int) -> list[tuple[float, float]]:
    """Start to end, the last second, and random places, half of them exactly on a picture."""
    chance, times = random.Random(recording.path.name), recording.times
    end = times[-1] + 0.02
    found = [(0.0, end), (end - 1, end)]
    while len(found) < count:
        first = chance.choice(times[:-12]) if len(found) % 2 else chance.uniform(0, end - 0.5)
        length = 0.08 + chance.choice([0.3, 1, 4, 9]) * chance.random()
        found.append((round(first, 6), round(min(end, first + length), 6)))
    return found


def _proves(recording: Recording, clip: Path, start: float, end: float) -> None:
    seen, wanted = watch(clip), recording.wanted(start, end)
    assert seen.numbers == wanted
    assert seen.packets == len(wanted)
    first = recording.times[recording.seen.numbers.index(wanted[0])]
    zero = seen.times[0]
    assert len(seen.clicks) == len(recording.seen.clicks)
    for ours, theirs in zip(seen.clicks, recording.seen.clicks, strict=True):
        inside = [t - recording.origin - first for t in theirs]
        expected = [t for t in inside if 0.03 <= t < end - first - 0.05]
        got = [t - zero for t in ours if 0.03 <= t - zero < end - first - 0.05]
        assert got == pytest.approx(expected, abs=0.020)


@pytest.mark.parametrize("name", _RECIPES)
def test_first_last_and_every_picture_between_are_the_ones_asked_for(
    name: str, library: Any, tmp_path: Path
) -> None:
    recording = library(name)
    for place, (start, end) in enumerate(_ranges(recording, _CUTS)):
        suffix = ".webm" if name.endswith("webm") else (".mp4", ".mkv")[place % 2]
        clip = tmp_path / f"{place}{suffix}"
        result = cut(Request([Part(recording.path, start, end)], clip))
        _proves(recording, clip, start, end)
        assert result.verdict is not None
        assert result.verdict.right
    assert [one for one in tmp_path.iterdir() if one.suffix == ".part"] == []


@pytest.mark.parametrize(
    "name",
    ["b-frames.mkv", "ntsc.mp4", "hevc-open.mkv", "hevc-open.mp4", "vp9.webm", "transport.ts"],
)
def test_only_the_ends_are_encoded(name: str, library: Any, tmp_path: Path) -> None:
    recording = library(name)
    clip = tmp_path / ("clip.webm" if name.endswith("webm") else "clip.mp4")
    result = cut(Request([Part(recording.path, 3.1, 11.3)], clip))
    assert (result.mode_used, result.reason) == (Mode.EXACT, "")
    assert result.pictures_encoded < result.pictures / 2
    _proves(recording, clip, 3.1, 11.3)


@settings(
    max_examples=300 if IS_SOAK else 5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.integers(0, 11_000_000), st.integers(50_000, 9_000_000))
def test_random_places(library: Any, tmp_path: Path, start: int, length: int) -> None:
    recording = library("b-frames.mkv")
    first, last = start / 1e6, min((start + length) / 1e6, recording.times[-1])
    cut(Request([Part(recording.path, first, last)], tmp_path / "clip.mp4"))
    _proves(recording, tmp_path / "clip.mp4", first, last)


def test_one_picture_before_and_after_a_key_frame(library: Any, tmp_path: Path) -> None:
    recording = library("b-frames.mkv")
    with av.open(str(recording.path)) as opened:
        packets = [one for one in opened.demux(video=0) if one.size]
        keys = [
            float(one.pts * one.time_base) - recording.origin for one in packets if one.is_keyframe
        ]
    for shift in (-0.04, 0.0, 0.04):
        start, end = keys[1] + shift, keys[3] + shift
        clip = tmp_path / "clip.mp4"
        cut(Request([Part(recording.path, start, end)], clip))
        _proves(recording, clip, start, end)


def test_copied_pictures_are_the_source_s_own_to_the_bit(library: Any, tmp_path: Path) -> None:
    recording = library("b-frames.mkv")
    clip = tmp_path / "clip.mp4"
    result = cut(Request([Part(recording.path, 1.13, 11.2)], clip))
    first = recording.wanted(1.13, 11.2)[0]
    theirs = _grays(recording.path)[first : first + result.pictures]
    off = [float(np.abs(a - b).mean()) for a, b in zip(theirs, _grays(clip), strict=True)]
    assert sum(one == 0 for one in off) == result.pictures - result.pictures_encoded
    assert max(off) < 2


def _grays(path: Path) -> list[Any]:
    with av.open(str(path)) as opened:
        return [one.to_ndarray(format="gray").astype(int) for one in opened.decode(video=0)]


def test_open_groups_of_h264_are_encoded_and_it_says_so(library: Any, tmp_path: Path) -> None:
    recording = library("open-groups.mkv")
    result = cut(Request([Part(recording.path, 3.3, 9.3)], tmp_path / "clip.mp4"))
    assert result.mode_used is Mode.REENCODE
    assert "open groups" in result.reason


def test_copy_begins_with_the_key_frame_before(library: Any, tmp_path: Path) -> None:
    recording = library("b-frames.mkv")
    clip = tmp_path / "clip.mp4"
    result = cut(Request([Part(recording.path, 5.1, 9.0)], clip, Mode.COPY))
    seen = watch(clip)
    assert result.pictures_encoded == 0
    assert seen.numbers[0] <= 128
    assert set(recording.wanted(5.1, 9.0)) <= set(seen.numbers)


def test_reencode_makes_another_size(library: Any, tmp_path: Path) -> None:
    recording = library("b-frames.mkv")
    clip = tmp_path / "clip.mp4"
    cut(Request([Part(recording.path, 5.1, 7.0)], clip, Mode.REENCODE, height=48, width=128))
    with av.open(str(clip)) as made:
        assert (made.streams.video[0].width, made.streams.video[0].height) == (128, 48)


def test_sound_alone(library: Any, tmp_path: Path) -> None:
    recording = library("b-frames.mkv")
    clip = tmp_path / "clip.mp4"
    cut(Request([Part(recording.path, 5.0, 8.5)], clip, audio_only=True))
    seen = watch(clip)
    assert seen.numbers == []
    inside = [t - recording.origin - 5.0 for t in recording.seen.clicks[0]]
    assert seen.clicks[0][-3:] == pytest.approx(
        [t for t in inside if 0.01 < t < 3.5][-3:], abs=0.02
    )


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_recording_without_pictures(suffix: str, tmp_path: Path) -> None:
    path = record(tmp_path / "sound.mka", Recipe(pictures=False), "matroska")
    clip = tmp_path / f"clip{suffix}"
    result = cut(Request([Part(path, 3.5, 7.0)], clip))
    assert result.verdict is not None
    assert result.verdict.right
    assert watch(clip).clicks[0][:3] == pytest.approx([0.5, 1.5, 2.5], abs=0.0215)


def test_a_clip_is_found_wrong_against_another_range(library: Any, tmp_path: Path) -> None:
    recording = library("b-frames.mkv")
    clip = tmp_path / "clip.mp4"
    cut(Request([Part(recording.path, 5.1, 7.0)], clip))
    assert verify(recording.path, clip, 5.1, 7.0).right
    assert not verify(recording.path, clip, 5.14, 7.04).right
    assert not verify(recording.path, clip, 5.1, 7.1).right


def test_a_plain_copy_does_not_pass_the_check(library: Any, tmp_path: Path) -> None:
    recording = library("b-frames.mkv")
    clip = tmp_path / "clip.mp4"
    cut(Request([Part(recording.path, 5.1, 9.0)], clip, Mode.COPY))
    assert "pictures instead of" in verify(recording.path, clip, 5.1, 9.0).faults[0]


@pytest.mark.parametrize(
    ("start", "end", "says"),
    [
        (5.0, 4.0, "must come after"),
        (5.0, 5.0, "must come after"),
        (-1.0, 4.0, "0 or more"),
        (float("nan"), 4.0, "0 or more"),
        (500.0, 510.0, "no picture"),
        (10.0, 50.0, "ends"),
    ],
)
def test_a_bad_range_is_refused_and_nothing_written(
    start: float, end: float, says: str, library: Any, tmp_path: Path
) -> None:
    with pytest.raises(CutError, match=says):
        cut(Request([Part(library("b-frames.mkv").path, start, end)], tmp_path / "clip.mp4"))
    assert list(tmp_path.iterdir()) == []


def test_a_recording_cut_off_in_the_middle(library: Any, tmp_path: Path) -> None:
    recording = library("b-frames.mkv")
    whole = recording.path.read_bytes()
    short = tmp_path / "short.mkv"
    short.write_bytes(whole[: len(whole) * 3 // 4])
    clip = tmp_path / "clip.mp4"
    cut(Request([Part(short, 3.1, 6.5)], clip))
    _proves(recording, clip, 3.1, 6.5)


@pytest.mark.parametrize("content", [b"", b"\0" * 5000, b"RIFF" + b"x" * 500])
def test_rubbish_is_no_known_format(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "rubbish.mkv"
    file.write_bytes(content)
    with pytest.raises(CutError):
        cut(Request([Part(file, 0.0, 1.0)], tmp_path / "clip.mp4"))
    assert not (tmp_path / "clip.mp4").exists()


def test_a_playlist_that_poses_as_video_is_no_known_format(library: Any, tmp_path: Path) -> None:
    recording = library("b-frames.mkv")
    bait = tmp_path / "bait.mkv"
    bait.write_text(f"ffconcat version 1.0\nfile {recording.path}\n")
    with pytest.raises(CutError, match="no known format"):
        cut(Request([Part(bait, 1.0, 2.0)], tmp_path / "clip.mp4"))


def test_cancelling_leaves_nothing_and_an_older_clip_alone(library: Any, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"older")
    asked = iter([False] * 40)
    with pytest.raises(Cancelled):
        cut(
            Request([Part(library("b-frames.mkv").path, 1.0, 9.0)], clip),
            cancelled=lambda: next(asked, True),
        )
    assert clip.read_bytes() == b"older"
    assert list(tmp_path.iterdir()) == [clip]


def test_progress_rises_to_one(library: Any, tmp_path: Path) -> None:
    shares: list[float] = []
    part = Part(library("b-frames.mkv").path, 1.0, 9.0)
    cut(Request([part], tmp_path / "clip.mp4"), shares.append)
    assert shares[-1] == 1.0
    assert shares == sorted(shares)
    assert len(shares) > 50
