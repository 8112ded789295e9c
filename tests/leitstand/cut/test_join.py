"""Several parts in one clip: every picture and every click at its place, over every seam."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from leitstand.cut import Cancelled, CutError, Mode, Part, Request, Result, cut
from leitstand.cut.verify_parts import verify_parts
from tests.leitstand.cut.media import Recipe, Seen, number_of, record, watch
from tests.soak import is_soak

_H264 = {"preset": "veryfast", "x264-params": "keyint=60:bframes=3"}
_H265 = {"preset": "ultrafast", "x265-params": "log-level=none:keyint=50:bframes=3"}
_VP9 = {"deadline": "realtime", "cpu-used": "8", "g": "50"}
_PLAIN = Recipe(options=_H264)
_RECIPES: dict[str, Recipe] = {
    "a.mkv": _PLAIN,
    "b.mkv": _PLAIN,
    "late.mkv": replace(_PLAIN, offset=3.3),
    "plain.mp4": _PLAIN,
    "transport.ts": _PLAIN,
    "big.mkv": replace(_PLAIN, size=(320, 192)),
    "fifty.mkv": replace(_PLAIN, rate=Fraction(50)),
    "silent.mkv": replace(_PLAIN, audio=()),
    "other-sets.mkv": replace(_PLAIN, options={**_H264, "x264-params": "keyint=60:ref=2:cabac=0"}),
    "two-tracks.mkv": replace(_PLAIN, audio=("aac", "aac")),
    "opus.mkv": replace(_PLAIN, audio=("libopus",)),
    "pcm.mkv": replace(_PLAIN, audio=("pcm_s16le",)),
    "open.mkv": replace(_PLAIN, options={**_H264, "x264-params": "keyint=40:open-gop=1"}),
    "hevc.mkv": Recipe("libx265", _H265),
    "hevc.mp4": Recipe("libx265", {**_H265, "x265-params": _H265["x265-params"] + ":ref=2"}),
    "vp9.webm": Recipe("libvpx-vp9", _VP9, audio=("libopus",)),
    "mpeg2.ts": Recipe("mpeg2video", {"g": "15", "bf": "2"}),
}


class Library:
    """Recordings by name, each made and watched once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: dict[Path, tuple[Seen, float]] = {}

    def path(self, name: str) -> Path:
        path = self._folder / name
        return path if path.exists() else record(path, _RECIPES[name])

    def seen(self, path: Path) -> tuple[Seen, float]:
        """What it shows, and when it starts."""
        if path not in self._seen:
            with av.open(str(path)) as opened:
                origin = (opened.start_time or 0) / 1e6
            self._seen[path] = watch(path), origin
        return self._seen[path]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return Library(tmp_path_factory.mktemp("recordings"))


def _expected(library: Library, parts: Sequence[Part]) -> tuple[list[Any], ...]:
    """Numbers, times and clicks (of track 0) that the clip must have; and where its seams are."""
    seams = [0.0]
    numbers: list[int] = []
    times: list[float] = []
    clicks: list[float] = []
    at = 0.0
    neighbours = zip([None, *parts], parts, [*parts[1:], None], strict=False)
    for before, part, following in neighbours:
        seen, origin = library.seen(part.path)
        shown = [time - origin for time in seen.times]
        start, end = part.start, part.end
        if times and _from_the_begin(library, part):
            start = shown[0]
        if following is not None and _from_the_begin(library, following):
            end = min(end, shown[-1] + 0.04) if end > shown[-1] + 0.038 else end
        first = max((one for one in shown if one <= start + 5e-4), default=start)
        if before is not None and (before.path, before.end) == (part.path, part.start):
            first = start - 5e-4
        for number, time in zip(seen.numbers, shown, strict=True):
            if first <= time < end - 5e-4:
                numbers.append(number)
                times.append(at + max(0.0, time - start))
        for click in seen.clicks[0] if seen.clicks else []:
            inside = click - origin - start
            # A click on a seam may be cut in half.
            if 0.04 <= inside < end - start - 0.04:
                clicks.append(at + inside)
        at += end - start
        seams.append(at)
    return numbers, times, clicks, seams


