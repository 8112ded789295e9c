"""H.264 and HEVC as a row of NAL units: parameter sets, random access points, start codes.

Inside this package both are always in Annex B form; the muxers turn that into their own.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from leitstand.cut.bits import Bits, plain
from leitstand.cut.request import CannotCopy

_START_CODE = b"\x00\x00\x00\x01"
_H264_SETS = {7, 8, 13, 15}
_HEVC_SETS = {32, 33, 34}
_HEVC_CRA = 21
_HEVC_BLA_WITHOUT_LEADING = 18


class Key(enum.IntEnum):
    """Whether a copy can begin with this picture."""

    NO = 0
    # Decoding may begin here, but later pictures count on from earlier ones.
    UNJOINABLE = 1
    JOINABLE = 2
    # An I picture of H.264 that is no IDR picture: joinable once it has been made one.
    OPEN = 3


@dataclass(slots=True)
class Nals:
    """How one stream's NAL units are kept, and which parameter sets it has."""

    codec: str
    length_size: int | None
    sets: list[bytes] = field(default_factory=list)

    @classmethod
    def of(cls, codec: str, extradata: bytes | None) -> Nals:
        """`codec` is `h264` or `hevc`; `extradata` avcC, hvcC, Annex B or nothing.

        Raises CannotCopy if it is damaged.
        """
        try:
            return cls._of(codec, extradata)
        except IndexError as problem:
            raise CannotCopy("the parameters of the pictures are damaged") from problem

    @classmethod
    def _of(cls, codec: str, extradata: bytes | None) -> Nals:
        data = extradata or b""
        if codec == "h264" and data[:1] == b"\x01" and len(data) > 6:
            return cls(codec, (data[4] & 3) + 1, [one for one in _avcc_sets(data) if one])
        if codec == "hevc" and len(data) > 22 and data[:3] != b"\0\0\1" and data[:4] != _START_CODE:
            return cls(codec, (data[21] & 3) + 1, [one for one in _hvcc_sets(data) if one])
        nals = cls(codec, None)
        nals.sets = [nal for nal in annex_b(data) if nals.is_set(nal)]
        return nals

    def kind(self, nal: bytes) -> int:
        return nal[0] & 0x1F if self.codec == "h264" else (nal[0] >> 1) & 0x3F

    def is_set(self, nal: bytes) -> bool:
        return self.kind(nal) in (_H264_SETS if self.codec == "h264" else _HEVC_SETS)

    def is_delimiter(self, nal: bytes) -> bool:
        return self.kind(nal) == (9 if self.codec == "h264" else 35)

    def split(self, data: bytes) -> list[bytes]:
        """The NAL units of one packet."""
        if self.length_size is None:
            return list(annex_b(data))
        return list(_with_lengths(data, self.length_size))

    def key(self, data: bytes) -> Key:
        """What kind of random access point a packet that is marked as one is."""
        units = self.split(data)
        kinds = {self.kind(nal) for nal in units}
        joinable = {5} if self.codec == "h264" else set(range(16, 22))
        if kinds & joinable:
            return Key.JOINABLE
        slices = [nal for nal in units if self.codec == "h264" and self.kind(nal) == 1]
        return Key.OPEN if slices and all(map(_is_intra, slices)) else Key.UNJOINABLE

    def new_sets(self, data: bytes) -> bool:
        """Whether a packet carries parameter sets other than the stream's own."""
        return any(self.is_set(nal) and nal not in self.sets for nal in self.split(data))

    def used_ids(self) -> set[int]:
        """The ids of H.264's sequence and picture parameter sets."""
        return {found for nal in self.sets if (found := self.set_id(nal)) is not None}

    def set_id(self, nal: bytes) -> int | None:
        """The id of one of H.264's parameter sets."""
        offset = 4 if self.kind(nal) in (7, 15) else 1
        bits = nal[offset : offset + 8]
        return _exp_golomb(bits) if any(bits[:4]) else None


def merged(codec: str, streams: Iterable[Nals]) -> Nals:
    """The parameter sets of several H.264 streams side by side.

    Raises CannotCopy where two different ones have the same id.
    """
    found: dict[tuple[int, int | None], bytes] = {}
    for stream in streams:
        for nal in stream.sets:
            if found.setdefault((stream.kind(nal), stream.set_id(nal)), nal) != nal:
                raise CannotCopy("the parts have different parameter sets under the same id")
    return Nals(codec, None, list(found.values()))


def joined(nals: list[bytes]) -> bytes:
    """NAL units in Annex B form."""
    return b"".join(_START_CODE + nal for nal in nals)


def as_broken_link(nal: bytes) -> bytes:
    """An HEVC picture that leading pictures follow (CRA), as one after a splice (BLA).

    Both have the same slice header; a BLA counts its pictures anew.
    """
    if (nal[0] >> 1) & 0x3F != _HEVC_CRA:
        return nal
    return bytes([(nal[0] & 0x81) | (_HEVC_BLA_WITHOUT_LEADING << 1)]) + nal[1:]


def annex_b(data: bytes) -> Iterator[bytes]:
    """The NAL units between start codes."""
    at = data.find(b"\0\0\1")
    while at >= 0:
        following = data.find(b"\0\0\1", at + 3)
        nal = data[at + 3 : following if following >= 0 else len(data)].rstrip(b"\0")
        if nal:
            yield nal
        at = following


def _with_lengths(data: bytes, size: int) -> Iterator[bytes]:
    at = 0
    while at + size <= len(data):
        length = int.from_bytes(data[at : at + size], "big")
        at += size
        if length:
            yield data[at : at + length]
        at += length


def _avcc_sets(data: bytes) -> Iterator[bytes]:
    at = 5
    for mask in (0x1F, 0xFF):
        if at >= len(data):
            return
        count = data[at] & mask
        at += 1
        for _ in range(count):
            length = int.from_bytes(data[at : at + 2], "big")
            yield data[at + 2 : at + 2 + length]
            at += 2 + length


def _hvcc_sets(data: bytes) -> Iterator[bytes]:
    at = 23
    for _ in range(data[22]):
        kind, count = data[at] & 0x3F, int.from_bytes(data[at + 1 : at + 3], "big")
        at += 3
        for _ in range(count):
            length = int.from_bytes(data[at : at + 2], "big")
            if kind in _HEVC_SETS:
                yield data[at + 2 : at + 2 + length]
            at += 2 + length


def _is_intra(nal: bytes) -> bool:
    """Whether a slice of H.264 is of the kind that refers to no other picture."""
    bits = Bits(plain(nal[:24])[1:])
    bits.ue()
    return bits.ue() in (2, 7)


def _exp_golomb(data: bytes) -> int:
    bits = int.from_bytes(data, "big")
    length = len(data) * 8
    zeros = length - bits.bit_length()
    return (bits >> max(0, length - 2 * zeros - 1)) - 1
