"""Clips of AV1 and VP9: the ends encoded in the same codec, all between them copied; also where
packets hold frames that are shown later."""

from __future__ import annotations

import random
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from zlib import crc32

import av
import numpy as np
import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from leitstand.cut import Mode, Part, Request, Result, cut
from tests.leitstand.cut.proof import proves
from tests.leitstand.cut.recordings import Library, Recording, watched
from tests.soak import is_soak

_AOM = "-c:v libaom-av1 -cpu-used 8 -g 75 -b:v 200k"
_VPX = "-c:v libvpx-vp9 -cpu-used 5 -g 75 -b:v 200k -deadline"
_ENCODERS = {
    "av1-hidden": f"{_AOM} -lag-in-frames 19",
    "av1-direct": f"{_AOM} -usage realtime -lag-in-frames 0",
    "vp9-hidden": f"{_VPX} good -auto-alt-ref 1 -lag-in-frames 16",
    "vp9-layers": f"{_VPX} good -auto-alt-ref 6 -lag-in-frames 25",
    "vp9-direct": f"{_VPX} realtime -auto-alt-ref 0 -lag-in-frames 0",
}
# Recorded by SVT-AV1 with its defaults; it is not run here, where it is root.
_SVT = Path(__file__).parent / "av1" / "svt.mkv"
_CONTAINERS = {"av1": (".mkv", ".mp4"), "vp9": (".webm", ".mkv", ".mp4")}
_CASES = [
    (kind, suffix)
    for kind in (*_ENCODERS, "av1-svt")
    for suffix in _CONTAINERS[kind.partition("-")[0]]
]
# How far an encoder looks ahead, at most; the last group that is encoded is no longer.
_AHEAD = {"av1-hidden": 20, "av1-svt": 33, "vp9-hidden": 26, "vp9-layers": 26}
_CUTS = 12
# The first of each is not the one that the product decodes with.
_DECODERS = {"av1": ("libaom-av1", "libdav1d"), "vp9": ("libvpx-vp9", "vp9")}