def _from_the_begin(library: Library, part: Part) -> bool:
    seen, origin = library.seen(part.path)
    return part.start <= seen.times[0] - origin + 0.002


def _proves(library: Library, clip: Path, parts: Sequence[Part]) -> None:
    numbers, times, clicks, seams = _expected(library, parts)
    seen = watch(clip)
    assert seen.numbers == numbers
    assert seen.packets == len(numbers)
    assert [one - seen.times[0] for one in seen.times] == pytest.approx(times, abs=0.0035)
    got = [one - seen.times[0] for one in (seen.clicks[0] if seen.clicks else [])]
    for click in clicks:
        assert min((abs(click - one) for one in got), default=9.0) < 0.020, click
    for one in got:
        near = any(abs(one - seam) < 0.1 for seam in seams)
        assert near or min((abs(one - click) for click in clicks), default=9.0) < 0.020, one


def _joined(library: Library, clip: Path, *wanted: tuple[str, float, float]) -> Result:
    parts = [Part(library.path(name), start, end) for name, start, end in wanted]
    result = cut(Request(parts, clip))
    _proves(library, clip, parts)
    assert result.verdict is not None
    assert result.verdict.right
    assert verify_parts(parts, clip).right
    return result


def test_adjacent_parts_give_the_same_clip_as_one_cut(library: Library, tmp_path: Path) -> None:
    one, two = tmp_path / "one.mp4", tmp_path / "two.mp4"
    cut(Request([Part(library.path("a.mkv"), 1.13, 10.3)], one))
    result = _joined(library, two, ("a.mkv", 1.13, 5.51), ("a.mkv", 5.51, 10.3))
    assert (result.mode_used, result.reason) == (Mode.EXACT, "")
    assert result.pictures_encoded < result.pictures
    first, second = watch(one), watch(two)
    assert first.numbers == second.numbers
    assert first.times == pytest.approx(second.times, abs=0.001)
    assert first.clicks[0] == pytest.approx(second.clicks[0], abs=0.020)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize(
    "wanted",
    [
        [("a.mkv", 1.1, 4.3), ("a.mkv", 7.2, 11.7)],
        [("a.mkv", 6.0, 11.9), ("a.mkv", 0.0, 5.0)],
        [("a.mkv", 6.2, 12.0), ("b.mkv", 0.0, 5.3)],
        [("b.mkv", 1.0, 7.0), ("late.mkv", 0.5, 8.01), ("a.mkv", 3.333, 9.0)],
        [("a.mkv", 1.0, 4.0), ("plain.mp4", 2.5, 7.7), ("a.mkv", 2.01, 2.2)],
    ],
)
def test_parts_with_the_same_parameters_are_copied(
    wanted: list[tuple[str, float, float]], suffix: str, library: Library, tmp_path: Path
) -> None:
    result = _joined(library, tmp_path / f"clip{suffix}", *wanted)
    assert result.mode_used is Mode.EXACT
    assert result.pictures_encoded < result.pictures


@pytest.mark.parametrize(
    ("wanted", "mode"),
    [
        ([("hevc.mkv", 1.1, 5.3), ("hevc.mp4", 3.2, 9.1)], Mode.EXACT),
        ([("open.mkv", 1.1, 5.3), ("open.mkv", 4.2, 9.1)], Mode.EXACT),
        ([("vp9.webm", 1.1, 5.3), ("vp9.webm", 7.2, 11.1)], Mode.EXACT),
        ([("transport.ts", 1.1, 5.3), ("transport.ts", 4.2, 9.1)], Mode.EXACT),
        ([("two-tracks.mkv", 1.1, 5.3), ("two-tracks.mkv", 4.2, 9.1)], Mode.EXACT),
        ([("opus.mkv", 1.1, 5.3), ("opus.mkv", 4.2, 9.1)], Mode.EXACT),
        ([("pcm.mkv", 1.1, 5.3), ("pcm.mkv", 4.2, 9.1)], Mode.EXACT),
        ([("mpeg2.ts", 1.1, 5.3), ("mpeg2.ts", 4.2, 9.1)], Mode.REENCODE),
    ],
)
def test_other_codecs(
    wanted: list[tuple[str, float, float]], mode: Mode, library: Library, tmp_path: Path
) -> None:
    suffix = ".webm" if "webm" in wanted[0][0] else ".mp4"
    assert _joined(library, tmp_path / f"clip{suffix}", *wanted).mode_used is mode


