"""The recordings that clips are cut from, and the places that are hard to cut at."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from zlib import crc32

import av
import numpy as np

from leitstand.demo.obs import DemoObs, read_stamp
from tests.conftest import program
from tests.leitstand.cut.media import Recipe, Seen, number_of, record, watch
from tests.running import eventually
from tests.soak import is_soak

_NTSC = Fraction(30_000, 1001)
_RANDOM_PLACES = 10
_FRAGMENTS = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}


def _x264(parameters: str, **more: str) -> dict[str, str]:
    return {"preset": "veryfast", "x264-params": parameters, **more}


def _x265(parameters: str) -> dict[str, str]:
    return {"preset": "ultrafast", "x265-params": f"log-level=none:keyint=50:{parameters}"}


def _uneven() -> list[float]:
    steps, times = random.Random(5), [0.0]
    while times[-1] < 11:
        times.append(times[-1] + steps.choice([0.02, 0.033, 0.04, 0.1]))
    return times


_PLAIN = _x264("keyint=60")
_OPEN = _x264("keyint=40:open-gop=1:b-pyramid=normal:bframes=5:b-adapt=0:ref=4")
_VP9 = {"deadline": "realtime", "cpu-used": "8", "g": "50"}
# Pictures are hidden only by an encoder that has seen everything before.
_VP9_HIDDEN = "-c:v libvpx-vp9 -deadline good -cpu-used 5 -g 100 -auto-alt-ref 1 -lag-in-frames 16"
# Not in this process, and not by SVT-AV1: as root it makes whoever calls it a real-time process for
# good, and once in a while it stands still for ever.
_AV1 = "-c:v libaom-av1 -cpu-used 8 -g 50 -lag-in-frames 19"
_AV1_DIRECT = "-c:v libaom-av1 -usage realtime -cpu-used 8 -g 50 -lag-in-frames 0"

RECIPES: dict[str, Recipe] = {
    "b-frames.mkv": Recipe(options=_x264("keyint=60:bframes=3")),
    "long-groups.mkv": Recipe(options=_x264("keyint=250:bframes=3"), seconds=25),
    "baseline.mp4": Recipe(options=_x264("keyint=50", profile="baseline")),
    "deep-pyramid.mkv": Recipe(options=_x264("keyint=100:bframes=16:b-adapt=0:ref=16")),
    "ten-bit.mkv": Recipe(options=_PLAIN, pixels="yuv420p10le"),
    "open.mkv": Recipe(options=_x264("keyint=30:open-gop=1")),
    "open-pyramid.mkv": Recipe(options=_OPEN),
    "open.mp4": Recipe(options=_x264("keyint=40:open-gop=1"), rate=_NTSC),
    "open.ts": Recipe(options=_OPEN),
    "open-cavlc.mkv": Recipe(options=_x264("keyint=40:open-gop=1:cabac=0:slices=3:bframes=2")),
    "open-weights.mkv": Recipe(
        options=_x264("keyint=40:open-gop=1:bframes=5:ref=16:direct=temporal:weightp=2")
    ),
    "open-interlaced.ts": Recipe(options=_x264("keyint=40:open-gop=1:tff=1:ref=3")),
    "ntsc.mp4": Recipe(options=_x264("keyint=30:bframes=2"), rate=_NTSC),
    "thirty.mkv": Recipe(options=_PLAIN, rate=Fraction(30)),
    "fifty.mp4": Recipe(options=_x264("keyint=100"), rate=Fraction(50), seconds=8),
    "sixty.mkv": Recipe(options=_x264("keyint=120"), rate=Fraction(60_000, 1001), seconds=8),
    "uneven.mkv": Recipe(options=_PLAIN, frame_times=_uneven()),
    "uneven.mp4": Recipe(options=_PLAIN, frame_times=_uneven()),
    "late.mkv": Recipe(options=_PLAIN, offset=3.3),
    "late.ts": Recipe(options=_PLAIN, offset=3.3),
    "late-fragments.mp4": Recipe(options=_PLAIN, container=_FRAGMENTS, offset=3.3),
    "fragments.mp4": Recipe(options=_PLAIN, container=_FRAGMENTS),
    "transport.ts": Recipe(options=_PLAIN),
    "flash.flv": Recipe(options=_PLAIN),
    "silent.mp4": Recipe(options=_PLAIN, audio=()),
    "two-tracks.mkv": Recipe(options=_PLAIN, audio=("aac", "aac")),
    "two-codecs.mp4": Recipe(options=_PLAIN, audio=("aac", "libopus")),
    "opus.mkv": Recipe(options=_PLAIN, audio=("libopus",)),
    "pcm.mkv": Recipe(options=_PLAIN, audio=("pcm_s16le",)),
    "mp3.mkv": Recipe(options=_PLAIN, audio=("libmp3lame",)),
    "hevc.mkv": Recipe("libx265", _x265("open-gop=0")),
    "hevc-open.mkv": Recipe("libx265", _x265("bframes=4")),
    "hevc-open.mp4": Recipe("libx265", _x265("bframes=4"), rate=_NTSC),
    "hevc-ten-bit.mkv": Recipe("libx265", _x265("bframes=3"), pixels="yuv420p10le"),
    "hevc-ten-bit.mp4": Recipe(
        "libx265", _x265("bframes=3"), pixels="yuv420p10le", container=_FRAGMENTS
    ),
    "hevc.ts": Recipe("libx265", _x265("bframes=3")),
    "vp9.webm": Recipe("libvpx-vp9", _VP9, audio=("libopus",)),
    "vp9.mp4": Recipe("libvpx-vp9", _VP9),
    "mpeg2.ts": Recipe("mpeg2video", {"g": "15", "bf": "2"}),
    "mpeg2.mkv": Recipe("mpeg2video", {"g": "15", "bf": "2"}),
}
# Programs that were killed while they wrote.
KILLED = {
    "killed.mkv": ("matroska", {}),
    "killed.ts": ("mpegts", {}),
    "killed-fragments.mp4": ("mp4", _FRAGMENTS),
}
TWICE = {"vp9-hidden.webm": _VP9_HIDDEN}
ANEW = {
    "av1.mkv": f"{_AV1} -c:a copy",
    "av1.mp4": f"{_AV1} -c:a copy",
    "av1-low-delay.webm": f"{_AV1_DIRECT} -c:a libopus",
}
OBS = {"demo-obs.mkv": False, "killed-demo-obs.mkv": True}
NAMES = [*RECIPES, *KILLED, *TWICE, *ANEW, *OBS]


@dataclass(frozen=True)
class Recording:
    """What a whole recording shows; times count from its start, `keys` are those of key frames."""

    path: Path
    seen: Seen
    times: list[float]
    origin: float
    keys: list[float]
    read: Callable[[np.ndarray], int]
    tick: float
    until: float

    def wanted(self, start: float, end: float) -> list[int]:
        return [number for number, _ in self.wanted_at(start, end)]

    def wanted_at(self, start: float, end: float) -> list[tuple[int, float]]:
        """The frames of [start, end) and when a clip must show them; the one shown at the start
        from 0 on."""
        near = max(self.tick / 2, 1e-6)
        pairs = list(zip(self.seen.numbers, self.times, strict=True))
        before = [time for _, time in pairs if time <= start + near]
        first = before[-1] if before else start
        inside = [one for one in pairs if first <= one[1] < max(end - near, start + near)]
        return [(n, time - start if time > start + near else 0.0) for n, time in inside]

    @property
    def end(self) -> float:
        return self.times[-1] + 0.02


class Library:
    """Recordings by name, each made and watched once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str, Recording] = {}

    def __call__(self, name: str) -> Recording:
        if name not in self._made:
            self._made[name] = watched(self._path(name), _stamp if name in OBS else number_of)
        return self._made[name]

    def _path(self, name: str) -> Path:
        path = self._folder / name
        if name in OBS:
            return _recorded_by_obs(path, killed=OBS[name])
        if name in TWICE:
            return _in_two_passes(path, self("b-frames.mkv").path, TWICE[name].split())
        if name in ANEW:
            return _anew(path, self("b-frames.mkv").path, ANEW[name].split())
        if name in KILLED:
            return _killed(path, self("b-frames.mkv").path, *KILLED[name])
        return record(path, RECIPES[name])


