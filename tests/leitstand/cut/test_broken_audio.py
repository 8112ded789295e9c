"""Audio packets that cannot be decoded are left out and reported; the clip is made."""

from __future__ import annotations

import subprocess
from pathlib import Path

import av
import pytest

from leitstand.cut import CutError, Mode, Note, Part, Request, cut
from tests.conftest import program
from tests.leitstand.cut.media import Recipe, levels, record, watch
from tests.leitstand.cut.proof import proves
from tests.leitstand.cut.recordings import watched

_MPEG2 = Recipe("mpeg2video", {"g": "15", "bf": "2"}, seconds=6, audio=("mp2",))


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("tape") / "tape.mkv", _MPEG2)


def broken(source: Path, path: Path, bad: range) -> Path:
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
    path = broken(tape, tmp_path / "broken.mkv", range(100, 101))
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
    path = broken(tape, tmp_path / "broken.mkv", range(100, 101))
    result = cut(Request([Part(path, 2.5, 5.3)], tmp_path / "clip.mp4", Mode.REENCODE))
    assert result.notes == ()


def test_a_track_without_one_good_packet_gives_no_clip(tape: Path, tmp_path: Path) -> None:
    path = broken(tape, tmp_path / "broken.mkv", range(1000))
    with pytest.raises(CutError, match="cannot be decoded"):
        cut(Request([Part(path, 1.0, 3.0)], tmp_path / "clip.mp4", Mode.REENCODE))


@pytest.mark.parametrize(("start", "end"), [(0.105, 2.699), (1.904, 3.765), (2.96, 4.97)])
def test_a_camcorder_s_program_stream(start: float, end: float, tape: Path, tmp_path: Path) -> None:
    path, clip = _program_stream(tape, tmp_path), tmp_path / "clip.mkv"
    cut(Request([Part(path, start, end)], clip))
    proves(watched(path), clip, start, end)


def _program_stream(tape: Path, folder: Path) -> Path:
    path = folder / "tape.mpg"
    command = [program("ffmpeg"), "-v", "error", "-i", str(tape), "-c", "copy", "-f", "dvd"]
    subprocess.run([*command, str(path)], check=True, stdin=subprocess.DEVNULL)
    return path


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("packs", [7, 11])
def test_a_stream_that_begins_in_the_middle(
    packs: int, suffix: str, tape: Path, tmp_path: Path
) -> None:
    """Its first packet of audio is a piece of one, its first frames refer to ones that are gone."""
    whole, path, clip = _program_stream(tape, tmp_path), tmp_path / "cut.mpg", tmp_path / "clip"
    path.write_bytes(whole.read_bytes()[2048 * packs :])
    clip = clip.with_suffix(suffix)
    result = cut(Request([Part(path, 0.0, 3.0)], clip))
    seen = watch(clip)
    numbers = seen.numbers
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    # The clicks belong to every 25th frame; the codec is 10 ms late.
    zero = seen.times[0] - numbers[0] / 25
    late = [(one - zero + 0.5) % 1 - 0.5 for one in seen.clicks[0]]
    assert len(late) >= 2
    assert late == pytest.approx([0.01] * len(late), abs=0.02)
    assert [note.code for note in result.notes] == ["audio_packets_skipped"]
    assert result.seconds == 3.0


@pytest.mark.parametrize("packets", [40, 90])
def test_a_transport_stream_that_begins_in_the_middle(packets: int, tmp_path: Path) -> None:
    options = {"preset": "veryfast", "x264-params": "keyint=40:open-gop=1:bframes=3"}
    whole = record(tmp_path / "whole.ts", Recipe(options=options, seconds=8))
    path, clip = tmp_path / "cut.ts", tmp_path / "clip.mp4"
    path.write_bytes(whole.read_bytes()[188 * packets :])
    cut(Request([Part(path, 0.0, 3.0)], clip))
    numbers = watch(clip).numbers
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert clip.exists()
