"""Whether parts of a clip look alike, so that their frames can stand in one track."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields

from leitstand.cut.likeness import first_look
from leitstand.cut.media import opened
from leitstand.cut.request import CannotCopy
from leitstand.cut.timeline import Piece
from leitstand.media.look import Look


def alike(pieces: Sequence[Piece], step: Callable[[], None]) -> Look:
    """The look of all parts; raises CannotCopy where one differs from the first."""
    looks = _looks(pieces, step)
    first = next(looks)
    for piece, look in zip(pieces[1:], looks, strict=True):
        names = [one.name for one in fields(Look)]
        if differing := [one for one in names if getattr(look, one) != getattr(first, one)]:
            said = ", ".join(differing)
            raise CannotCopy(f"the parts differ: another look ({said}) in part {piece.number}")
    return first


def _looks(pieces: Sequence[Piece], step: Callable[[], None]) -> Iterator[Look]:
    for piece in pieces:
        step()
        with opened(piece.part.path) as media:
            yield first_look(media, piece.scan.shown[0])
