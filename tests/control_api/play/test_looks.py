"""What the page plays looks as it was filmed: upright, in the right range, without HDR."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.control_api.play.conftest import Room, ffmpeg
from tests.leitstand.cut.footage import ORIENTATIONS, SIZE, Film, filmed
from tests.leitstand.cut.screen import first_frame, frame_tags, rotation, shown, stream
from tests.leitstand.cut.test_colours import FIELDS
from tests.leitstand.cut.test_hdr import HDR10, light
from tests.soak import is_soak

# No browser plays 4:2:2: it is encoded.
FOREIGN = Film(pixels="yuv422p", seconds=2)
TURNED = ORIENTATIONS if is_soak() else ["turned right", "transposed"]


def _put(room: Room, name: str, film: Film) -> str:
    return room.known(filmed(room.house.put(name), film))


def _levels(frame: np.ndarray) -> tuple[float, float]:
    return float(np.percentile(frame[2:22], 3)), float(np.percentile(frame[2:22], 97))


@pytest.mark.parametrize("name", TURNED)
def test_an_encoded_video_is_upright(room: Room, tmp_path: Path, name: str) -> None:
    id = _put(room, "a.mp4", replace(FOREIGN, orientation=name))
    played = room.made(id, tmp_path / "played.mp4")
    seen = shown(played)
    assert (seen.size, seen.numbers) == (SIZE, list(range(50)))
    assert rotation(played) is None


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov"])
def test_a_copied_video_is_upright(room: Room, tmp_path: Path, suffix: str) -> None:
    film = Film(orientation="turned right", seconds=2)
    id = _put(room, f"a{suffix}", film)
    assert room.how(id)["how"] == "virtual"
    seen = shown(room.played(id, tmp_path / "played.mp4"))
    assert (seen.size, seen.numbers) == (SIZE, list(range(50)))


@pytest.mark.parametrize(
    "film",
    [
        Film(
            "mjpeg",
            {"qscale": "2"},
            pixels="yuvj420p",
            colours=(2, 2, 2, 5),
            seconds=2,
            sound=False,
        ),
        replace(FOREIGN, colours=(2, 1, 1, 1)),
    ],
)
def test_the_full_range_is_shown_as_it_was(room: Room, tmp_path: Path, film: Film) -> None:
    id = _put(room, "a.avi" if film.codec == "mjpeg" else "a.mkv", film)
    played = room.made(id, tmp_path / "played.mp4")
    wanted = _levels(shown(room.file(id)).frames[13])
    assert _levels(shown(played).frames[13]) == pytest.approx(wanted, abs=4)
    assert stream(played)["color_range"] == first_frame(played)["color_range"] == "tv"
    assert stream(played)["color_space"] == stream(room.file(id))["color_space"]


def test_hdr_is_mapped_to_what_browsers_show(room: Room, tmp_path: Path) -> None:
    id = _put(room, "a.mp4", replace(HDR10, seconds=2))
    played = room.made(id, tmp_path / "played.mp4")
    header = stream(played)
    assert (header["codec_name"], header["pix_fmt"]) == ("h264", "yuv420p")
    tags = [header[f"color_{one}"] for one in ("range", "space", "transfer", "primaries")]
    assert tags == ["tv", "bt709", "bt709", "bt709"]
    assert light(played) == {}
    assert shown(played).numbers == list(range(50))


def test_the_shape_of_pixels_is_kept(room: Room, tmp_path: Path) -> None:
    id = _put(room, "a.mp4", replace(FOREIGN, aspect=Fraction(4, 3), orientation="turned left"))
    played = room.made(id, tmp_path / "played.mp4")
    assert stream(played)["sample_aspect_ratio"] == "3:4"


def test_fields_are_put_together(room: Room, tmp_path: Path) -> None:
    id = _put(room, "a.mkv", replace(FIELDS, pixels="yuv422p", seconds=2))
    played = room.made(id, tmp_path / "played.mp4")
    assert set(frame_tags(played, "interlaced_frame")) == {(0,)}
    assert shown(played).numbers == list(range(50))


def test_another_size_later_is_letterboxed(room: Room, tmp_path: Path) -> None:
    takes = []
    for number, size in enumerate((SIZE, SIZE[::-1])):
        take = filmed(tmp_path / f"{number}.mp4", replace(FOREIGN, size=size))
        made = tmp_path / f"{number}.ts"
        ffmpeg("-i", take, "-c", "copy", "-output_ts_offset", str(2 * number), made)
        takes.append(made.read_bytes())
    path = room.house.put("a.ts", b"".join(takes))
    seen = shown(room.made(room.known(path), tmp_path / "played.mp4"))
    assert seen.size == SIZE
    # B-frames and AAC begin before 0: the takes overlap by a moment.
    assert 95 <= len(seen.frames) <= 100
    assert seen.numbers[:50] == list(range(50))
    for frame in seen.frames[50:]:
        assert max(frame[:, :48].max(), frame[:, 112:].max()) < 10
        assert frame[:, 52:108].std() > 20
