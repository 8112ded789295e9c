"""NAL units come out of both forms unchanged, and are known for what they are."""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from leitstand.cut.bitstream import Key, Nals, annex_b, as_broken_link, joined
from leitstand.cut.request import CannotCopy

_SEQUENCE = bytes([0x67, 100, 0, 30, 0b10100000])
_PICTURE = bytes([0x68, 0b01010000])
_AVCC = (
    bytes([1, 100, 0, 30, 0xFF, 0xE1])
    + len(_SEQUENCE).to_bytes(2, "big")
    + _SEQUENCE
    + bytes([1])
    + len(_PICTURE).to_bytes(2, "big")
    + _PICTURE
)


def test_parameter_sets_and_their_ids() -> None:
    nals = Nals.of("h264", _AVCC)
    assert (nals.length_size, nals.sets) == (4, [_SEQUENCE, _PICTURE])
    assert nals.used_ids() == {0, 1}
    assert Nals.of("h264", joined([_SEQUENCE, _PICTURE])).sets == nals.sets


def test_where_a_copy_can_begin() -> None:
    nals = Nals("h264", None)
    recovery, idr, intra, predicted = b"\x06\x01", b"\x65\x88", b"\x41\x88", b"\x41\x9a"
    assert nals.key(joined([recovery, idr])) is Key.JOINABLE
    assert nals.key(joined([recovery, intra])) is Key.OPEN
    assert nals.key(joined([recovery, intra, predicted])) is Key.UNJOINABLE
    assert nals.key(recovery) is Key.UNJOINABLE


def test_other_parameter_sets_are_seen() -> None:
    nals = Nals.of("h264", _AVCC)
    assert not nals.new_sets((2).to_bytes(4, "big") + _PICTURE)
    assert nals.new_sets((2).to_bytes(4, "big") + bytes([0x68, 0xFF]))


def test_a_random_access_picture_becomes_a_broken_link() -> None:
    assert as_broken_link(bytes([21 << 1, 1, 7])) == bytes([18 << 1, 1, 7])
    assert as_broken_link(bytes([1 << 1, 1, 7])) == bytes([1 << 1, 1, 7])


@given(st.lists(st.binary(min_size=1, max_size=9).map(lambda one: one.replace(b"\0", b"a"))))
def test_units_survive_both_forms(units: list[bytes]) -> None:
    assert list(annex_b(joined(units))) == units
    with_lengths = b"".join(len(one).to_bytes(4, "big") + one for one in units)
    assert Nals("h264", 4).split(with_lengths) == units


@given(st.binary(max_size=200))
def test_rubbish_does_no_harm(data: bytes) -> None:
    for codec in ("h264", "hevc"):
        with contextlib.suppress(CannotCopy):
            Nals.of(codec, b"\x01" + data).used_ids()
    Nals("hevc", 4).split(data)
    list(annex_b(data))
