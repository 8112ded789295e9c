"""Where the parts of a clip lie on its own clock."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from leitstand.cut import clock
from leitstand.cut.continuity import Link, Segment, linked
from leitstand.cut.extent import between
from leitstand.cut.files import Opener
from leitstand.cut.media import Media, Scan, base, opened
from leitstand.cut.request import Cancelled, CutError, Part
from leitstand.cut.segments import segment

# The time stamps of a joined clip.
UNIT = Fraction(1, 90_000)


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
    """A part that was read: its frames are in the clip from `begin` to `until` (seconds), the
    audio of each track in its own range of `heard`; `zero` is the time in its own file that is
    second zero of the clip. `goes_on` says that it is one stream with the part before.

    `ticks` are the times of its frames in the clip; empty where none is shown in the range.
    """

    number: int
    part: Part
    tones: tuple[Tone, ...]
    zero: Fraction
    begin: Fraction
    until: Fraction
    heard: tuple[tuple[Fraction, Fraction], ...]
    goes_on: bool = False
    unit: Fraction = UNIT
    found: Scan | None = None
    ticks: Sequence[int] = ()
    picture: Picture | None = None

    @property
    def scan(self) -> Scan:
        if self.found is None:
            raise CutError(f"Part {self.number} ({self.part.path.name}) has no picture.")
        return self.found

    def tick(self, pts: int) -> int:
        """The time in the clip of one of its frames."""
        return self.ticks[bisect_left(self.scan.shown, pts)]


def laid(
    parts: Sequence[Part],
    step: Callable[[], None],
    *,
    pictures: bool = True,
    opener: Opener = opened,
) -> list[Piece]:
    """Reads every part; each begins where the one before it ends, and a stream that goes on from
    file to file goes on in the clip. Raises CutError that names the part."""
    parts = merged(parts)
    segments = []
    for number, part in enumerate(parts, 1):
        step()
        with named(number, part), opener(part.source) as media:
            segments.append(_segment(part, media, frames=pictures))
    links = linked(parts, segments)
    pieces: list[Piece] = []
    for number, (link, following) in enumerate(zip(links, [*links[1:], None], strict=True), 1):
        step()
        with named(number, link.part), opener(link.part.source) as media:
            pieces.append(_piece(media, _Seams(link, following), pieces, frames=pictures))
    return pieces


def merged(parts: Sequence[Part]) -> list[Part]:
    """The same; parts of one file that follow each other without a gap are one."""
    made: list[Part] = []
    for part in parts:
        if made and made[-1].path == part.path and made[-1].end == part.start:
            made[-1] = replace(made[-1], end=part.end)
        else:
            made.append(part)
    return made


@contextmanager
def named(number: int, part: Part) -> Iterator[None]:
    """Says in an error which part it is about."""
    try:
        yield
    except Cancelled:
        raise
    except CutError as problem:
        raise CutError(f"Part {number} ({part.path.name}): {problem}") from problem


@dataclass(frozen=True, slots=True)
class _Seams:
    """A part and the one after it."""

    link: Link
    following: Link | None

    @property
    def goes_on(self) -> bool:
        """Whether it is in the middle of a stream that began in the part before."""
        return self.link.before is not None

    @property
    def next_begins(self) -> tuple[Fraction, ...] | None:
        """When the tracks go on in the next file, in the time stamps of this one."""
        if self.following is None or self.following.before is None:
            return None
        return tuple(one + self.following.before for one in self.following.own.begins)

    def range(self) -> tuple[Fraction, Fraction]:
        """From where to where its frames are in the clip."""
        own = self.link.own
        start = own.begins[0] if self.goes_on else own.start
        return start, own.end if self.next_begins is None else self.next_begins[0]


def _segment(part: Part, media: Media, *, frames: bool) -> Segment:
    if frames and media.video is None:
        raise CutError("There is no picture in the file.")
    if not frames and not media.audio:
        raise CutError("There is no sound in the file.")
    return segment(part, media, frames=frames)


def _piece(media: Media, seams: _Seams, before: Sequence[Piece], *, frames: bool) -> Piece:
    start, end = seams.range()
    span = between(media, start, end, frames=frames)
    begin = before[-1].until if before else Fraction(0)
    zero = span.start - begin
    # The last frame before a seam stays until the next one.
    until = (end if seams.next_begins is not None else span.end) - zero
    heard = _heard(seams, media, (zero, begin, until), before)
    tones = tuple(Tone.of(one) for one in media.audio)
    piece = Piece(len(before) + 1, seams.link.part, tones, zero, begin, until, heard, seams.goes_on)
    return piece if span.found is None else _framed(piece, media, span.found, before)


def _heard(
    seams: _Seams,
    media: Media,
    place: tuple[Fraction, Fraction, Fraction],
    before: Sequence[Piece],
) -> tuple[tuple[Fraction, Fraction], ...]:
    """Of each track from where it ended in the part before to where it goes on in the next."""
    zero, begin, until = place
    count = len(media.audio)
    begins, ends = [begin] * count, [until] * count
    if seams.goes_on:
        begins = [ended for _, ended in before[-1].heard]
    if seams.next_begins is not None:
        ends = [one - zero for one in seams.next_begins[len(seams.next_begins) - count :]]
    return tuple(zip(begins, ends, strict=True))


def _framed(piece: Piece, media: Media, found: Scan, before: Sequence[Piece]) -> Piece:
    unit = base(media.video)
    last = max((one.ticks[-1] for one in before if one.ticks), default=None)
    begin = round(piece.begin / UNIT)
    ticks = clock.placed(found.shown, unit, piece.zero, UNIT, begin=begin, before=last)
    return replace(piece, unit=unit, found=found, ticks=ticks, picture=Picture.of(media.video))
