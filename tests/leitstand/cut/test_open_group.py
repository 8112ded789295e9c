"""Slice headers are read and written to the bit; what remains of an open group stands alone."""

from __future__ import annotations

import contextlib
import subprocess
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leitstand.cut import Part, Request, cut
from leitstand.cut.bits import escaped, plain
from leitstand.cut.bitstream import Nals
from leitstand.cut.open_group import OpenGroup
from leitstand.cut.request import CannotCopy
from leitstand.cut.rewrite import renumbered, rewritten
from leitstand.cut.slices import Headers
from tests.conftest import program
from tests.leitstand.cut.recordings import NAMES, Library, hard_places

_H264 = ["b-frames.mkv", "baseline.mp4", "ten-bit.mkv", *(n for n in NAMES if n[:5] == "open-")]


def _pictures(path: Path, count: int = 200) -> tuple[Nals, list[list[bytes]]]:
    with av.open(str(path)) as opened:
        nals = Nals.of("h264", opened.streams.video[0].codec_context.extradata)
        packets = [bytes(one) for one in opened.demux(video=0) if one.size][:count]
    units = [nals.split(one) for one in packets]
    return nals, [[nal for nal in one if nal[0] & 31 in (1, 5)] for one in units]


@pytest.mark.parametrize("name", _H264)
def test_a_header_written_as_it_was_read_is_the_same(name: str, recordings: Library) -> None:
    nals, pictures = _pictures(recordings(name).path)
    headers = Headers.of(nals.sets)
    for nal in (nal for one in pictures for nal in one):
        read = headers.read(nal)
        assert renumbered(read, read.number, read.order) == nal
        if not read.idr:
            assert rewritten(read, read.number, read.order, read.edits, read.marks) == nal


def test_a_decoder_finds_nothing_to_complain_about(recordings: Library, tmp_path: Path) -> None:
    ffmpeg, clip = program("ffmpeg"), tmp_path / "clip.mp4"
    for name in ("open-pyramid.mkv", "open-weights.mkv", "open-cavlc.mkv"):
        recording = recordings(name)
        start, end = hard_places(recording)[3]
        cut(Request([Part(recording.path, round(start, 6), round(end, 6))], clip))
        command = [ffmpeg, "-v", "warning", "-err_detect", "explode", "-i", clip, "-f", "null", "-"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stderr == ""


def test_pictures_that_refer_to_what_is_left_out_are_not_copied(recordings: Library) -> None:
    nals, pictures = _pictures(recordings("b-frames.mkv").path)
    headers = Headers.of(nals.sets)
    first = next(one for one in pictures if headers.read(one[0]).type == 0)
    with pytest.raises(CannotCopy, match="needs others"):
        OpenGroup(nals.sets).renewed(first, leading=False)


def test_a_reference_before_the_key_frame_is_found(recordings: Library) -> None:
    nals, pictures = _pictures(recordings("open-pyramid.mkv").path)
    headers = Headers.of(nals.sets)
    read = [headers.read(one[0]) for one in pictures]
    key = next(place for place, one in enumerate(read) if place and one.is_intra)
    group = OpenGroup(nals.sets)
    group.renewed(pictures[key], leading=False)
    # The next one decoded is shown before the key frame, and needs what came before it.
    with pytest.raises(CannotCopy, match="refer to others before"):
        group.renewed(pictures[key + 1], leading=False)


def test_a_picture_that_is_missing_in_the_source_is_found(recordings: Library) -> None:
    nals, pictures = _pictures(recordings("open-pyramid.mkv").path)
    headers = Headers.of(nals.sets)
    read = [headers.read(one[0]) for one in pictures]
    key = next(place for place, one in enumerate(read) if place and one.is_intra)
    after = next(n for n in range(key + 1, len(read)) if read[n].number != read[key + 1].number)
    group = OpenGroup(nals.sets)
    group.renewed(pictures[key], leading=False)
    with pytest.raises(CannotCopy, match="missing in the source"):
        group.renewed(pictures[after], leading=True)


@given(st.binary(max_size=200))
def test_what_keeps_start_codes_out_comes_and_goes(data: bytes) -> None:
    assert plain(escaped(data)) == data
    assert all(code not in escaped(data) for code in (b"\0\0\0", b"\0\0\1", b"\0\0\2"))


@given(st.binary(min_size=1, max_size=120), st.binary(min_size=1, max_size=60))
def test_rubbish_is_refused_and_does_no_harm(sets: bytes, nal: bytes) -> None:
    with contextlib.suppress(CannotCopy):
        headers = Headers.of([b"\x67" + sets, b"\x68" + sets[::-1]])
        headers.read(nal)
