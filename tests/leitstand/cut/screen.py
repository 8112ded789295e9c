"""What another program shows of a clip: ffmpeg decodes it, ffprobe reads its tags."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from imageio_ffmpeg import get_ffmpeg_exe

from tests.conftest import program
from tests.leitstand.cut.media import number_of


@dataclass(frozen=True)
class Shown:
    """The frames of a clip as they are shown: gray (0 is black, 255 white), turned upright."""

    frames: list[np.ndarray]

    @property
    def numbers(self) -> list[int]:
        return [number_of(one) for one in self.frames]

    @property
    def size(self) -> tuple[int, int]:
        height, width = self.frames[0].shape
        return width, height


def shown(clip: Path) -> Shown:
    """Decodes all of a clip; a decode error fails the test."""
    ended = _ffmpeg(clip, "-f", "image2pipe", "-c:v", "pgm", "-pix_fmt", "gray")
    return Shown(list(_pgm(ended)))


def stored(clip: Path) -> list[np.ndarray]:
    """The luma of its frames (yuv420p) as it is stored, neither turned nor converted."""
    header = stream(clip)
    assert header["pix_fmt"] == "yuv420p"
    width, height = header["width"], header["height"]
    data = np.frombuffer(_ffmpeg(clip, "-f", "rawvideo", before=["-noautorotate"]), np.uint8)
    return [
        one[: width * height].reshape(height, width)
        for one in data.reshape(-1, width * height * 3 // 2)
    ]


def stream(clip: Path, kind: str = "v:0") -> dict[str, Any]:
    """What a track's header says."""
    return dict(_probed(clip, "-show_streams", "-select_streams", kind)["streams"][0])


def first_frame(clip: Path) -> dict[str, Any]:
    """What the first frame says."""
    options = ["-show_frames", "-select_streams", "v:0", "-read_intervals", "%+#1"]
    return dict(_probed(clip, *options)["frames"][0])


def rotation(clip: Path) -> int | None:
    """The rotation in the header; None where there is no matrix."""
    for one in stream(clip).get("side_data_list", []):
        if one["side_data_type"] == "Display Matrix":
            return int(one["rotation"])
    return None


def _probed(clip: Path, *options: str) -> dict[str, Any]:
    command = [program("ffprobe"), "-v", "error", "-of", "json", *options, str(clip)]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))


def _ffmpeg(clip: Path, *options: str, before: list[str] | None = None) -> bytes:
    # The one that moviepy brings knows what Matroska says of rotation.
    command = [get_ffmpeg_exe(), "-v", "error", *(before or []), "-i", str(clip), "-map", "v:0"]
    command += ["-fps_mode", "passthrough", *options, "-"]
    ended = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")
    return ended.stdout


def _pgm(data: bytes) -> Any:
    at = 0
    while at < len(data):
        magic, size, most, rest = data[at : at + 40].split(b"\n", 3)
        assert (magic, most) == (b"P5", b"255")
        width, height = map(int, size.split())
        at += len(magic) + len(size) + len(most) + 3
        yield np.frombuffer(data, np.uint8, width * height, at).reshape(height, width)
        at += width * height


def frame_tags(clip: Path, *names: str) -> list[tuple[Any, ...]]:
    """What each frame says under these names."""
    found = _probed(clip, "-show_frames", "-select_streams", "v:0")["frames"]
    return [tuple(one[name] for name in names) for one in found]


def chapters(clip: Path) -> list[tuple[float, float, str]]:
    found = _probed(clip, "-show_chapters")["chapters"]
    return [
        (float(one["start_time"]), float(one["end_time"]), one["tags"]["title"]) for one in found
    ]


def subtitles(clip: Path) -> list[tuple[float, float, str]]:
    """Start, end and text of each, as SubRip has them; times from the first frame."""
    command = [get_ffmpeg_exe(), "-v", "error", "-i", str(clip), "-map", "s:0", "-f", "srt", "-"]
    done = subprocess.run(command, capture_output=True, check=True, stdin=subprocess.DEVNULL)
    found = []
    for block in done.stdout.decode().replace("\r\n", "\n").strip().split("\n\n"):
        _, times, *lines = block.split("\n")
        start, end = (_seconds(one) for one in times.split(" --> "))
        found.append((start, end, re.sub(r"</?[a-z][^>]*>", "", "\n".join(lines))))
    return found


def _seconds(stamp: str) -> float:
    hours, minutes, seconds = stamp.replace(",", ".").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
