"""Where the parts of a clip lie on its own clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from leitstand.cut.media import Media, Scan, base, opened
from leitstand.cut.request import Cancelled, CutError, Part
from leitstand.cut.work import SLACK_SECONDS, last_ticks, scanned, seconds

# The time stamps of a joined clip.
UNIT = Fraction(1, 90_000)
# Matroska counts in milliseconds: closer pictures would get the same time.
_APART = 180


@dataclass(frozen=True, slots=True)
class Picture:
    """What must agree for pictures to stand in one track."""

    codec: str
    profile: str
    width: int
    height: int
    pixels: str
    aspect: Fraction
    colours: tuple[int, ...]
    rate: Fraction
    extradata: bytes

    @classmethod
    def of(cls, stream: Any) -> Picture:
        one = stream.codec_context
        return cls(
            one.codec.canonical_name,
            str(one.profile),
            one.width,
            one.height,
            str(one.pix_fmt),
            Fraction(one.sample_aspect_ratio or 1),
            tuple(int(tag) for tag in (one.color_range, one.color_primaries, one.color_trc))
            + (int(one.colorspace),),
            Fraction(stream.average_rate or stream.guessed_rate or 30),
            one.extradata or b"",
        )


@dataclass(frozen=True, slots=True)
class Tone:
    """What must agree for sound to stand in one track; `length` is one codec frame's."""

    codec: str
    rate: int
    channels: int
    extradata: bytes
    length: Fraction | None

    @classmethod
    def of(cls, stream: Any) -> Tone:
        one = stream.codec_context
        rate, size = one.sample_rate, one.frame_size or 0
        length = Fraction(size, rate) if size > 1 and rate else None
        name = one.codec.canonical_name
        return cls(name, rate, one.layout.nb_channels, one.extradata or b"", length)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part, looked at. It is heard from `begin` to `until` (seconds of the clip); `zero` is
    the time in its own file that is second zero of the clip, `start` the one asked for.

    `ticks` are the times of its pictures in the clip, `last` how long the last one is shown.
    """

    number: int
    part: Part
    start: Fraction
    tones: tuple[Tone, ...]
    zero: Fraction = Fraction(0)
    begin: Fraction = Fraction(0)
    until: Fraction = Fraction(0)
    unit: Fraction = UNIT
    found: Scan | None = None
    ticks: Sequence[int] = ()
    last: int = 0
    picture: Picture | None = None

    @classmethod
    def blank(cls, number: int, part: Part, media: Media) -> Piece:
        """Before its place is known."""
        tones = tuple(Tone.of(one) for one in media.audio)
        return cls(number, part, media.origin + seconds(part.start), tones)

    def tick(self, pts: int) -> int:
        """The time in the clip of one of the file's time stamps."""
        return _tick(pts, self.unit, self.zero)

    @property
    def scan(self) -> Scan:
        if self.found is None:
            raise CutError(f"Part {self.number} ({self.part.path.name}) has no picture.")
        return self.found


def laid(parts: Sequence[Part], step: Callable[[], None], *, pictures: bool = True) -> list[Piece]:
    """Looks at every part; each begins where the seconds asked of those before it end.

    Second zero is the first picture. Raises CutError that names the part.
    """
    pieces: list[Piece] = []
    at: Fraction | None = None
    for number, part in enumerate(parts, 1):
        step()
        with named(number, part), opened(part.path) as media:
            before = pieces[-1].ticks[-1] + _APART if pieces and pictures else None
            look = _seen if pictures else _unseen
            piece = look(Piece.blank(number, part, media), media, at, before)
        if at is None:
            at = piece.start - piece.zero
        at += seconds(part.end) - seconds(part.start)
        # The last picture of all may stay longer than asked.
        ends = number == len(parts) and pictures
        until = (piece.ticks[-1] + piece.last) * UNIT if ends else at
        pieces.append(replace(piece, until=until))
    return pieces


@contextmanager
def named(number: int, part: Part) -> Iterator[None]:
    """Says in an error which part it is about."""
    try:
        yield
    except Cancelled:
        raise
    except CutError as problem:
        raise CutError(f"Part {number} ({part.path.name}): {problem}") from problem


def _seen(piece: Piece, media: Media, at: Fraction | None, before: int | None) -> Piece:
    stream = media.video
    if stream is None:
        raise CutError("There is no picture in the file.")
    unit, found = base(stream), scanned(piece.part, media)
    zero = found.shown[0] * unit if at is None else piece.start - at
    if before is not None:
        zero -= max(0, before - _tick(found.shown[0], unit, zero)) * UNIT
    ticks = [_tick(pts, unit, zero) for pts in found.shown]
    last = max(1, round(last_ticks(found, stream) * unit / UNIT))
    begin = max(Fraction(0), piece.start - zero)
    return replace(
        piece,
        zero=zero,
        begin=begin,
        unit=unit,
        found=found,
        ticks=ticks,
        last=last,
        picture=Picture.of(stream),
    )


def _unseen(piece: Piece, media: Media, at: Fraction | None, _before: int | None) -> Piece:
    if not media.audio:
        raise CutError("There is no sound in the file.")
    if media.seconds is not None and piece.part.end > media.seconds + SLACK_SECONDS:
        raise CutError(f"The recording is {media.seconds:.3f} s long, the end lies after that.")
    begin = at or Fraction(0)
    return replace(piece, zero=piece.start - begin, begin=begin)


def _tick(pts: int, unit: Fraction, zero: Fraction) -> int:
    # Whole numbers only: a Fraction each would cost more than the copy of its picture.
    over = unit.denominator * zero.denominator
    time = pts * unit.numerator * zero.denominator - zero.numerator * unit.denominator
    return (2 * time * UNIT.denominator + over) // (2 * over)
