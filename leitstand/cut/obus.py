"""AV1 packet by packet: its open bitstream units, the sequence header, the head of each frame.

Names and order are those of the AV1 specification, 5.3 to 5.9.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from leitstand.cut.bits import Bits
from leitstand.cut.coded import ORDERS, SLOTS, Coded
from leitstand.cut.request import CannotCopy

SEQUENCE, DELIMITER, FRAME_HEADER, METADATA, FRAME = 1, 2, 3, 5, 6
# Longer than any of them is up to what is read here.
_HEADER_BYTES = 48
_SEQUENCE_BYTES = 512
_KEY, _INTRA_ONLY, _SWITCH = 0, 2, 3
_CHOSEN_IN_FRAME = 2
# Up to it there is one tier.
_LOW_LEVEL = 7
_SRGB = (1, 13, 0)
# Marker and version; the first bit of a unit is zero.
_AV1C, _AV1C_BYTES = b"\x81", 4


class Unit(NamedTuple):
    """An open bitstream unit without its header; `layer` has its temporal and spatial id."""

    kind: int
    payload: bytes
    layer: tuple[int, int] = (0, 0)

    def coded(self) -> bytes:
        """The unit with a header and its size."""
        return bytes([self.kind << 3 | 2]) + _leb128(len(self.payload)) + self.payload


def units(data: bytes) -> Iterator[Unit]:
    """The units of a packet; what a damaged one still has."""
    at = 0
    while at < len(data):
        header = data[at]
        extension = data[at + 1] if header & 4 and at + 1 < len(data) else 0
        at += 2 if header & 4 else 1
        size = len(data) - at
        if header & 2:
            size, at = _read_leb128(data, at)
        yield Unit(header >> 3 & 15, data[at : at + size], (extension >> 5, extension >> 3 & 3))
        at += size


def _read_leb128(data: bytes, at: int) -> tuple[int, int]:
    """A number, and where it ends."""
    value = 0
    for place, byte in enumerate(data[at : at + 8]):
        value |= (byte & 0x7F) << 7 * place
        if not byte & 0x80:
            return value, at + place + 1
    return len(data), len(data)


def _leb128(value: int) -> bytes:
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*made, value])


@dataclass(frozen=True, slots=True)
class Format:
    """What the frames of two sequences must agree in to stand in one track."""

    profile: int
    depth: int
    is_mono: bool
    subsampling: tuple[int, int]
    colours: tuple[int, int, int]
    is_full_range: bool


@dataclass(frozen=True, slots=True)
class Sequence:
    """A sequence header, as far as a track's and frames' headers depend on it."""

    format: Format
    size: tuple[int, int]
    level: tuple[int, int]
    is_reduced: bool
    time_bits: int
    removal_bits: int
    points: tuple[tuple[int, bool], ...]
    size_bits: tuple[int, int]
    id_bits: int
    screen_content: int
    integer_motion: int
    order_bits: int

    @classmethod
    def of(cls, payload: bytes) -> Sequence:
        """Raises CannotCopy if it is damaged."""
        bits = Bits(payload[:_SEQUENCE_BYTES])
        profile, _, is_reduced = bits.u(3), bits.u(1), bool(bits.u(1))
        timing = _Timing((bits.u(5), 0)) if is_reduced else _Timing.read(bits)
        size_bits = bits.u(4) + 1, bits.u(4) + 1
        size = bits.u(size_bits[0]) + 1, bits.u(size_bits[1]) + 1
        id_bits = 0
        if not is_reduced and bits.u(1):
            delta = bits.u(4) + 2
            id_bits = delta + bits.u(3) + 1
        # Superblocks, filter-intra, intra edges.
        bits.u(3)
        tools = (_CHOSEN_IN_FRAME, _CHOSEN_IN_FRAME, 0) if is_reduced else _tools(bits)
        # Superresolution, CDEF, restoration.
        bits.u(3)
        return cls(
            _format(bits, profile),
            size,
            timing.level,
            is_reduced,
            timing.time_bits,
            timing.removal_bits,
            timing.points,
            size_bits,
            id_bits,
            *tools,
        )


@dataclass(frozen=True, slots=True)
class _Timing:
    """The level and tier, how long times in frame headers are, which operating points have some."""

    level: tuple[int, int]
    time_bits: int = 0
    removal_bits: int = 0
    points: tuple[tuple[int, bool], ...] = ()

    @classmethod
    def read(cls, bits: Bits) -> _Timing:
        time_bits = removal_bits = delay_bits = 0
        if bits.u(1):
            bits.u(64)
            is_equal = bits.u(1)
            if is_equal:
                bits.ue()
            if bits.u(1):
                delay_bits = bits.u(5) + 1
                bits.u(32)
                removal_bits, presentation = bits.u(5) + 1, bits.u(5) + 1
                time_bits = 0 if is_equal else presentation
        has_delays, points, levels = bits.u(1), [], []
        for _ in range(bits.u(5) + 1):
            idc = bits.u(12)
            level = bits.u(5)
            levels.append((level, bits.u(1) if level > _LOW_LEVEL else 0))
            has_model = bool(delay_bits and bits.u(1))
            if has_model:
                bits.u(2 * delay_bits + 1)
            if has_delays and bits.u(1):
                bits.u(4)
            points.append((idc, has_model))
        return cls(levels[0], time_bits, removal_bits, tuple(points))


def _tools(bits: Bits) -> tuple[int, int, int]:
    """Screen content and whole motion vectors, each 2 where frames say it; bits of order hints."""
    bits.u(4)
    has_order = bits.u(1)
    if has_order:
        bits.u(2)
    screen = _CHOSEN_IN_FRAME if bits.u(1) else bits.u(1)
    motion = _CHOSEN_IN_FRAME
    if screen and not bits.u(1):
        motion = bits.u(1)
    return screen, motion, bits.u(3) + 1 if has_order else 0


def _format(bits: Bits, profile: int) -> Format:
    """5.5.2."""
    depth = 10 if bits.u(1) else 8
    if profile == 2 and depth == 10 and bits.u(1):
        depth = 12
    is_mono = profile != 1 and bool(bits.u(1))
    colours = (bits.u(8), bits.u(8), bits.u(8)) if bits.u(1) else (2, 2, 2)
    if not is_mono and colours == _SRGB:
        return Format(profile, depth, is_mono, (0, 0), colours, True)
    is_full = bool(bits.u(1))
    smaller = (1, 1) if profile == 0 or is_mono else (0, 0) if profile == 1 else (1, 0)
    if profile == 2 and depth == 12 and not is_mono:
        across = bits.u(1)
        smaller = across, bits.u(1) if across else 0
    return Format(profile, depth, is_mono, smaller, colours, is_full)


def configured(extradata: bytes | None) -> bytes:
    """The units in a track's header, which has them bare or in `av1C`."""
    data = extradata or b""
    return data[_AV1C_BYTES:] if data[:1] == _AV1C else data


