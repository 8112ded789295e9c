"""H.264 slices with another number, other references, or as the beginning of a stream."""

from __future__ import annotations

from collections.abc import Sequence

from leitstand.cut.bits import Row, escaped
from leitstand.cut.slices import IDR, Edits, Slice


def renumbered(one: Slice, number: int, order: int) -> bytes:
    """The slice as a NAL unit with another number and order, the rest as it is."""
    size = (one.order_end + 7) // 8
    value = int.from_bytes(one.data[:size], "big")
    for at, count, new in (
        (one.number_at, one.sps.number_bits, number),
        (one.order_at, one.sps.order_bits, order),
    ):
        low = size * 8 - at - count
        value = value & ~(((1 << count) - 1) << low) | new << low
    return escaped(value.to_bytes(size, "big") + one.data[size:])


def rewritten(
    one: Slice, number: int, order: int, edits: Sequence[Edits], marks: Sequence[int]
) -> bytes:
    """The slice with other reference lists and other references given up, too."""
    row = Row()
    row.copy(one.data, 0, one.number_at)
    row.u(one.sps.number_bits, number)
    row.copy(one.data, one.number_at + one.sps.number_bits, one.order_at)
    row.u(one.sps.order_bits, order)
    row.copy(one.data, one.order_at + one.sps.order_bits, one.lists_at)
    for changes in edits:
        row.u(1, bool(changes))
        for what, value in changes:
            row.ue(what)
            row.ue(value)
        if changes:
            row.ue(3)
    row.copy(one.data, one.lists_end, one.marks_at)
    if one.reference:
        row.u(1, bool(marks))
        for value in marks:
            row.ue(1)
            row.ue(value)
        if marks:
            row.ue(0)
    row.copy(one.data, one.marks_end, one.data_at)
    return escaped(_with_data(row, one))


def beginning(one: Slice, begin: int) -> bytes:
    """The slice of an I picture as one of an IDR picture with the id `begin`.

    Its order is the lowest that leaves both fields at 0 or more.
    """
    row = Row()
    row.u(8, one.data[0] & 0xE0 | IDR)
    row.copy(one.data, 8, one.number_at)
    row.u(one.sps.number_bits, 0)
    row.copy(one.data, one.number_at + one.sps.number_bits, one.order_at)
    row.ue(begin)
    row.u(one.sps.order_bits, max(0, -one.bottom) if one.sps.order_type == 0 else 0)
    row.copy(one.data, one.order_at + one.sps.order_bits, one.marks_at)
    row.u(2, 0)
    row.copy(one.data, one.marks_end, one.data_at)
    return escaped(_with_data(row, one))


def _with_data(row: Row, one: Slice) -> bytes:
    """The header, and the slice's own data behind it."""
    if one.pps.cabac:
        # CABAC begins on a byte, after ones.
        spare = -row.size % 8
        row.u(spare, (1 << spare) - 1)
        return row.value.to_bytes(row.size // 8, "big") + one.data[(one.data_at + 7) // 8 :]
    data = one.data.rstrip(b"\0")
    rest = len(data) * 8 - one.data_at
    row.u(rest, int.from_bytes(data, "big") & ((1 << rest) - 1))
    spare = -row.size % 8
    row.u(spare, 0)
    return row.value.to_bytes(row.size // 8, "big")
