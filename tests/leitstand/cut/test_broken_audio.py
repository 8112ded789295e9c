"""Audio packets that cannot be decoded are left out and reported; the clip is made."""

from __future__ import annotations

import subprocess
from pathlib import Path

import av
import pytest

from leitstand.cut import CutError, Mode, Note, Part, Request, cut
from tests.conftest import program
from tests.leitstand.cut.media import Recipe, levels, record
from tests.leitstand.cut.proof import proves
from tests.leitstand.cut.recordings import watched

_MPEG2 = Recipe("mpeg2video", {"g": "15", "bf": "2"}, seconds=6, audio=("mp2",))


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("tape") / "tape.mkv", _MPEG2)


def _broken(source: Path, path: Path, bad: range) -> Path:
    """A copy with rubbish in place of some packets of audio."""
    with av.open(str(source)) as opened, av.open(str(path), "w") as made:
        tracks = {one.index: made.add_stream_from_template(one) for one in opened.streams}
        count = 0
        for packet in opened.demux():
            if not packet.size:
                continue
            if packet.stream.type == "audio":
                if count in bad:
                    rubbish = av.Packet(b"\x55" * packet.size)
                    rubbish.time_base, rubbish.duration = packet.time_base, packet.duration
                    rubbish.pts, rubbish.dts = packet.pts, packet.dts
                    packet, index = rubbish, packet.stream.index
                    packet.stream = tracks[index]
                    made.mux(packet)
                    count += 1
                    continue
                count += 1
            packet.stream = tracks[packet.stream.index]
            made.mux(packet)
    return path


@pytest.mark.parametrize("mode", [Mode.EXACT, Mode.REENCODE])
def test_one_packet_is_left_out_and_reported(mode: Mode, tape: Path, tmp_path: Path) -> None:
    # 24 ms each: at 2.4 s.
    path = _broken(tape, tmp_path / "broken.mkv", range(100, 101))
    recording, clip = watched(tape), tmp_path / "clip.mp4"
    result = cut(Request([Part(path, 1.2, 5.3)], clip, mode))
    assert result.notes == (
        Note(
            "audio_packets_skipped", {"track": 0, "count": 1, "first": pytest.approx(1.2, abs=0.02)}
        ),
    )
    assert result.verdict is not None
    assert result.verdict.right
    proves(recording, clip, 1.2, 5.3)
    found = levels(clip, step=0.02)
    # The decoder gives half of the frame before and after.
    assert sum(one < 0.002 for one in found[2:-2]) <= 2


def test_outside_the_range_nothing_is_reported(tape: Path, tmp_path: Path) -> None:
    path = _broken(tape, tmp_path / "broken.mkv", range(100, 101))
    result = cut(Request([Part(path, 2.5, 5.3)], tmp_path / "clip.mp4", Mode.REENCODE))
    assert result.notes == ()


def test_a_track_without_one_good_packet_gives_no_clip(tape: Path, tmp_path: Path) -> None:
    path = _broken(tape, tmp_path / "broken.mkv", range(1000))
    with pytest.raises(CutError, match="cannot be decoded"):
        cut(Request([Part(path, 1.0, 3.0)], tmp_path / "clip.mp4", Mode.REENCODE))


@pytest.mark.parametrize(("start", "end"), [(0.105, 2.699), (1.904, 3.765), (2.96, 4.97)])
def test_a_camcorder_s_program_stream(start: float, end: float, tape: Path, tmp_path: Path) -> None:
    path, clip = tmp_path / "tape.mpg", tmp_path / "clip.mkv"
    command = [program("ffmpeg"), "-v", "error", "-i", str(tape), "-c", "copy", "-f", "dvd"]
    subprocess.run([*command, str(path)], check=True, stdin=subprocess.DEVNULL)
    cut(Request([Part(path, start, end)], clip))
    proves(watched(path), clip, start, end)