def test_over_the_seam_that_a_crash_leaves(library: Library, tmp_path: Path) -> None:
    whole = library.path("a.mkv").read_bytes()
    crashed = tmp_path / "crashed.mkv"
    crashed.write_bytes(whole[: len(whole) * 3 // 5])
    seen, origin = library.seen(crashed)
    last = seen.times[-1] - origin
    for beyond in (0.02, 0.6):
        parts = [Part(crashed, 2.1, last + beyond), Part(library.path("b.mkv"), 0.0, 4.0)]
        result = cut(Request(parts, tmp_path / "clip.mp4"))
        _proves(library, tmp_path / "clip.mp4", parts)
        assert result.mode_used is Mode.EXACT
    assert "the sound was encoded: there is none shortly before part 2" in result.reason


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ([("a.mkv", 1.1, 3.3), ("big.mkv", 2.2, 4.5)], "320x192 after 160x96"),
        ([("big.mkv", 1.1, 3.3), ("a.mkv", 2.2, 4.5)], "160x96 after 320x192"),
        ([("a.mkv", 1.1, 3.3), ("fifty.mkv", 2.2, 4.5)], "50 pictures a second after 25"),
        ([("a.mkv", 1.1, 3.3), ("hevc.mkv", 2.2, 4.5)], "hevc Main after h264 High"),
        ([("a.mkv", 1.1, 5.3), ("other-sets.mkv", 2.2, 6.5)], "parameter sets"),
    ],
)
def test_parts_that_differ_are_encoded_and_it_says_so(
    wanted: list[tuple[str, float, float]], says: str, library: Library, tmp_path: Path
) -> None:
    result = _joined(library, tmp_path / "clip.mp4", *wanted)
    assert result.mode_used is Mode.REENCODE
    assert says in result.reason
    with av.open(str(tmp_path / "clip.mp4")) as made, av.open(str(library.path(wanted[0][0]))) as a:
        sizes = [(one.streams.video[0].width, one.streams.video[0].height) for one in (made, a)]
    assert sizes[0] == sizes[1]


def test_another_shape_stands_between_black_bars(library: Library, tmp_path: Path) -> None:
    wide = record(tmp_path / "wide.mkv", replace(_PLAIN, size=(320, 96), seconds=4))
    clip = tmp_path / "clip.mp4"
    parts = [Part(library.path("a.mkv"), 1.0, 2.0), Part(wide, 1.0, 2.0)]
    result = cut(Request(parts, clip))
    assert result.mode_used is Mode.REENCODE
    with av.open(str(clip)) as made:
        pictures = [one.to_ndarray(format="gray") for one in made.decode(video=0)]
    assert [one.shape for one in pictures] == [(96, 160)] * 50
    for number, one in enumerate(pictures[25:], 25):
        assert max(one[:22].max(), one[74:].max()) < 40
        # Shown at half its size: the bar code is twelve lines high.
        code = one[24:72].repeat(2, axis=0).repeat(2, axis=1)
        assert number_of(code) == number


@pytest.mark.parametrize("silent", [0, 1, 2])
def test_a_part_without_sound_is_silent(silent: int, library: Library, tmp_path: Path) -> None:
    names = ["a.mkv", "b.mkv", "late.mkv"]
    names[silent] = "silent.mkv"
    wanted = [(name, 1.4 + place, 5.3 + place) for place, name in enumerate(names)]
    result = _joined(library, tmp_path / "clip.mp4", *wanted)
    assert result.mode_used is Mode.EXACT
    assert result.reason == f"the sound was encoded: part {silent + 1} has no sound"


def test_sound_alone(library: Library, tmp_path: Path) -> None:
    parts = [Part(library.path("a.mkv"), 1.4, 4.3), Part(library.path("b.mkv"), 2.5, 6.0)]
    clip = tmp_path / "clip.mp4"
    result = cut(Request(parts, clip, audio_only=True))
    assert result.verdict is not None
    assert result.verdict.right
    seen = watch(clip)
    assert seen.numbers == []
    for click in (0.6, 1.6, 2.6, 2.9 + 0.5, 2.9 + 1.5, 2.9 + 2.5):
        assert min(abs(click + 0.021 - 0.021 - one) for one in seen.clicks[0]) < 0.0215


