"""The recordings that clips are cut from: five minutes, and an hour of the same; made once."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import av

KEY_FRAME_SECONDS = 250 / 30
_FOLDER = Path(tempfile.gettempdir()) / "leitstand-bench-2"
_PICTURE = "testsrc2=size=1280x720:rate=30,noise=alls=6:allf=t"
# Noise: of a steady tone nobody can say by how much it is off.
_SOUND = "anoisesrc=color=pink:sample_rate=48000:amplitude=0.3"
_X264 = "-c:v libx264 -preset veryfast -b:v 2500k -maxrate 3500k -bufsize 5200k -pix_fmt yuv420p"
_GROUPS = "-g 250 -keyint_min 250 -sc_threshold 0 -bf 3"
_TIMES = 12


def recordings() -> tuple[Path, Path]:
    """720p30, H.264 and AAC in Matroska, a key frame every 8.3 s: 5 minutes, 60 minutes."""
    _FOLDER.mkdir(exist_ok=True)
    short, long = _FOLDER / "5min.mkv", _FOLDER / "1h.mkv"
    _make(short, f"-f lavfi -i {_PICTURE} -f lavfi -i {_SOUND} -t 300 {_X264} {_GROUPS} -c:a aac")
    _make(long, f"-stream_loop {_TIMES - 1} -i {short} -c copy")
    return short, long


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
