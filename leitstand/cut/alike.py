"""Whether parts of a clip look alike, so that their frames can stand in one track."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace

from leitstand.cut.likeness import first_look
from leitstand.cut.media import opened
from leitstand.cut.request import CannotCopy
from leitstand.cut.timeline import Piece
from leitstand.media.look import Look


def alike(pieces: Sequence[Piece], step: Callable[[], None]) -> Look:
    """The look of all parts; raises CannotCopy where one differs from the first.

    In a part that goes on in the stream of the one before nothing is decoded: where its parameter
    sets are the same, so is its look.
    """
    begun = [one for one in pieces[1:] if not (one.goes_on and _has_same_sets(pieces[0], one))]
    looks = _looks([pieces[0], *begun], step)
    first = next(looks)
    for piece, look in zip(begun, looks, strict=True):
        names = [one.name for one in fields(Look)]
        if differing := [one for one in names if getattr(look, one) != getattr(first, one)]:
            said = ", ".join(differing)
            raise CannotCopy(f"the parts differ: another look ({said}) in part {piece.number}")
    return first


def _has_same_sets(one: Piece, other: Piece) -> bool:
    """Whether what is said of the frames is the same, but for their rate, which is estimated."""
    ours, theirs = one.picture, other.picture
    return ours is not None and theirs is not None and replace(theirs, rate=ours.rate) == ours


def _looks(pieces: Sequence[Piece], step: Callable[[], None]) -> Iterator[Look]:
    for piece in pieces:
        step()
        with opened(piece.part.source) as media:
            yield first_look(media, piece.scan.shown[0])