def reconfigured(extradata: bytes | None, payload: bytes) -> bytes | None:
    """A track's `av1C` for frames of another size, with their sequence header.

    None where the track's own says their size; raises CannotCopy if a header is damaged.
    """
    data, own = extradata or b"", sequence_of(configured(extradata))
    said = Sequence.of(payload)
    if data[:1] != _AV1C or own is None or Sequence.of(own).size == said.size:
        return None
    level, tier = said.level
    fixed = bytes([data[0], data[1] & 0xE0 | level, data[2] & 0x7F | tier << 7, data[3]])
    return fixed + Unit(SEQUENCE, payload).coded()


def sequence_of(data: bytes) -> bytes | None:
    """The last sequence header in a packet, or in the units of `av1C`."""
    found = [unit.payload for unit in units(data) if unit.kind == SEQUENCE]
    return found[-1] if found else None


class Frames:
    """Reads the frames of one stream, packet by packet in decoding order.

    Raises CannotCopy at what is damaged.
    """

    def __init__(self, extradata: bytes | None = None) -> None:
        # What the track's header says holds until a packet says something else.
        self._raw = sequence_of(configured(extradata))
        self._sequence: Sequence | None = None

    def read(self, data: bytes) -> Iterator[Coded]:
        """The frames of one packet in the order of decoding, also one that is only shown."""
        for unit in units(data):
            if unit.kind == SEQUENCE and unit.payload != self._raw:
                self._raw, self._sequence = unit.payload, None
            if unit.kind in (FRAME_HEADER, FRAME):
                bits = Bits(unit.payload[:_HEADER_BYTES])
                yield _frame(bits, self._said(), unit.layer)

    def _said(self) -> Sequence:
        if self._sequence is None:
            if self._raw is None:
                raise CannotCopy("the pictures' parameters are missing")
            self._sequence = Sequence.of(self._raw)
        return self._sequence


def _frame(bits: Bits, said: Sequence, layer: tuple[int, int]) -> Coded:
    """5.9.2, to the slots that the frame is kept in."""
    kind, is_shown, is_resilient = _KEY, True, True
    if not said.is_reduced:
        if bits.u(1):
            return Coded(is_shown=True, existing=bits.u(3))
        kind, is_shown = bits.u(2), bool(bits.u(1))
        bits.u(said.time_bits if is_shown else 1)
        is_start = kind == _KEY and is_shown
        is_resilient = kind == _SWITCH or is_start or bool(bits.u(1))
    bits.u(1)
    _skip_screen_content(bits, said)
    bits.u(said.id_bits)
    is_sized = kind == _SWITCH or (not said.is_reduced and bool(bits.u(1)))
    hint = bits.u(said.order_bits)
    if kind not in (_KEY, _INTRA_ONLY) and not is_resilient:
        bits.u(3)
    _skip_removal(bits, said, layer)
    is_start = kind == _KEY and is_shown
    kept = (1 << SLOTS) - 1 if kind == _SWITCH or is_start else bits.u(SLOTS)
    size = said.size if is_start else None
    if is_start and is_sized:
        size = bits.u(said.size_bits[0]) + 1, bits.u(said.size_bits[1]) + 1
    # They wrap where the bits end, however many there are.
    order = None if not said.order_bits else hint * (ORDERS >> said.order_bits)
    return Coded(is_shown, is_start, order, kept, size=size)


def _skip_screen_content(bits: Bits, said: Sequence) -> None:
    screen = bits.u(1) if said.screen_content == _CHOSEN_IN_FRAME else said.screen_content
    if screen and said.integer_motion == _CHOSEN_IN_FRAME:
        bits.u(1)


def _skip_removal(bits: Bits, said: Sequence, layer: tuple[int, int]) -> None:
    if not said.removal_bits or not bits.u(1):
        return
    temporal, spatial = layer
    for idc, has_model in said.points:
        is_inside = idc >> temporal & 1 and idc >> (spatial + 8) & 1
        if has_model and (not idc or is_inside):
            bits.u(said.removal_bits)