def _ffmpeg(*options: object) -> None:
    command = [get_ffmpeg_exe(), "-v", "error", "-y", *map(str, options)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def recorded(recordings: Library, tmp_path_factory: pytest.TempPathFactory) -> _Recorded:
    return _Recorded(recordings("b-frames.mkv").path, tmp_path_factory.mktemp("av1-vp9"))


class _Recorded:
    """Recordings by kind and container, each made once."""

    def __init__(self, source: Path, folder: Path) -> None:
        self._source, self._folder = source, folder
        self.recording = cache(self._recording)
        self._encoded = cache(self._encode)

    def _encode(self, kind: str) -> Path:
        if kind == "av1-svt":
            return _SVT
        path = self._folder / f"{kind}.mkv"
        _ffmpeg("-i", self._source, *_ENCODERS[kind].split(), "-c:a", "copy", path)
        return path

    def _recording(self, kind: str, suffix: str) -> Recording:
        path = self._folder / f"{kind}-recorded{suffix}"
        audio = "libopus" if suffix == ".webm" else "copy"
        _ffmpeg("-i", self._encoded(kind), "-c:v", "copy", "-c:a", audio, path)
        return watched(path)


def _spans(recording: Recording, name: str) -> list[tuple[float, float]]:
    """Random ranges, every second one exactly on a frame; all have a key frame in them."""
    chance, times = random.Random(name), recording.times
    found = []
    for number in range(_CUTS):
        key = chance.choice([one for one in recording.keys if 1 < one < times[-1] - 2])
        first = max(0.0, key - chance.uniform(0, 2.8))
        last = key + chance.uniform(0.2, min(5.5, recording.end - key))
        if number % 2:
            first = max(one for one in times if one <= first)
        found.append((round(first, 6), round(last, 6)))
    return found if is_soak() else found[crc32(name.encode()) % _CUTS :][:1]


@pytest.mark.parametrize(("kind", "suffix"), _CASES)
def test_the_ends_are_encoded_in_the_same_codec_and_the_rest_is_copied(
    kind: str, suffix: str, recorded: _Recorded, tmp_path: Path
) -> None:
    recording = recorded.recording(kind, suffix)
    clip, decoders = tmp_path / f"clip{suffix}", _DECODERS[kind.partition("-")[0]]
    for start, end in _spans(recording, kind + suffix):
        result = cut(Request([Part(recording.path, start, end)], clip))
        wanted = recording.wanted(start, end)
        key = next(
            number
            for number, time in zip(recording.seen.numbers, recording.times, strict=True)
            if number in wanted and any(abs(time - one) < 1e-6 for one in recording.keys)
        )
        most = wanted.index(key) + _AHEAD.get(kind, 0)
        proves(recording, clip, start, end)
        for decoder in decoders if is_soak() else decoders[:1]:
            assert _decoded(clip, decoder, recording) == wanted
        if result.mode_used is Mode.EXACT:
            assert result.reason == ""
            assert result.pictures_encoded <= most
            if kind.startswith("av1"):
                assert _never_shown(clip) == 0
            _is_copied(recording.path, clip, result)
        else:
            assert "from after the end" in result.reason
            assert len(wanted) <= most


def _decoded(clip: Path, decoder: str, recording: Recording) -> list[int]:
    """The numbers of the frames that another program's decoder gives without an error."""
    command = [get_ffmpeg_exe(), "-v", "error", "-c:v", decoder, "-i", str(clip), "-map", "v:0"]
    command += ["-fps_mode", "passthrough", "-enc_time_base", "demux"]
    command += ["-f", "rawvideo", "-pix_fmt", "gray", "-"]
    ended = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")
    frames = np.frombuffer(ended.stdout, np.uint8).reshape(-1, 96, 160)
    return [recording.read(one) for one in frames]


def _is_copied(source: Path, clip: Path, result: Result) -> None:
    """All but the ends are the source's packets, byte by byte, in the same codec."""
    (codec, theirs), (own_codec, ours) = _packets(source), _packets(clip)
    assert codec == own_codec
    copied = [one for one in ours if one in set(theirs)]
    assert len(copied) == result.pictures - result.pictures_encoded
    at = theirs.index(copied[0])
    assert copied == theirs[at : at + len(copied)]


def _never_shown(clip: Path) -> int:
    """How many pictures of AV1 are kept for later and lie after the group they are in, as ffmpeg
    reads them: the encoders count pictures from a key frame on."""
    command = [get_ffmpeg_exe(), "-v", "info", "-i", str(clip), "-map", "v:0", "-c", "copy"]
    command += ["-bsf:v", "trace_headers", "-f", "null", "-"]
    ended = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=True)
    pattern = r"\b(show_existing_frame|frame_type|show_frame|order_hint)\s+[01]+ = (\d+)"
    groups: list[_Group] = []
    said = {}
    for name, value in re.findall(pattern, ended.stderr.decode()):
        said[name] = int(value)
        if name == "show_existing_frame" and said[name]:
            groups[-1].shown += 1
        elif name == "order_hint":
            if said["show_frame"] and not said["frame_type"]:
                groups.append(_Group(said[name]))
            groups[-1].shown += said["show_frame"]
            groups[-1].kept += [] if said["show_frame"] else [said[name]]
    assert sum(one.shown for one in groups) > 0
    return sum(one.after() for one in groups)


@dataclass
class _Group:
    """Pictures from a key frame on: its order hint, how many are shown, the hints of others."""

    first: int
    shown: int = 0
    kept: list[int] = field(default_factory=list)

    def after(self) -> int:
        return sum((hint - self.first) % 128 >= self.shown for hint in self.kept)


def _packets(path: Path) -> tuple[str, Sequence[bytes]]:
    with av.open(str(path)) as opened:
        codec = opened.streams.video[0].codec_context.codec.canonical_name
        return codec, [bytes(one) for one in opened.demux(video=0) if one.size]


@pytest.mark.parametrize("kinds", [("av1-svt", "av1-svt"), ("av1-svt", "av1-hidden")])
def test_parts_of_two_encoders_are_joined(
    kinds: tuple[str, str], recorded: _Recorded, tmp_path: Path
) -> None:
    first, second = (recorded.recording(kind, ".mp4") for kind in kinds)
    clip = tmp_path / "clip.mp4"
    result = cut(Request([Part(first.path, 1.2, 5.2), Part(second.path, 5.2, 11.0)], clip))
    assert (result.mode_used, result.reason) == (Mode.EXACT, "")
    assert result.pictures_encoded < result.pictures / 2
    wanted = [*first.wanted(1.2, 5.2), *second.wanted(5.2, 11.0)]
    assert _decoded(clip, "libaom-av1", first) == wanted
