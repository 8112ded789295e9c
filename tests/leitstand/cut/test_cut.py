"""A clip shows exactly the pictures and the sound of its range, as seen and heard."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from zlib import crc32

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leitstand.cut import Cancelled, CutError, Mode, Part, Request, Result, cut
from leitstand.cut.verify import verify
from tests.leitstand.cut.media import Recipe, record, watch
from tests.leitstand.cut.proof import proves
from tests.leitstand.cut.recordings import NAMES, Library, Recording, hard_places, places
from tests.soak import is_soak

_BROWSER_KINDS = {"vp9.webm", "vp9-hidden.webm", "av1-low-delay.webm"}


def _cut_and_proved(
    recording: Recording, clip: Path, spans: Iterable[tuple[float, float]]
) -> list[Result]:
    results = []
    for start, end in spans:
        results.append(cut(Request([Part(recording.path, start, end)], clip)))
        proves(recording, clip, start, end)
        assert results[-1].verdict is not None
        assert results[-1].verdict.right
        assert "check" not in results[-1].reason
    return results


@pytest.mark.parametrize("name", NAMES)
def test_first_last_and_every_picture_between_are_the_ones_asked_for(
    name: str, recordings: Library, tmp_path: Path
) -> None:
    recording = recordings(name)
    suffixes = (".webm",) if name in _BROWSER_KINDS else (".mp4", ".mkv")
    for suffix in suffixes if is_soak() else suffixes[crc32(name.encode()) % len(suffixes) :][:1]:
        _cut_and_proved(recording, tmp_path / f"clip{suffix}", places(recording, suffix))
    assert [one for one in tmp_path.iterdir() if one.suffix == ".part"] == []


def test_the_hard_places(recordings: Library, tmp_path: Path) -> None:
    recording = recordings("b-frames.mkv")
    _cut_and_proved(recording, tmp_path / "clip.mp4", hard_places(recording))


def test_groups_that_need_the_one_before_are_copied(recordings: Library, tmp_path: Path) -> None:
    recording = recordings("open-pyramid.mkv")
    results = _cut_and_proved(recording, tmp_path / "clip.mp4", hard_places(recording))
    assert sum(one.mode_used is Mode.EXACT for one in results) >= 7
    assert all(one.reason in ("", "there is no key frame in the range") for one in results)


@pytest.mark.parametrize(
    "name",
    [
        "b-frames.mkv",
        "ntsc.mp4",
        "open.mkv",
        "open.mp4",
        "open.ts",
        "open-cavlc.mkv",
        "open-weights.mkv",
        "open-interlaced.ts",
        "hevc-open.mkv",
        "hevc-open.mp4",
        "vp9.webm",
        "vp9-hidden.webm",
        "av1.mkv",
        "av1.mp4",
        "av1-low-delay.webm",
        "transport.ts",
    ],
)
def test_only_the_ends_are_encoded(name: str, recordings: Library, tmp_path: Path) -> None:
    recording = recordings(name)
    clip = tmp_path / ("clip.webm" if name.endswith("webm") else "clip.mp4")
    result = cut(Request([Part(recording.path, 3.1, 11.3)], clip))
    assert (result.mode_used, result.reason) == (Mode.EXACT, "")
    assert result.pictures_encoded < result.pictures / 2
    proves(recording, clip, 3.1, 11.3)


@settings(
    max_examples=150 if is_soak() else 5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.integers(0, 11_000_000), st.integers(50_000, 9_000_000))
def test_random_places(recordings: Library, tmp_path: Path, start: int, length: int) -> None:
    recording = recordings("b-frames.mkv")
    first, last = start / 1e6, min((start + length) / 1e6, recording.times[-1])
    cut(Request([Part(recording.path, first, last)], tmp_path / "clip.mp4"))
    proves(recording, tmp_path / "clip.mp4", first, last)


def test_one_picture_before_and_after_a_key_frame(recordings: Library, tmp_path: Path) -> None:
    recording = recordings("b-frames.mkv")
    with av.open(str(recording.path)) as opened:
        packets = [one for one in opened.demux(video=0) if one.size]
        keys = [
            float(one.pts * one.time_base) - recording.origin for one in packets if one.is_keyframe
        ]
    for shift in (-0.04, 0.0, 0.04):
        start, end = keys[1] + shift, keys[3] + shift
        clip = tmp_path / "clip.mp4"
        cut(Request([Part(recording.path, start, end)], clip))
        proves(recording, clip, start, end)


@pytest.mark.parametrize("name", ["b-frames.mkv", *(one for one in NAMES if "open" in one)])
def test_copied_pictures_are_the_source_s_own_to_the_bit(
    name: str, recordings: Library, tmp_path: Path
) -> None:
    recording = recordings(name)
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


@pytest.mark.parametrize("name", ["mpeg2.mkv"])
def test_what_cannot_be_joined_is_copied_whole_or_not_at_all(
    name: str, recordings: Library, tmp_path: Path
) -> None:
    recording = recordings(name)
    hard = hard_places(recording)
    spans = [hard[-1], hard[3]]
    copied, encoded = _cut_and_proved(recording, tmp_path / "clip.mkv", spans)
    assert (copied.mode_used, copied.pictures_encoded) == (Mode.EXACT, 0)
    assert encoded.mode_used is Mode.REENCODE
    assert "cannot be joined" in encoded.reason


def test_copy_begins_with_the_key_frame_before(recordings: Library, tmp_path: Path) -> None:
    recording = recordings("b-frames.mkv")
    clip = tmp_path / "clip.mp4"
    result = cut(Request([Part(recording.path, 5.1, 9.0)], clip, Mode.COPY))
    seen = watch(clip)
    assert result.pictures_encoded == 0
    assert seen.numbers[0] <= 128
    assert set(recording.wanted(5.1, 9.0)) <= set(seen.numbers)


@pytest.mark.parametrize("name", ["b-frames.mkv", "deep-pyramid.mkv", "hevc.mkv"])
def test_a_copy_has_every_frame_to_its_end(name: str, recordings: Library, tmp_path: Path) -> None:
    recording, clip = recordings(name), tmp_path / "clip.mp4"
    for end in (7.0, 7.04, 7.08, 7.13, 7.2):
        result = cut(Request([Part(recording.path, 5.1, end)], clip, Mode.COPY))
        seen = watch(clip)
        assert seen.numbers == list(range(seen.numbers[0], seen.numbers[-1] + 1))
        assert set(recording.wanted(5.1, end)) <= set(seen.numbers)
        assert result.pictures == seen.packets == len(seen.numbers)


@pytest.mark.parametrize(
    ("name", "suffix"), [("opus.mkv", ".mkv"), ("vp9.webm", ".webm"), ("vp9.webm", ".mkv")]
)
def test_opus_begins_with_the_first_frame(
    name: str, suffix: str, recordings: Library, tmp_path: Path
) -> None:
    clip = tmp_path / f"clip{suffix}"
    cut(Request([Part(recordings(name).path, 3.13, 6.0)], clip))
    with av.open(str(clip)) as made:
        packets = [one for one in made.demux() if one.size]
        first = [
            min(float(one.pts * one.time_base) for one in packets if one.stream.type == kind)
            for kind in ("video", "audio")
        ]
    assert first[0] - first[1] <= 0.0205


def test_reencode_makes_another_size(recordings: Library, tmp_path: Path) -> None:
    recording = recordings("b-frames.mkv")
    clip = tmp_path / "clip.mp4"
    cut(Request([Part(recording.path, 5.1, 7.0)], clip, Mode.REENCODE, height=48, width=128))
    with av.open(str(clip)) as made:
        assert (made.streams.video[0].width, made.streams.video[0].height) == (128, 48)


def test_sound_alone(recordings: Library, tmp_path: Path) -> None:
    recording = recordings("b-frames.mkv")
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


def test_a_clip_is_found_wrong_against_another_range(recordings: Library, tmp_path: Path) -> None:
    recording = recordings("b-frames.mkv")
    clip = tmp_path / "clip.mp4"
    cut(Request([Part(recording.path, 5.1, 7.0)], clip))
    assert verify(recording.path, clip, 5.1, 7.0).right
    assert not verify(recording.path, clip, 5.14, 7.04).right
    assert not verify(recording.path, clip, 5.1, 7.1).right


def test_a_plain_copy_does_not_pass_the_check(recordings: Library, tmp_path: Path) -> None:
    recording = recordings("b-frames.mkv")
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
        (500.0, 510.0, "Nothing was recorded"),
        (10.0, 50.0, "ends"),
    ],
)
def test_a_bad_range_is_refused_and_nothing_written(
    start: float, end: float, says: str, recordings: Library, tmp_path: Path
) -> None:
    with pytest.raises(CutError, match=says):
        cut(Request([Part(recordings("b-frames.mkv").path, start, end)], tmp_path / "clip.mp4"))
    assert list(tmp_path.iterdir()) == []


def test_a_recording_cut_off_in_the_middle(recordings: Library, tmp_path: Path) -> None:
    recording = recordings("b-frames.mkv")
    whole = recording.path.read_bytes()
    short = tmp_path / "short.mkv"
    short.write_bytes(whole[: len(whole) * 3 // 4])
    clip = tmp_path / "clip.mp4"
    cut(Request([Part(short, 3.1, 6.5)], clip))
    proves(recording, clip, 3.1, 6.5)


@pytest.mark.parametrize("content", [b"", b"\0" * 5000, b"RIFF" + b"x" * 500])
def test_rubbish_is_no_known_format(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "rubbish.mkv"
    file.write_bytes(content)
    with pytest.raises(CutError):
        cut(Request([Part(file, 0.0, 1.0)], tmp_path / "clip.mp4"))
    assert not (tmp_path / "clip.mp4").exists()


def test_a_playlist_that_poses_as_video_is_no_known_format(
    recordings: Library, tmp_path: Path
) -> None:
    recording = recordings("b-frames.mkv")
    bait = tmp_path / "bait.mkv"
    bait.write_text(f"ffconcat version 1.0\nfile {recording.path}\n")
    with pytest.raises(CutError, match="no known format"):
        cut(Request([Part(bait, 1.0, 2.0)], tmp_path / "clip.mp4"))


def test_cancelling_leaves_nothing_and_an_older_clip_alone(
    recordings: Library, tmp_path: Path
) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"older")
    asked = iter([False] * 40)
    with pytest.raises(Cancelled):
        cut(
            Request([Part(recordings("b-frames.mkv").path, 1.0, 9.0)], clip),
            cancelled=lambda: next(asked, True),
        )
    assert clip.read_bytes() == b"older"
    assert list(tmp_path.iterdir()) == [clip]


def test_progress_rises_to_one(recordings: Library, tmp_path: Path) -> None:
    shares: list[float] = []
    part = Part(recordings("b-frames.mkv").path, 1.0, 9.0)
    cut(Request([part], tmp_path / "clip.mp4"), shares.append)
    assert shares[-1] == 1.0
    assert shares == sorted(shares)
    assert len(shares) > 50


def test_a_short_piece_of_a_steady_tone_is_found_right(recordings: Library, tmp_path: Path) -> None:
    recording = recordings("demo-obs.mkv")
    click = recording.seen.clicks[0][2] - recording.origin
    spans = [(round(click + by, 6), round(click + by + 0.08, 6)) for by in (-0.11, 0.02, 0.3)]
    _cut_and_proved(recording, tmp_path / "clip.mp4", spans)
