"""Files as people have them: cut off, with a length that is not there, with cover art."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import av

from tests.conftest import program
from tests.leitstand.cut.media import Recipe, record

GOP = {"g": "25", "keyint_min": "25", "sc_threshold": "0", "bf": "2", "preset": "ultrafast"}
PLAIN = Recipe(options=GOP, seconds=6)
FRAGMENTS = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
FAST = {"movflags": "faststart"}
_OLD = {
    ".avi": ("-c:v", "mpeg4", "-g", "25", "-c:a", "libmp3lame"),
    ".wmv": ("-c:v", "msmpeg4v3", "-g", "25", "-c:a", "wmav2"),
}
HOURS = 8526
"""Seconds that a last sample claims to last."""


def cut_off(source: Path, path: Path, share: float = 0.6) -> Path:
    """The beginning of a file, as a copy that was interrupted leaves it."""
    whole = source.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    return path


def absurd(source: Path, path: Path, container: dict[str, str]) -> Path:
    """A copy whose last video sample lasts for hours, as MediaMTX wrote some."""
    with (
        av.open(str(source)) as given,
        av.open(str(path), "w", container_options=container) as made,
    ):
        tracks = {one.index: made.add_stream_from_template(one) for one in given.streams}
        packets: list[Any] = [one for one in given.demux() if one.dts is not None]
        last = max((one for one in packets if one.stream.type == "video"), key=lambda p: p.dts)
        last.duration = int(HOURS / last.time_base)
        for packet in packets:
            packet.stream = tracks[packet.stream.index]
            made.mux(packet)
    return path


def with_cover(source: Path, path: Path) -> Path:
    """A copy with a picture of its cover in it."""
    picture = path.with_suffix(".png")
    ffmpeg("-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", "1", picture)
    if path.suffix == ".mkv":
        cover = ["-attach", picture, "-metadata:s:t", "mimetype=image/png"]
        ffmpeg("-i", source, "-map", "0", *cover, "-c", "copy", path)
    else:
        still = "-disposition:v:" + ("1" if has_video(source) else "0")
        ffmpeg(
            *("-i", source, "-i", picture, "-map", "0", "-map", "1", "-c", "copy"),
            *(still, "attached_pic", path),
        )
    return path


def has_video(path: Path) -> bool:
    with av.open(str(path)) as container:
        return bool(container.streams.video)


def recorded(path: Path, **more: Any) -> Path:
    """Six seconds of numbered frames and clicks; AVI and WMV in codecs that their players know."""
    if path.suffix not in _OLD:
        return record(path, replace(PLAIN, **more))
    source = record(path.with_suffix(".mkv"), replace(PLAIN, **more))
    ffmpeg("-i", source, *_OLD[path.suffix], path)
    return path


def ffmpeg(*arguments: str | Path) -> None:
    command = [program("ffmpeg"), "-v", "error", "-y", *map(str, arguments)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
