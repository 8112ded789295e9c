"""Fades and a logo are seen and heard where they were asked for, and nothing else changes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from leitstand.cut import Cancelled, CutError, Mode, Part, Request, cut, film
from leitstand.cut.effects import folder_of, wrong
from leitstand.cut.request import CORNERS, Effects, Logo, Tags
from tests.leitstand.cut.media import Recipe, record, watch

SIZE = (320, 192)
PLAIN = Recipe(options={"g": "50"}, seconds=7, size=SIZE)


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("effects") / "evening.mkv", PLAIN)


@pytest.fixture(scope="module")
def logo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Red, twice as wide as high."""
    path = tmp_path_factory.mktemp("logo") / "logo.png"
    pixels = np.zeros((40, 80, 4), np.uint8)
    pixels[..., 2:] = 255
    cv2.imwrite(str(path), pixels)
    return path


def request(source: Path, clip: Path, effects: Effects, **more: Any) -> Request:
    return Request([Part(source, 1.0, 5.0)], clip, Mode.REENCODE, effects=effects, **more)


def pictures(clip: Path) -> list[np.ndarray]:
    with av.open(str(clip)) as made:
        return [frame.to_ndarray(format="rgb24") for frame in made.decode(video=0)]


def loudness(clip: Path, rate: int = 48_000) -> Callable[[float, float], float]:
    """The loudest sample between two seconds."""
    heard: list[np.ndarray] = []
    with av.open(str(clip)) as made:
        resampler = av.AudioResampler("flt", "mono", rate)
        for frame in made.decode(audio=0):
            heard += [one.to_ndarray()[0] for one in resampler.resample(frame)]
    samples = np.abs(np.concatenate(heard))
    return lambda start, end: float(samples[int(start * rate) : int(end * rate)].max())


def test_picture_and_sound_come_up_and_go_down(evening: Path, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    told: list[float] = []
    effects = Effects(fade_in=1.5, fade_out=1.5)
    result = cut(request(evening, clip, effects), told.append)
    assert result.mode_used is Mode.REENCODE
    assert result.verdict is not None
    assert result.verdict.right
    assert told == sorted(told)
    assert told[-1] == 1.0
    seen = watch(clip)
    assert len(seen.numbers) == 100
    # Picture 25 is that of second 1: what is between the fades says its number.
    assert seen.numbers[38:62] == list(range(63, 87))
    assert seen.times == pytest.approx([n / 25 for n in range(100)], abs=1e-3)
    bright = [float(one.mean()) for one in pictures(clip)]
    assert bright[0] < 5
    assert bright[99] < 0.15 * bright[50]
    assert bright[18] == pytest.approx(bright[50] / 2, rel=0.15)
    loud = loudness(clip)
    assert loud(0, 0.1) < 0.1 * loud(1.9, 2.1)
    # The click at second 1 of the clip is two thirds up.
    assert loud(0.95, 1.1) == pytest.approx(loud(1.9, 2.1) * 2 / 3, rel=0.1)
    assert loud(2.95, 3.1) == pytest.approx(loud(1.9, 2.1) * 2 / 3, rel=0.1)
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]


@pytest.mark.parametrize("corner", CORNERS)
def test_the_logo_stands_in_its_corner(
    evening: Path, logo: Path, tmp_path: Path, corner: str
) -> None:
    clip = tmp_path / "clip.mp4"
    cut(request(evening, clip, Effects(logo=Logo(logo, corner, 0.2))))
    left, top, width, height = film.logo_box(Logo(logo, corner, 0.2), SIZE)
    assert (width, height) == (64, 32)
    assert (left < 20, top < 20) == (corner.endswith("left"), corner.startswith("top"))
    for one in (pictures(clip)[0], pictures(clip)[99]):
        red = one[top + 4 : top + height - 4, left + 4 : left + width - 4].mean(axis=(0, 1))
        assert red == pytest.approx([255, 0, 0], abs=12)
        one[top - 2 : top + height + 2, left - 2 : left + width + 2] = 0
        assert (one[..., 0].astype(int) - one[..., 2]).max() < 60


