"""Checks a clip of several parts: each against its source, at its place in the clip."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from leitstand.cut import likeness
from leitstand.cut.media import Media, base, opened
from leitstand.cut.request import CannotCopy, Part, Verdict
from leitstand.cut.timeline import UNIT, Piece, laid
from leitstand.cut.verify import in_seconds, long, of_source, source_keys, timing, tracked
from leitstand.cut.verify_audio import (
    LISTEN_RATE,
    LISTEN_SECONDS,
    apart,
    covered,
    lacking,
    listen,
    reach,
)

_Step = Callable[[], None]


def verify_parts(parts: Sequence[Part], clip: Path) -> Verdict:
    """Whether `clip` shows these parts one after the other, no more and no less."""
    with opened(clip) as made:
        pictures = made.video is not None
    try:
        return check_pieces(laid(parts, lambda: None, pictures=pictures), clip, lambda: None)
    except CannotCopy as problem:
        return Verdict((f"it cannot be read: {problem}",), 0, 0.0)


def check_pieces(pieces: Sequence[Piece], clip: Path, step: _Step) -> Verdict:
    """As `verify_parts`; `step` may raise to stop it."""
    step()
    try:
        with opened(clip) as made:
            return _checked(pieces, made, step)
    except (CannotCopy, av.FFmpegError) as problem:
        return Verdict((f"it cannot be read: {problem}",), 0, 0.0)


def _checked(pieces: Sequence[Piece], made: Media, step: _Step) -> Verdict:
    faults: list[str] = []
    found: list[int] = []
    length, zero = made.seconds or 0.0, Fraction(0)
    wanted = [tick * UNIT for one in pieces for tick in one.ticks]
    if made.video is not None and wanted:
        found, keys, until = tracked(made)
        zero = found[0] * base(made.video) - wanted[0] if found else zero
        length = float(until - zero)
        faults += timing([float(one) for one in wanted], in_seconds(found, made, zero))
        frame = max(1 / one.picture.rate for one in pieces if one.picture is not None)
        faults += long(made, zero, pieces[-1].until, frame)
        if not faults:
            faults += _shown(pieces, made, (found, keys), step)
    elif wanted or made.video is not None:
        faults.append("it has no pictures" if wanted else "it has pictures, the parts have none")
    count = max(len(one.tones) for one in pieces)
    if len(made.audio) != count:
        faults.append(f"{len(made.audio)} tracks of sound instead of {count}")
        return Verdict(tuple(faults), len(found), length)
    for piece in pieces:
        step()
        faults += _heard(piece, made, zero)
    return Verdict(tuple(faults), len(found), length)


def _shown(
    pieces: Sequence[Piece],
    made: Media,
    track: tuple[Sequence[int], Sequence[int]],
    step: _Step,
) -> Iterator[str]:
    """Of each part both ends, and what lies around its first and last key frame in the clip."""
    found, keys = track
    first = 0
    for piece in (one for one in pieces if one.ticks):
        stop = first + len(piece.ticks)
        own = [one - first for one in keys if first <= one < stop]
        for group in likeness.places(stop - first, own, source_keys(piece.scan)):
            yield from _alike(piece, made, found[first:stop], group, step)
        first = stop


def _alike(
    piece: Piece, made: Media, stamps: Sequence[int], group: list[int], step: _Step
) -> Iterator[str]:
    like = likeness.first_look(made, stamps[0])
    with opened(piece.part.source) as source:
        theirs = of_source(source, piece.scan, group, step, like=like)
    ours = likeness.small(made, [stamps[one] for one in group], step)
    for place in group:
        if fault := likeness.unlike(ours[stamps[place]], theirs, place):
            yield f"picture {place} of part {piece.number} {fault}"


def _heard(piece: Piece, made: Media, zero: Fraction) -> Iterator[str]:
    """The sound at both ends of a part; silence where the part has none."""
    for place in range(len(made.audio)):
        is_there = place < len(piece.tones)
        begin, until = piece.heard[place] if is_there else (piece.begin, piece.until)
        length = min(LISTEN_SECONDS, until - begin)
        for name, at in (("start", begin), ("end", until - length)):
            theirs = _source(piece, place, at, length)
            ours = listen(made, made.audio[place], zero + at, length)
            if fault := apart(theirs, ours, made, made.audio[place]):
                yield f"the sound of track {place} {fault} at the {name} of part {piece.number}"
        if is_there and (fault := _lacking(piece, place, made, zero)):
            yield f"the sound of track {place} {fault} of part {piece.number}"


def _lacking(piece: Piece, place: int, made: Media, zero: Fraction) -> str:
    begin, until = piece.heard[place]
    with opened(piece.part.source) as source:
        theirs = covered(source, source.audio[place], piece.zero + begin, until - begin)
    beside = reach(made, made.audio[place])
    ours = covered(made, made.audio[place], zero + begin, until - begin, beside)
    return lacking(theirs, ours)


def _source(piece: Piece, place: int, at: Fraction, length: Fraction) -> NDArray[np.float32]:
    if place >= len(piece.tones):
        return np.zeros(int(length * LISTEN_RATE), np.float32)
    with opened(piece.part.source) as source:
        return listen(source, source.audio[place], piece.zero + at, length)
