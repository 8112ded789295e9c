"""The ids of HEVC's parameter sets: read, and changed so that those of two encoders fit together.

Names and order are those of ITU-T H.265, 7.3.1 to 7.3.6. An encoder numbers its sets from 0, as
mostly the source's has done; with other ids both fit into one header, and a clip keeps its tag
`hvc1`, whose samples hold no parameter sets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leitstand.cut.bits import Bits, Row, escaped, plain
from leitstand.cut.request import CannotCopy

_VPS, _SPS, _PPS = 32, 33, 34
_SLICES = range(32)
_RANDOM_ACCESS = range(16, 24)
_HEADER_BITS = 16
# The general part of a profile, tier and level, and that of each sub-layer.
_GENERAL_BITS = 96
_PROFILE_BITS, _LEVEL_BITS = 88, 8
# Codes of 9 bits: a slice that had id 0 (1 bit) grows by a byte, and its data stays where it was.
_PICTURE_IDS = range(15, 31)
_OTHER_IDS = range(1, 16)


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids of one encoder's parameter sets."""

    video: int
    sequence: int
    picture: int


def free(sets: Sequence[bytes], count: int) -> list[Ids]:
    """Ids that none of the parameter sets has; raises CannotCopy if there are too few."""
    used = {kind: {id_of(nal) for nal in sets if _kind(nal) == kind} for kind in (_VPS, _SPS, _PPS)}
    left = [
        [one for one in allowed if one not in used[kind]]
        for kind, allowed in ((_VPS, _OTHER_IDS), (_SPS, _OTHER_IDS), (_PPS, _PICTURE_IDS))
    ]
    found = [Ids(*three) for three in zip(*left, strict=False)]
    if len(found) < count:
        raise CannotCopy("the source leaves no id for parameter sets of new pictures")
    return found[:count]


def renamed(nal: bytes, ids: Ids) -> bytes:
    """A parameter set or slice of an encoder that numbers its sets 0, with other ids."""
    kind = _kind(nal)
    if kind == _VPS:
        return nal[:2] + bytes([ids.video << 4 | nal[2] & 15]) + nal[3:]
    if kind == _SPS:
        at = _sequence_id_at(plain(nal))
        made = _replaced(plain(nal), at, [ids.sequence], is_set=True)
        return escaped(made[:2] + bytes([ids.video << 4 | made[2] & 15]) + made[3:])
    if kind == _PPS:
        return escaped(
            _replaced(plain(nal), _HEADER_BITS, [ids.picture, ids.sequence], is_set=True)
        )
    if kind in _SLICES:
        at = _HEADER_BITS + (2 if kind in _RANDOM_ACCESS else 1)
        return escaped(_replaced(plain(nal), at, [ids.picture], is_set=False))
    return nal


def _kind(nal: bytes) -> int:
    return nal[0] >> 1 & 0x3F


def id_of(nal: bytes) -> int:
    """The id of a parameter set among those of its kind."""
    data = plain(nal)
    if _kind(nal) == _VPS:
        return data[2] >> 4
    bits = Bits(data)
    bits.at = _sequence_id_at(data) if _kind(nal) == _SPS else _HEADER_BITS
    return bits.ue()


def _sequence_id_at(data: bytes) -> int:
    """The bit at which the id of a sequence parameter set begins."""
    bits = Bits(data)
    bits.at = _HEADER_BITS + 4
    layers = bits.u(3)
    bits.at += 1 + _GENERAL_BITS
    if layers:
        said = [bits.u(2) for _ in range(8)][:layers]
        bits.at += sum(_PROFILE_BITS * (one >> 1) + _LEVEL_BITS * (one & 1) for one in said)
    return bits.at


def _replaced(data: bytes, at: int, ids: Sequence[int], *, is_set: bool) -> bytes:
    """The same with other Exp-Golomb codes at a bit; all of them must be 0."""
    bits = Bits(data)
    bits.at = at
    if any(bits.ue() for _ in ids):
        raise CannotCopy("the encoder numbers its parameter sets in an unknown way")
    row = Row()
    row.copy(data, 0, at)
    for one in ids:
        row.ue(one)
    # A set ends with a 1 and zeros up to the byte; these zeros are others now.
    data = data.rstrip(b"\0") if is_set else data
    spare = (data[-1] & -data[-1]).bit_length() - 1 if is_set else 0
    row.copy(data, bits.at, len(data) * 8 - spare)
    row.u(-row.size % 8, 0)
    return row.value.to_bytes(row.size // 8, "big")
