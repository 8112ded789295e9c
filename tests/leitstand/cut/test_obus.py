"""AV1's sequence headers and units, read as encoders write them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leitstand.cut import obus
from leitstand.cut.av1 import SequenceUnits
from leitstand.cut.pictures import Sample
from leitstand.cut.request import CannotCopy

_SVT = "00000003b4fdf36be401"
_SVT_HDR = "00000003b4fdf12be542440261"
_SVT_OLD = "000000043cfeccfbf90040"
_LIGHT = obus.Unit(obus.METADATA, b"\x01\x03\xe8\x01\x90\x80")
_KEY = obus.Unit(obus.FRAME, b"\x10")


@pytest.mark.parametrize(
    ("payload", "size", "depth", "colours", "is_full"),
    [
        (_SVT, (160, 96), 8, (2, 2, 2), False),
        (_SVT_HDR, (160, 96), 10, (9, 16, 9), True),
        (_SVT_OLD, (320, 180), 8, (2, 2, 2), False),
    ],
)
def test_a_sequence_header_says_the_form_of_its_frames(
    payload: str, size: tuple[int, int], depth: int, colours: tuple[int, int, int], is_full: bool
) -> None:
    said = obus.Sequence.of(bytes.fromhex(payload))
    assert said.format == obus.Format(0, depth, False, (1, 1), colours, is_full)
    assert (said.size, said.order_bits, said.is_reduced) == (size, 7, False)


@given(
    st.lists(
        st.builds(obus.Unit, st.integers(0, 15), st.binary(max_size=300), st.just((0, 0))),
        max_size=4,
    )
)
def test_units_come_and_go(units: list[obus.Unit]) -> None:
    assert list(obus.units(b"".join(one.coded() for one in units))) == units


@given(st.binary(max_size=60))
def test_rubbish_is_refused_and_does_no_harm(data: bytes) -> None:
    list(obus.units(data))
    with contextlib.suppress(CannotCopy):
        obus.Sequence.of(data)


def _key(payload: str, *between: obus.Unit) -> bytes:
    units = [obus.Unit(obus.SEQUENCE, bytes.fromhex(payload)), *between, _KEY]
    return b"".join(one.coded() for one in units)


def test_a_copied_key_frame_has_its_sequence_header() -> None:
    source = SequenceUnits.of(_key(_SVT), None)
    assert source.copied(_key(_SVT)) == _key(_SVT)
    assert source.copied(_KEY.coded()) == _key(_SVT)
    with pytest.raises(CannotCopy, match="parameters of the pictures change"):
        source.copied(_key(_SVT_OLD))


def test_the_header_of_the_track_counts_where_the_key_frame_has_none() -> None:
    av1c = b"\x81\0\x0c\0" + obus.Unit(obus.SEQUENCE, bytes.fromhex(_SVT)).coded()
    assert SequenceUnits.of(_KEY.coded(), av1c).header.hex() == _SVT
    with pytest.raises(CannotCopy, match="missing"):
        SequenceUnits.of(_KEY.coded(), None)


def test_new_key_frames_get_the_hdr_metadata_of_the_source() -> None:
    source = SequenceUnits.of(_key(_SVT, _LIGHT), None)
    delimiter = obus.Unit(obus.DELIMITER, b"").coded()
    new = Sample(delimiter + _key(_SVT), 0, True), Sample(delimiter + _KEY.coded(), 1, False)
    joined = [one.data for one in source.joined(iter(new))]
    assert joined == [_key(_SVT, _LIGHT), _KEY.coded()]


def test_new_frames_of_another_form_are_not_joined() -> None:
    source = SequenceUnits.of(_key(_SVT_HDR), None)
    with pytest.raises(CannotCopy, match="no encoder here"):
        list(source.joined(iter([Sample(_key(_SVT), 0, True)])))


def test_a_track_of_another_size_gets_its_sequence_header() -> None:
    av1c = b"\x81\x05\x0c\0" + obus.Unit(obus.SEQUENCE, bytes.fromhex(_SVT)).coded()
    assert obus.reconfigured(av1c, bytes.fromhex(_SVT)) is None
    other = obus.reconfigured(av1c, bytes.fromhex(_SVT_OLD))
    assert other is not None
    assert obus.sequence_of(obus.configured(other)) == bytes.fromhex(_SVT_OLD)
    # Profile 0 with level 2.0, and the rest as it was.
    assert other[:4] == b"\x81\0\x0c\0"