def watched(path: Path, read: Callable[[np.ndarray], int] = number_of) -> Recording:
    seen = watch(path, read)
    with av.open(str(path)) as opened:
        origin = (opened.start_time or 0) / 1e6
        packets = [one for one in opened.demux() if one.size and one.pts is not None]
        frames = [one for one in packets if one.stream.type == "video"]
        keys = [float(one.pts * one.time_base) - origin for one in frames if one.is_keyframe]
        tick = float(opened.streams.video[0].time_base) if seen.times else 0.0
        rate = opened.streams.video[0].average_rate if seen.times else 1
        ends = [
            float((one.pts + (one.duration or 0)) * one.time_base) - origin
            for one in packets
            if one.stream.type == "audio"
        ]
    times = [time - origin for time in seen.times]
    until = max([*ends, times[-1] + float(1 / rate)] if times else ends)
    shown = [key for key in keys if key >= times[0]]
    return Recording(path, seen, times, origin, shown, read, tick, until)


def _stamp(gray: np.ndarray) -> int:
    return read_stamp(gray).frame


def _recorded_by_obs(path: Path, *, killed: bool) -> Path:
    folder = path.with_suffix("")
    folder.mkdir()
    with DemoObs(folder, fps=60, cluster_seconds=0.5) as demo:
        demo.do("StartRecord")
        eventually(lambda: demo.do("GetRecordStatus")["outputDuration"] > 6000, 30)
        found = demo.recording
        assert found is not None
        if killed:
            demo.kill()
    return found


