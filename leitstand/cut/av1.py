"""AV1 of two encoders in one track: each key frame brings its own sequence header.

A decoder takes a new sequence header with any key frame (AV1 specification, 7.5). The track's
header (`av1C`) stays that of the source, with which the new frames must agree in all that it says
of their form.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from leitstand.cut import obus
from leitstand.cut.pictures import Sample
from leitstand.cut.request import CannotCopy

# MaxCLL and MaxFALL; the mastering display (AV1 specification, 6.7.1).
_LIGHT = (b"\x01", b"\x02")


@dataclass(frozen=True, slots=True)
class SequenceUnits:
    """What a key frame of the source brings: its sequence header, and HDR metadata in units."""

    header: bytes
    light: bytes

    @classmethod
    def of(cls, data: bytes, extradata: bytes | None) -> SequenceUnits:
        """Those of a key frame; raises CannotCopy if there are none."""
        header = obus.sequence_of(data) or obus.sequence_of(obus.configured(extradata))
        if header is None:
            raise CannotCopy("the pictures' parameters are missing")
        return cls(header, b"".join(one.coded() for one in obus.units(data) if _is_light(one)))

    def copied(self, data: bytes) -> bytes:
        """A key frame of the source with its sequence header; raises CannotCopy if it has
        another one."""
        found = obus.sequence_of(data)
        if found is None:
            return obus.Unit(obus.SEQUENCE, self.header).coded() + data
        if found != self.header:
            raise CannotCopy("the parameters of the pictures change inside the range")
        return data

    def joined(self, samples: Iterator[Sample]) -> Iterator[Sample]:
        """Frames of an encoder, as they stand beside the source's; raises CannotCopy where they
        have another form."""
        for sample in samples:
            units = [one for one in obus.units(sample.data) if one.kind != obus.DELIMITER]
            first = b""
            if sample.key:
                self._must_match([one for one in units if one.kind == obus.SEQUENCE])
                first = b"".join(one.coded() for one in units if one.kind == obus.SEQUENCE)
                units = [one for one in units if one.kind != obus.SEQUENCE and not _is_light(one)]
                first += self.light
            yield replace(sample, data=first + b"".join(one.coded() for one in units))

    def _must_match(self, sequences: list[obus.Unit]) -> None:
        if not sequences:
            raise CannotCopy("the encoder gives no parameters with its key frame")
        own, theirs = (obus.Sequence.of(one) for one in (sequences[0].payload, self.header))
        if own.format != theirs.format:
            raise CannotCopy("no encoder here makes such av1 pictures")


def _is_light(unit: obus.Unit) -> bool:
    return unit.kind == obus.METADATA and unit.payload[:1] in _LIGHT
