"""How long files are: by their packets, whatever their headers say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest

from leitstand.media import formats
from leitstand.media.extent import Extent, extent
from leitstand.media.opening import Unreadable, opened
from leitstand.media.probe import probe
from tests.leitstand.media.damage import (
    FAST,
    FRAGMENTS,
    HOURS,
    absurd,
    cut_off,
    ffmpeg,
    recorded,
    with_cover,
)

WHOLE: dict[str, dict[str, Any]] = {
    "plain.mkv": {},
    "late.mkv": {"offset": 3.5},
    "plain.mp4": {},
    "fast.mp4": {"container": FAST},
    "fragments.mp4": {"container": FRAGMENTS},
    "plain.mov": {},
    "plain.flv": {},
    "plain.ts": {},
    "late.ts": {"offset": 3.5},
    "plain.avi": {},
    "plain.wmv": {},
    "plain.mpg": {"codec": "mpeg2video", "options": {"g": "25"}, "audio": ("mp2",)},
    "plain.flac": {"pictures": False, "audio": ("flac",)},
    "long-steps.mkv": {"frame_times": [0, 0.04, 0.08, 5.9], "audio": ()},
}
DECLARING = ("plain.mkv", "late.mkv", "fast.mp4", "plain.flv", "plain.flac")
"""Formats whose header says at the beginning how long the file is."""


def measured(path: Path) -> Extent:
    with path.open("rb", buffering=0) as file:
        with opened(file, formats.demuxer_of(path.name)) as media:
            return extent(media, file)


def last_packet(path: Path) -> float:
    """When the last packet that a demuxer delivers whole ends, in seconds from the start."""
    with av.open(str(path)) as container:
        origin = (container.start_time or 0) / 1e6
        streams = [one for one in container.streams if one.type in ("video", "audio")]
        return max(
            float((one.pts + (one.duration or 0)) * one.time_base) - origin
            for one in container.demux(streams)
            if one.size and one.pts is not None and not one.is_corrupt
        )


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_file_is_as_long_as_it_says(tmp_path: Path, name: str) -> None:
    path = recorded(tmp_path / name, **WHOLE[name])
    assert measured(path) == Extent(pytest.approx(last_packet(path), abs=0.12))


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("name", DECLARING)
def test_one_that_is_cut_off_is_as_long_as_what_is_left(
    tmp_path: Path, name: str, share: float
) -> None:
    whole = recorded(tmp_path / name, **WHOLE[name])
    path = cut_off(whole, tmp_path / f"cut-{name}", share)
    found = measured(path)
    assert found.seconds == pytest.approx(last_packet(path), abs=0.05)
    if last_packet(whole) - last_packet(path) > 1.1:
        assert found.declared == pytest.approx(last_packet(whole), abs=0.12)


@pytest.mark.parametrize("name", ["plain.avi", "plain.wmv", "fragments.mp4", "plain.ts"])
def test_one_that_is_cut_off_and_declares_nothing(tmp_path: Path, name: str) -> None:
    whole = recorded(tmp_path / name, **WHOLE[name])
    path = cut_off(whole, tmp_path / f"cut-{name}")
    assert measured(path).seconds == pytest.approx(last_packet(path), abs=0.12)


@pytest.mark.parametrize("container", [FRAGMENTS, FAST, {}], ids=["fragments", "fast", "plain"])
@pytest.mark.parametrize("has_audio", [True, False])
def test_a_last_sample_of_hours_is_none(
    tmp_path: Path, container: dict[str, str], has_audio: bool
) -> None:
    source = recorded(tmp_path / "a.mp4", audio=("aac",) if has_audio else ())
    path = absurd(source, tmp_path / "absurd.mp4", container)
    with av.open(str(path)) as said:
        assert said.duration is not None
        assert said.duration > HOURS * 1e6
    found = measured(path)
    assert found.seconds == pytest.approx(6, abs=0.1)
    assert found.declared is not None
    assert found.declared > HOURS


def test_a_header_that_promises_days_is_not_believed(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.mkv")
    whole = path.read_bytes()
    at = whole.index(b"\x44\x89\x88") + 3
    path.write_bytes(whole[:at] + b"\x41\xcd\xcd\x65\x00\x00\x00\x00" + whole[at + 8 :])
    found = measured(path)
    assert found.seconds == pytest.approx(6, abs=0.1)
    assert found.declared is not None


@pytest.mark.parametrize("name", ["plain.mkv", "plain.flv", "fragments.mp4"])
def test_damage_in_the_middle_does_not_end_a_file(tmp_path: Path, name: str) -> None:
    path = recorded(tmp_path / name, **WHOLE[name])
    whole = bytearray(path.read_bytes())
    middle = len(whole) // 2
    whole[middle : middle + 3000] = bytes(3000)
    path.write_bytes(whole)
    assert measured(path).seconds == pytest.approx(last_packet(path), abs=0.5)


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.m4a", "a.mp3", "a.flac"])
def test_cover_art_is_no_video_track(tmp_path: Path, name: str) -> None:
    is_sound = name not in ("a.mkv", "a.mp4")
    audio = {".mp3": "libmp3lame", ".flac": "flac"}.get(Path(name).suffix, "aac")
    source = recorded(tmp_path / f"source{name[1:]}", pictures=not is_sound, audio=(audio,))
    path = with_cover(source, tmp_path / name)
    with av.open(str(path)) as container:
        assert len(container.streams.video) == 2 - is_sound, "the cover is in it"
    with path.open("rb", buffering=0) as file:
        facts = probe(file, formats.demuxer_of(name))
    kinds = [one["kind"] for one in facts["tracks"]]
    assert kinds == (["audio"] if is_sound else ["video", "audio"])
    assert facts.get("code") is None
    assert facts["duration"] == pytest.approx(6, abs=0.12)


CODECS: dict[str, Callable[[Path, Path], object]] = {
    "av1": lambda source, path: ffmpeg(
        *("-i", source, "-c:v", "libaom-av1", "-cpu-used", "8", "-usage", "realtime"),
        *("-c:a", "libopus", "-t", "1", path),
    ),
    "vp9": lambda source, path: ffmpeg(
        *("-i", source, "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"),
        *("-c:a", "libopus", "-t", "1", path),
    ),
    "vp8": lambda source, path: ffmpeg(
        *("-i", source, "-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus"),
        *("-t", "1", path),
    ),
}


@pytest.mark.parametrize("codec", CODECS)
def test_codecs_have_their_own_names(tmp_path: Path, codec: str) -> None:
    """Not those of the libraries that decode them: libdav1d, libvpx-vp9, mp3float …"""
    path = tmp_path / "made.mkv"
    CODECS[codec](recorded(tmp_path / "a.mkv"), path)
    with path.open("rb", buffering=0) as file:
        tracks = probe(file, "matroska")["tracks"]
    assert [one["codec"] for one in tracks] == [codec, "opus"]


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts", "a"])
def test_an_empty_file_is_refused_with_a_code(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.touch()
    with path.open("rb", buffering=0) as file:
        assert probe(file, formats.demuxer_of(name)) == {"code": "empty_file", "params": {}}
        with pytest.raises(Unreadable), opened(file):
            pass


@pytest.mark.parametrize(("name", "really"), [("a.mpg", "ts"), ("a.mp4", "mkv"), ("a.avi", "mp4")])
def test_a_name_that_is_wrong_about_the_format(tmp_path: Path, name: str, really: str) -> None:
    source = recorded(tmp_path / f"source.{really}")
    path = source.rename(tmp_path / name)
    with path.open("rb", buffering=0) as file:
        assert probe(file, formats.demuxer_of(name))["duration"] == pytest.approx(6, abs=0.12)


@pytest.mark.parametrize("name", sorted(WHOLE.keys() - {"long-steps.mkv", "plain.mpg"}))
def test_tracks_have_their_own_start_and_end(name: str, tmp_path: Path) -> None:
    path = recorded(tmp_path / name, **WHOLE[name])
    with path.open("rb", buffering=0) as file:
        tracks = probe(file, formats.demuxer_of(name))["tracks"]
    with av.open(str(path)) as container:
        origin = (container.start_time or 0) / 1e6
        packets = [
            (one.stream.type, one.pts * one.time_base, (one.duration or 0) * one.time_base)
            for one in container.demux()
            if one.size and one.pts is not None
        ]
    for track in tracks:
        own = [(time, lasts) for kind, time, lasts in packets if kind == track["kind"]]
        first = float(min(time for time, _ in own)) - origin
        last = float(max(time + lasts for time, lasts in own)) - origin
        assert track["start"] == pytest.approx(max(0.0, first), abs=0.002)
        assert track["end"] == pytest.approx(last, abs=0.15)