def _killed(path: Path, source: Path, format: str, options: dict[str, str]) -> Path:
    """ffmpeg copies slowly, until it is killed in the middle."""
    more = [word for key, value in options.items() for word in (f"-{key}", value)]
    command = [program("ffmpeg"), "-v", "quiet", "-readrate", "8", "-i", str(source), "-c", "copy"]
    command += [*more, "-flush_packets", "1", "-f", format, str(path)]
    writer = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        enough = source.stat().st_size * 0.6
        eventually(lambda: path.exists() and path.stat().st_size > enough, 30)
        assert writer.poll() is None
    finally:
        writer.kill()
        writer.wait()
    return path


def _anew(path: Path, source: Path, options: list[str]) -> Path:
    command = [program("ffmpeg"), "-v", "error", "-i", str(source), *options, "-b:v", "200k"]
    subprocess.run([*command, str(path)], check=True, stdin=subprocess.DEVNULL)
    return path


def _in_two_passes(path: Path, source: Path, options: list[str]) -> Path:
    command = [program("ffmpeg"), "-v", "error", "-i", str(source), *options, "-b:v", "200k"]
    command += ["-passlogfile", str(path.with_suffix(".passes"))]
    for number, output in (
        ("1", ["-an", "-f", "null", "-"]),
        ("2", ["-c:a", "libopus", str(path)]),
    ):
        subprocess.run([*command, "-pass", number, *output], check=True, stdin=subprocess.DEVNULL)
    return path


def hard_places(recording: Recording) -> list[tuple[float, float]]:
    """Where cuts go wrong: [start, end) in seconds. Last from a key frame to the end."""
    times, end = recording.times, recording.end
    near = [min(range(len(times)), key=lambda n: abs(times[n] - key)) for key in recording.keys]
    inside = [place for place in near if 0 < place < len(times) - 2] or [len(times) // 2]
    first, last = inside[0], inside[-1] if len(inside) > 1 else len(times) - 2
    after = min(last + 1, len(times) - 1)
    # Less than a tick after a picture, in every unit of time.
    just_after = times[first + 2] + 4e-6, times[last - 1] + 4e-6
    return [
        (0.0, end),
        (end - 1, end),
        (times[first], times[last]),
        (times[first + 1], times[after]),
        (times[first - 1], times[last - 1]),
        (times[first + 2], times[first + 9]),
        (times[first + 3], times[first + 4]),
        (times[first], times[first + 1]),
        (times[0], times[last]),
        just_after,
        (times[first], end),
    ]


def places(recording: Recording, suffix: str) -> list[tuple[float, float]]:
    """All hard places and random ones, half of them exactly on a picture, for clips named with
    `suffix`; of all that one hard and one random place by default."""
    name = recording.path.name + suffix
    chance, times, end = random.Random(name), recording.times, recording.end
    hard = hard_places(recording)
    found = []
    for number in range(_RANDOM_PLACES):
        first = chance.choice(times[:-12]) if number % 2 else chance.uniform(0, end - 0.5)
        length = 0.08 + chance.choice([0.3, 1, 4, 9]) * chance.random()
        found.append((first, min(end, first + length)))
    if not is_soak():
        pick = crc32(name.encode())
        hard, found = [hard[pick % len(hard)]], [found[pick % len(found)]]
    return [(round(start, 6), round(stop, 6)) for start, stop in [*hard, *found]]