@pytest.mark.parametrize("seed", range(60 if is_soak() else 3))
def test_random_parts(seed: int, library: Library, tmp_path: Path) -> None:
    chance = random.Random(seed)
    wanted = []
    for _ in range(chance.randint(2, 5)):
        start = round(chance.uniform(0, 10), chance.choice([2, 6]))
        end = min(11.9, start + chance.choice([0.1, 1, 4, 9]) * (0.5 + chance.random()))
        wanted.append((chance.choice(["a.mkv", "b.mkv", "late.mkv"]), start, round(end, 6)))
    _joined(library, tmp_path / chance.choice(["clip.mp4", "clip.mkv"]), *wanted)


def test_fifty_parts(library: Library, tmp_path: Path) -> None:
    wanted = [("a.mkv", n * 0.2 + 0.01, n * 0.2 + 0.21) for n in range(50)]
    _joined(library, tmp_path / "clip.mp4", *wanted)
    parts = [Part(library.path("a.mkv"), 0.0, 1.0)] * 51
    with pytest.raises(CutError, match="1 to 50 parts, not 51"):
        cut(Request(parts, tmp_path / "more.mp4"))


def test_another_order_and_another_place_are_found_wrong(library: Library, tmp_path: Path) -> None:
    parts = [Part(library.path("a.mkv"), 1.0, 4.0), Part(library.path("a.mkv"), 6.0, 9.0)]
    clip = tmp_path / "clip.mp4"
    cut(Request(parts, clip))
    assert verify_parts(parts, clip).right
    assert not verify_parts(parts[::-1], clip).right
    assert not verify_parts([parts[0], Part(parts[1].path, 6.04, 9.04)], clip).right
    assert not verify_parts(parts[:1], clip).right


@pytest.mark.parametrize(
    ("start", "end", "says"),
    [
        (5.0, 4.0, "Part 2: The end"),
        (float("inf"), 4.0, "Part 2: Start and end"),
        (500.0, 510.0, r"Part 2 \(b.mkv\): Nothing was recorded"),
        (10.0, 50.0, r"Part 2 \(b.mkv\): The recording ends"),
    ],
)
def test_a_wrong_part_is_named_and_nothing_written(
    start: float, end: float, says: str, library: Library, tmp_path: Path
) -> None:
    parts = [Part(library.path("a.mkv"), 1.0, 2.0), Part(library.path("b.mkv"), start, end)]
    with pytest.raises(CutError, match=says):
        cut(Request(parts, tmp_path / "clip.mp4"))
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_named_by_its_part(library: Library, tmp_path: Path) -> None:
    parts = [Part(library.path("a.mkv"), 1.0, 2.0), Part(tmp_path / "gone.mkv", 0.0, 1.0)]
    with pytest.raises(CutError, match=r"Part 2 \(gone.mkv\): There is no file"):
        cut(Request(parts, tmp_path / "clip.mp4"))


@pytest.mark.parametrize("calls", [0, 1, 40, 200, 400])
def test_cancelling_leaves_nothing(calls: int, library: Library, tmp_path: Path) -> None:
    parts = [Part(library.path("a.mkv"), 1.0, 9.0), Part(library.path("b.mkv"), 1.0, 9.0)]
    asked = iter([False] * calls)
    with pytest.raises(Cancelled, match=r"^The clip was cancelled.$"):
        cut(Request(parts, tmp_path / "clip.mp4"), cancelled=lambda: next(asked, True))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("second", ["b.mkv", "silent.mkv", "big.mkv"])
def test_progress_rises_to_one(second: str, library: Library, tmp_path: Path) -> None:
    shares: list[float] = []
    parts = [Part(library.path("a.mkv"), 1.0, 5.0), Part(library.path(second), 1.0, 5.0)]
    cut(Request(parts, tmp_path / "clip.mp4"), shares.append)
    assert shares[-1] == 1.0
    assert shares == sorted(shares)
    assert len(shares) > 50
