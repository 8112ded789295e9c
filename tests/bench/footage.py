"""The recordings that clips are cut from, of many lengths and in segments; made once.

Long ones repeat one piece of whole groups, since encoding an hour would take long.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import av

KEY_FRAME_SECONDS = 250 / 30
_FOLDER = Path(tempfile.gettempdir()) / "leitstand-bench-footage"
_PICTURE = "testsrc2=size=1280x720:rate=30,noise=alls=6:allf=t"
_SMALL = "testsrc2=size=640x360:rate=30"
# Noise: of a steady tone nobody can say by how much it is off.
_SOUND = "anoisesrc=color=pink:sample_rate=48000:amplitude=0.3"
_X264 = "-c:v libx264 -preset veryfast -b:v 2500k -maxrate 3500k -bufsize 5200k -pix_fmt yuv420p"
_GROUPS = "-g 250 -keyint_min 250 -sc_threshold 0 -bf 3"
_PIECE_SECONDS = 100


def recordings() -> tuple[Path, Path]:
    """720p30, H.264 and AAC in Matroska, a key frame every 8.3 s: 5 minutes, 60 minutes."""
    _FOLDER.mkdir(exist_ok=True)
    piece, short, long = (_FOLDER / name for name in ("piece.mkv", "5min.mkv", "1h.mkv"))
    made = f"-f lavfi -i {_PICTURE} -f lavfi -i {_SOUND} -t {_PIECE_SECONDS}"
    _make(piece, f"{made} {_X264} {_GROUPS} -c:a aac")
    for path, seconds in ((short, 300), (long, 3600)):
        _make(path, f"-stream_loop {seconds // _PIECE_SECONDS - 1} -i {piece} -c copy")
    return short, long


def evening() -> tuple[Path, Path]:
    """The same in a small size, for room on the disk: 5 minutes, 12 hours."""
    _FOLDER.mkdir(exist_ok=True)
    piece, short, long = (_FOLDER / f"small-{name}.mkv" for name in ("piece", "5min", "12h"))
    made = f"-f lavfi -i {_SMALL} -f lavfi -i {_SOUND} -t {_PIECE_SECONDS}"
    how = "-c:v libx264 -preset veryfast -b:v 300k -maxrate 400k -bufsize 600k -pix_fmt yuv420p"
    _make(piece, f"{made} {how} {_GROUPS} -c:a aac -b:a 64k")
    for path, seconds in ((short, 300), (long, 12 * 3600)):
        _make(path, f"-stream_loop {seconds // _PIECE_SECONDS - 1} -i {piece} -c copy")
    return short, long


def segments() -> tuple[Path, list[Path]]:
    """Two minutes, a key frame every 2 s, and the same in files of 4 s."""
    _FOLDER.mkdir(exist_ok=True)
    whole, folder = _FOLDER / "groups.mkv", _FOLDER / "segments"
    made = f"-f lavfi -i {_PICTURE} -f lavfi -i {_SOUND} -t 120"
    _make(whole, f"{made} {_X264} -g 60 -keyint_min 60 -sc_threshold 0 -bf 3 -c:a aac")
    if not folder.exists():
        part = folder.with_name("segments.part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        cut = "-c copy -f segment -segment_time 4 -reset_timestamps 1"
        subprocess.run(
            ["ffmpeg", "-v", "error", "-i", str(whole), *cut.split(), str(part / "%03d.mkv")],
            check=True,
        )
        part.rename(folder)
    return whole, sorted(folder.glob("*.mkv"))


def after_key_frame(path: Path, near: float, later: float) -> float:
    """Seconds from the file's start to a moment so much later than a key frame."""
    with av.open(str(path)) as container:
        container.seek(int(near * av.time_base))
        picture = container.streams.video[0]
        packet = next(each for each in container.demux(picture) if each.is_keyframe)
        assert packet.pts is not None
        start = (container.start_time or 0) / av.time_base
        return float(packet.pts * picture.time_base) - start + later


def _make(path: Path, how: str) -> None:
    if path.exists():
        return
    part = path.with_suffix(".part.mkv")
    subprocess.run(["ffmpeg", "-v", "error", "-y", *how.split(), str(part)], check=True)
    part.rename(path)
