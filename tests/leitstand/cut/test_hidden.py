"""A packet with a picture that is not shown yet is known for what it is."""

from __future__ import annotations

from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leitstand.cut.hidden import hides
from tests.leitstand.cut.recordings import Library


def _hidden(path: Path) -> list[bool]:
    with av.open(str(path)) as opened:
        codec = opened.streams.video[0].codec_context.codec.canonical_name
        return [hides(codec, bytes(one)) for one in opened.demux(video=0) if one.size]


@pytest.mark.parametrize(
    ("name", "some"),
    [
        ("vp9-hidden.webm", True),
        ("vp9.webm", False),
        ("av1.mkv", True),
        ("av1-low-delay.webm", False),
        ("b-frames.mkv", False),
    ],
)
def test_only_some_encoders_hide_pictures(name: str, some: bool, recordings: Library) -> None:
    assert any(_hidden(recordings(name).path)) is some


def test_hidden_pictures_are_told_as_the_bytes_say() -> None:
    assert hides("vp9", bytes([0b1000_0100]))
    assert not hides("vp9", bytes([0b1000_0110]))
    # A superframe of a hidden picture and a shown one, each of one byte.
    assert hides("vp9", bytes([0b1000_0100, 0b1000_0110, 0xC1, 1, 1, 0xC1]))
    assert not hides("vp9", bytes([0b1000_0110, 0b1000_0110, 0xC1, 1, 1, 0xC1]))
    # A frame (6) with a size of one byte: hidden, shown, and one shown that was hidden.
    assert [hides("av1", bytes([0x32, 1, byte])) for byte in (0x00, 0x10, 0x80)] == [True, 0, 0]


@given(st.sampled_from(["vp9", "av1"]), st.binary(max_size=60))
def test_rubbish_does_no_harm(codec: str, data: bytes) -> None:
    assert hides(codec, data) in (True, False)
