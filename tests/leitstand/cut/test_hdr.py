"""HDR stays HDR where it is copied, in the encoded head too; what is encoded whole is SDR."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from leitstand.cut import Mode, Part, Request, cut
from leitstand.cut.request import Effects
from tests.leitstand.cut.footage import PATCHES, Film, filmed, in_pq, patches
from tests.leitstand.cut.screen import first_frame, shown, stored, stream

_MASTER = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)"
_X265 = f"log-level=none:keyint=50:bframes=3:hdr10=1:repeat-headers=1:master-display={_MASTER}"
HDR10 = Film(
    "libx265",
    {"preset": "ultrafast", "x265-params": f"{_X265}:max-cll=1000,400"},
    pixels="yuv420p10le",
    colours=(1, 9, 16, 9),
    tag="hvc1",
)
HDR = ("Mastering display metadata", "Content light level metadata")
SETS = {32, 33, 34}


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filmed(tmp_path_factory.mktemp("hdr") / "film.mp4", HDR10)


def light(clip: Path) -> dict[str, dict[str, object]]:
    found = first_frame(clip).get("side_data_list", [])
    return {one["side_data_type"]: one for one in found if one["side_data_type"] in HDR}


def _nal_types(clip: Path) -> list[set[int]]:
    """The types of the NAL units of each packet, with lengths of four bytes before them."""
    found = []
    with av.open(str(clip)) as opened:
        for packet in opened.demux(video=0):
            data, at, kinds = bytes(packet), 0, set()
            while at + 4 < len(data):
                kinds.add(data[at + 4] >> 1 & 63)
                at += 4 + int.from_bytes(data[at : at + 4], "big")
            found += [kinds] if kinds else []
    return found


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_an_encoded_head_has_the_hdr_metadata(film: Path, tmp_path: Path, suffix: str) -> None:
    clip = tmp_path / f"clip{suffix}"
    result = cut(Request([Part(film, 1.2, 4.4)], clip))
    assert (result.mode_used, result.reason) == (Mode.EXACT, "")
    assert 0 < result.pictures_encoded < result.pictures / 2
    assert len(light(film)) == 2
    assert light(clip) == light(film)
    for key in ("pix_fmt", "color_range", "color_space", "color_transfer", "color_primaries"):
        assert stream(clip)[key] == stream(film)[key]
        assert first_frame(clip)[key] == stream(film)[key]
    assert shown(clip).numbers == list(range(30, 110))


@pytest.mark.parametrize("tag", ["hvc1", "hev1"])
def test_the_tag_is_kept(tmp_path: Path, tag: str) -> None:
    source = filmed(tmp_path / "source.mp4", replace(HDR10, tag=tag))
    clip = tmp_path / "clip.mp4"
    for span in ((1.2, 4.3), (2.0, 4.4)):
        assert cut(Request([Part(source, *span)], clip)).mode_used is Mode.EXACT
        assert stream(source)["codec_tag_string"] == stream(clip)["codec_tag_string"] == tag
    cut(Request([Part(source, 2.4, 4.4)], clip, Mode.COPY))
    assert stream(clip)["codec_tag_string"] == tag


def test_samples_of_hvc1_have_no_parameter_sets(film: Path, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    for span in ((1.2, 4.4), (1.2, 4.3)):
        cut(Request([Part(film, *span)], clip))
        assert not any(kinds & SETS for kinds in _nal_types(clip))


def test_parts_keep_the_tag_and_the_metadata(film: Path, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    result = cut(Request([Part(film, 1.2, 3.0), Part(film, 3.2, 5.0)], clip))
    assert (result.mode_used, result.reason) == (Mode.EXACT, "")
    assert stream(clip)["codec_tag_string"] == "hvc1"
    assert light(clip) == light(film)
    assert shown(clip).numbers == [*range(30, 75), *range(80, 125)]


@pytest.mark.parametrize(
    ("name", "mode", "span"),
    [("clip.mp4", Mode.REENCODE, (1.2, 2.4)), ("clip.mp4", Mode.EXACT, (2.2, 2.8))],
)
def test_a_clip_that_is_encoded_whole_is_for_browsers(
    film: Path, tmp_path: Path, name: str, mode: Mode, span: tuple[float, float]
) -> None:
    clip = tmp_path / name
    result = cut(Request([Part(film, *span)], clip, mode))
    assert result.mode_used is Mode.REENCODE
    assert "check" not in result.reason
    header = stream(clip)
    assert (header["codec_name"], header["pix_fmt"]) == ("h264", "yuv420p")
    tags = [header[f"color_{one}"] for one in ("range", "space", "transfer", "primaries")]
    assert tags == ["tv", "bt709", "bt709", "bt709"]
    assert light(clip) == {}
    assert shown(clip).numbers == list(range(round(span[0] * 25), round(span[1] * 25)))


def test_h264_with_ten_bits_keeps_the_hdr_metadata(tmp_path: Path) -> None:
    master = f"mastering-display={_MASTER}:cll=1000,400"
    options = {"preset": "veryfast", "x264-params": f"keyint=50:bframes=2:{master}"}
    source = filmed(tmp_path / "a.mkv", replace(HDR10, codec="libx264", options=options, tag=None))
    clip = tmp_path / "clip.mkv"
    assert len(_decoded_light(source)) == 2
    assert cut(Request([Part(source, 1.2, 4.4)], clip)).mode_used is Mode.EXACT
    assert _decoded_light(clip) == _decoded_light(source)
    assert shown(clip).numbers == list(range(30, 110))


def _decoded_light(clip: Path) -> dict[str, bytes]:
    """ffprobe knows it of H.264 only from its version 6.1 on."""
    with av.open(str(clip)) as opened:
        frame = next(opened.decode(video=0))
        names = ("MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL")
        return {one.type.name: bytes(one) for one in frame.side_data if one.type.name in names}


def test_a_clip_with_a_fade_is_for_browsers(tmp_path: Path) -> None:
    film = filmed(tmp_path / "film.mp4", replace(HDR10, draw=patches(in_pq), seconds=2))
    clip, plain = tmp_path / "clip.mp4", tmp_path / "plain.mp4"
    part = Part(film, 0.2, 1.4)
    cut(Request([part], clip, Mode.REENCODE, effects=Effects(fade_out=0.2)))
    cut(Request([part], plain, Mode.REENCODE))
    assert _lumas(stored(clip)[5]) == pytest.approx(_lumas(stored(plain)[5]), abs=3)
    assert stream(clip)["color_transfer"] == "bt709"


def _mapped_by_ffmpeg(film: Path) -> np.ndarray:
    """Another tone curve, by another program: where light is low all curves agree."""
    chain = "zscale=t=linear:npl=203,format=gbrpf32le,zscale=p=bt709,tonemap=mobius:desat=0"
    chain += ",zscale=t=bt709:m=bt709:r=tv,format=yuv420p"
    command = [get_ffmpeg_exe(), "-v", "error", "-i", str(film), "-vf", chain, "-frames:v", "1"]
    done = subprocess.run([*command, "-f", "rawvideo", "-"], check=True, capture_output=True)
    width, height = HDR10.size
    return np.frombuffer(done.stdout, np.uint8, width * height).reshape(height, width)


def _lumas(frame: np.ndarray) -> list[float]:
    wide = frame.shape[1] // len(PATCHES)
    rows = frame[frame.shape[0] // 2 - 8 : frame.shape[0] // 2 + 8]
    return [float(rows[:, n * wide + 5 : (n + 1) * wide - 5].mean()) for n in range(len(PATCHES))]


def test_light_is_mapped_as_others_do(tmp_path: Path) -> None:
    film = filmed(tmp_path / "film.mp4", replace(HDR10, draw=patches(in_pq), seconds=2))
    clip = tmp_path / "clip.mp4"
    cut(Request([Part(film, 0.2, 1.0)], clip, Mode.REENCODE))
    ours, theirs = _lumas(stored(clip)[3]), _lumas(_mapped_by_ffmpeg(film))
    assert ours == sorted(ours)
    assert ours[0] == pytest.approx(16, abs=1)
    assert ours[-1] == pytest.approx(235, abs=2)
    for light, own, other in zip(PATCHES, ours, theirs, strict=True):
        assert own == pytest.approx(other, abs=3 if light <= 50 else 15), light
    # SDR's white stays bright, and what is brighter can be told from it.
    assert 200 < ours[PATCHES.index(203)] < ours[PATCHES.index(400)] - 8