def test_a_logo_can_be_seen_through(evening: Path, logo: Path, tmp_path: Path) -> None:
    half, plain = tmp_path / "half.mp4", tmp_path / "plain.mp4"
    place = Logo(logo, "bottom-left", 0.2, 0.5)
    cut(request(evening, half, Effects(logo=place)))
    cut(request(evening, plain, Effects(fade_in=0.01)))
    left, top, width, height = film.logo_box(place, SIZE)
    box = slice(top + 4, top + height - 4), slice(left + 4, left + width - 4)
    with_logo, without = pictures(half)[50][box].mean((0, 1)), pictures(plain)[50][box].mean((0, 1))
    assert with_logo == pytest.approx((without + [255, 0, 0]) / 2, abs=8)


@pytest.mark.parametrize(
    ("name", "codecs"),
    [
        ("clip.mkv", ["h264", "aac"]),
        ("clip.webm", ["vp9", "opus"]),
    ],
)
def test_other_containers_and_sizes(
    evening: Path, logo: Path, tmp_path: Path, name: str, codecs: list[str]
) -> None:
    clip = tmp_path / name
    effects = Effects(0.5, 0.5, Logo(logo))
    wanted = request(evening, clip, effects, height=96, video_bitrate=400_000, title="A")
    result = cut(wanted)
    assert result.verdict is not None
    assert result.verdict.right
    with av.open(str(clip)) as made:
        assert [one.codec_context.codec.canonical_name for one in made.streams] == codecs
        assert (made.streams.video[0].width, made.streams.video[0].height) == (160, 96)
        assert made.metadata["title"] == "A"
    assert watch(clip).clicks[0][1:] == pytest.approx(
        [watch(clip).clicks[0][0] + n for n in (1, 2)], abs=0.02
    )


def test_sound_alone_fades(evening: Path, tmp_path: Path) -> None:
    clip = tmp_path / "clip.m4a"
    cut(request(evening, clip, Effects(fade_in=2.0), audio_only=True))
    loud = loudness(clip)
    assert loud(0.95, 1.1) == pytest.approx(loud(2.9, 3.1) / 2, rel=0.1)
    with av.open(str(clip)) as made:
        assert [stream.type for stream in made.streams] == ["audio"]
        assert made.duration / 1e6 == pytest.approx(4.0, abs=0.03)


def test_parts_are_joined_before(evening: Path, tmp_path: Path) -> None:
    """The fade is at the ends of the whole, not at the seam; at a rate that is no whole number."""
    source = tmp_path / "film.mkv"
    record(source, replace(PLAIN, rate=Fraction(24000, 1001)))
    clip = tmp_path / "clip.mp4"
    parts = [Part(source, 0.0, 2.002), Part(source, 4.004, 6.006)]
    cut(Request(parts, clip, Mode.REENCODE, effects=Effects(0.4, 0.4)))
    seen = watch(clip)
    assert seen.numbers[12:84] == [*range(12, 48), *range(96, 132)]
    assert seen.times == pytest.approx([n * 1001 / 24000 for n in range(96)], abs=1e-3)


def test_pictures_that_come_when_they_like_are_shown_in_time(tmp_path: Path) -> None:
    times = [n / 25 for n in range(50)] + [2 + n / 10 for n in range(50)]
    source = record(tmp_path / "wild.mkv", replace(PLAIN, frame_times=times))
    clip = tmp_path / "clip.mp4"
    cut(Request([Part(source, 1, 5)], clip, Mode.REENCODE, effects=Effects(0.01)))
    seen = watch(clip)
    for number, time in list(zip(seen.numbers, seen.times, strict=True))[2:]:
        shown = max(n for n, at in enumerate(times) if at <= 1 + time + 0.03)
        assert abs(number - shown) <= 1


def test_of_two_tracks_one_is_kept_and_it_is_said(tmp_path: Path) -> None:
    source = record(tmp_path / "two.mkv", replace(PLAIN, audio=("aac", "aac")))
    result = cut(request(source, tmp_path / "clip.mp4", Effects(fade_in=1)))
    assert result.reason == "of 2 tracks of sound only the first is kept"
    assert len(watch(tmp_path / "clip.mp4").clicks) == 1


