"""When a picture is shown that a packet of VP9 or AV1 holds for later."""

from __future__ import annotations

from array import array
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leitstand.cut.hidden import NEVER, Reach
from tests.leitstand.cut.recordings import Library

_TICK = 10


def _latest(codec: str, packets: list[bytes], extradata: bytes | None = None) -> list[int]:
    """For each packet the place of the one with which the latest of its pictures is shown."""
    reach = Reach(codec, extradata)
    for one in packets:
        reach.add(one)
    stamps = array("q", range(0, _TICK * len(packets), _TICK))
    return [one if one == NEVER else one // _TICK for one in reach.latest(stamps)]


def _of_file(path: Path) -> list[int]:
    with av.open(str(path)) as opened:
        codec = opened.streams.video[0].codec_context
        packets = [bytes(one) for one in opened.demux(video=0) if one.size]
        return _latest(codec.codec.canonical_name, packets, codec.extradata)


@pytest.mark.parametrize(
    ("name", "some"),
    [
        ("vp9-hidden.webm", True),
        ("vp9.webm", False),
        ("av1.mkv", True),
        ("av1-low-delay.webm", False),
    ],
)
def test_only_some_encoders_hide_pictures(name: str, some: bool, recordings: Library) -> None:
    found = _of_file(recordings(name).path)
    assert any(latest > place for place, latest in enumerate(found)) is some


def test_of_av1_the_order_hints_say_when_a_picture_is_shown(recordings: Library) -> None:
    found = _of_file(recordings("av1.mkv").path)
    ahead = [latest - place for place, latest in enumerate(found) if latest != NEVER]
    # The encoder sees 19 frames; within a group all pictures are shown by its end.
    assert 4 <= max(ahead) <= 19
    assert ahead.count(0) > len(ahead) / 3


def _vp9(*, key: bool = False, shown: bool = True, kept: int = 0) -> bytes:
    if key:
        # Sync code, colours, 16 by 16 pixels.
        return bytes([0b1000_0000 | shown << 1, 0x49, 0x83, 0x42, 0x10, 0, 0xF0, 0, 0xF0])
    bits = f"1000_0_1_{shown:d}_0_{'' if shown else '0'}00_{kept:08b}".replace("_", "")
    return int(bits.ljust(32, "0"), 2).to_bytes(4, "big")


def _vp9_again(slot: int) -> bytes:
    return int(f"10001{slot:03b}", 2).to_bytes(1, "big")


def _superframe(*frames: bytes) -> bytes:
    marker = bytes([0xC0 | len(frames) - 1])
    sizes = bytes(len(one) for one in frames)
    return b"".join(frames) + marker + sizes + marker


def test_of_vp9_a_picture_is_shown_when_its_slot_is() -> None:
    hidden = _superframe(_vp9(shown=False, kept=0b100), _vp9())
    assert _latest("vp9", [_vp9(key=True), hidden, _vp9(), _vp9_again(2), _vp9()])[1] == 3
    # Another picture is in its slot by then.
    other = _vp9(kept=0b100)
    assert _latest("vp9", [_vp9(key=True), hidden, other, _vp9_again(2), _vp9()])[1] == NEVER
    # After a key frame nothing is left of it, and libvpx sees no more than 25 frames.
    assert _latest("vp9", [_vp9(key=True), hidden, _vp9(), _vp9(key=True), _vp9()])[1] == 3
    assert _latest("vp9", [_vp9(key=True), hidden, *[_vp9()] * 40])[1] == 26


def test_a_decoder_begins_with_a_key_frame_that_is_shown() -> None:
    reach = Reach("vp9")
    assert reach.add(_vp9(key=True))
    assert not reach.add(_vp9())
    assert not reach.add(_superframe(_vp9(key=True, shown=False), _vp9()))
    assert not reach.add(_vp9_again(3))
    assert not reach.add(b"")


@given(st.sampled_from(["vp9", "av1"]), st.lists(st.binary(max_size=60), max_size=5))
def test_rubbish_does_no_harm(codec: str, packets: list[bytes]) -> None:
    assert all(latest >= place for place, latest in enumerate(_latest(codec, packets)))