def test_pictures_without_sound(tmp_path: Path) -> None:
    source = record(tmp_path / "mute.mkv", replace(PLAIN, audio=()))
    assert cut(request(source, tmp_path / "clip.mp4", Effects(fade_in=1))).pictures == 100


@pytest.mark.parametrize(
    ("effects", "more", "sentence"),
    [
        (Effects(1), {"mode": Mode.EXACT}, "need the mode reencode"),
        (Effects(-1), {}, "0 seconds or more"),
        (Effects(math.nan), {}, "0 seconds or more"),
        (Effects(3, 2), {}, "The fades take 5 s, the clip has 4 s"),
        (Effects(logo=Logo(Path("x"), "middle")), {}, "top-left"),
        (Effects(logo=Logo(Path("x"), width=2)), {}, "up to 1"),
        (Effects(logo=Logo(Path("x"))), {"audio_only": True}, "no place for a logo"),
    ],
)
def test_what_cannot_be_is_refused(effects: Effects, more: dict[str, Any], sentence: str) -> None:
    wanted = replace(request(Path("a.mkv"), Path("b.mp4"), effects), **more)
    assert sentence in wrong(wanted)


def test_without_a_logo_nothing_is_left(evening: Path, tmp_path: Path) -> None:
    gone = Effects(logo=Logo(tmp_path / "gone.png"))
    with pytest.raises(CutError, match="There is no logo"):
        cut(request(evening, tmp_path / "clip.mp4", gone))
    assert [*tmp_path.iterdir()] == []


def test_it_can_be_cancelled_while_it_is_filmed(evening: Path, tmp_path: Path) -> None:
    told: list[float] = []
    wanted = request(evening, tmp_path / "clip.mp4", Effects(fade_in=1))
    with pytest.raises(Cancelled):
        cut(wanted, told.append, lambda: bool(told) and told[-1] > 0.5)
    assert told[-1] < 0.9
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda shape: replace(shape, count=shape.count - 1), "99 pictures instead of 100"),
        (lambda shape: replace(shape, size=(160, 96)), "160x96 instead of the size"),
    ],
)
def test_a_film_that_is_not_right_is_no_clip(
    evening: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Any], Any],
    fault: str,
) -> None:
    shoot = film.shoot

    def other(source: Path, made: Path, shape: Any, *rest: Any) -> None:
        shoot(source, made, change(shape), *rest)

    monkeypatch.setattr(film, "shoot", other)
    with pytest.raises(CutError, match=fault):
        cut(request(evening, tmp_path / "clip.mp4", Effects(fade_in=1)))
    assert [*tmp_path.iterdir()] == []


def test_another_source_in_the_film_is_found(
    evening: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = record(tmp_path / "other.mkv", replace(PLAIN, size=SIZE))
    shoot = film.shoot

    def late(_: Path, *rest: Any) -> None:
        shoot(other, *rest)

    monkeypatch.setattr(film, "shoot", late)
    with pytest.raises(CutError, match="differs from the source"):
        cut(request(evening, tmp_path / "clip.mp4", Effects(fade_in=1)))


def test_what_a_file_says_of_itself_is_one_line(tmp_path: Path) -> None:
    """moviepy reads by lines what ffmpeg prints of a file."""
    source = tmp_path / "hostile.mkv"
    with av.open(str(record(tmp_path / "a.mkv", PLAIN))) as a, av.open(str(source), "w") as b:
        tracks = {one.index: b.add_stream_from_template(one) for one in a.streams}
        for track in tracks.values():
            track.metadata["title"] = "x\n  Duration: 99:00:00.00, start: 0\n  Stream #0:0: Audio"
        for packet in a.demux():
            if packet.size:
                packet.stream = tracks[packet.stream.index]
                b.mux(packet)
    result = cut(request(source, tmp_path / "clip.mp4", Effects(fade_in=1), title=Tags("A")))
    assert result.seconds == pytest.approx(4.0, abs=0.05)


def test_the_working_folder_is_the_clips_own() -> None:
    assert folder_of(Path("/c/one.mp4")) == Path("/c/one.mp4.work")
