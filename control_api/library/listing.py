"""Finds one page among a hundred thousand videos, from the indexes alone."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from control_api.library.portrait import searchable
from control_api.library.tables import VideoRow

_FEW = 1000
"""So many that their ids are worth naming one by one."""


class Sort(enum.StrEnum):
    """What comes first: the newest, the oldest, …"""

    NEWEST = "-start"
    OLDEST = "start"
    TITLE = "title"
    SIZE = "size"
    DURATION = "duration"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which videos: of a stretch of time, a studio, with a text in title, name or notes."""

    between: tuple[float, float] | None = None
    studio: str | None = None
    text: str = ""
    sort: Sort = Sort.NEWEST


_ORDERS: Mapping[Sort, tuple[InstrumentedAttribute[Any], bool]] = {
    Sort.NEWEST: (VideoRow.sort_start, True),
    Sort.OLDEST: (VideoRow.sort_start, False),
    Sort.TITLE: (VideoRow.title, False),
    Sort.SIZE: (VideoRow.size, True),
    Sort.DURATION: (VideoRow.duration, True),
}
"""By what, and whether the highest comes first."""


def page(
    session: Session, wanted: Wanted, offset: int, limit: int
) -> tuple[Sequence[VideoRow], int]:
    """Some of them, and how many there are."""
    conditions = _narrowed(session, wanted)
    total = session.scalar(select(func.count()).select_from(VideoRow).where(*conditions)) or 0
    ids = _ids(session, wanted.sort, conditions, (offset, limit, total))
    found = session.scalars(select(VideoRow).where(VideoRow.id.in_(ids)))
    rows = {row.id: row for row in found}
    return [rows[id] for id in ids], total


def ordered(wanted: Wanted) -> Select[VideoRow]:
    """All of them, to be narrowed further."""
    return select(VideoRow).where(*_conditions(wanted)).order_by(*_order(wanted.sort))


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [VideoRow.listed.is_(True)]
    if wanted.studio is not None:
        conditions.append(VideoRow.studio == wanted.studio)
    if wanted.between is not None:
        start, end = wanted.between
        conditions += [VideoRow.sort_start >= start, VideoRow.sort_start < end]
    if wanted.text:
        conditions.append(_says(wanted.text))
    return conditions


def _narrowed(session: Session, wanted: Wanted) -> list[ColumnElement[bool]]:
    """The same; a text that few videos have is looked for only once, in its index alone.

    What many have is found soon on the way along the order asked for.
    """
    if wanted.text and wanted.between is None:
        query = select(VideoRow.id).where(VideoRow.listed.is_(True), _says(wanted.text))
        found = session.scalars(query.limit(_FEW + 1)).all()
        if len(found) <= _FEW:
            # By their ids alone, which leaves the database no other way than the shortest.
            these = VideoRow.id.in_(found)
            return [these] if wanted.studio is None else [these, VideoRow.studio == wanted.studio]
    return _conditions(wanted)


class _Place(FunctionElement[int]):
    """Where a text begins in another, from 1; 0 if it is not in it. LIKE takes twice as long."""

    inherit_cache = True
    type = Integer()


@compiles(_Place)
def _strpos(element: _Place, compiler: SQLCompiler, **more: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **more)})"


@compiles(_Place, "sqlite")
def _instr(element: _Place, compiler: SQLCompiler, **more: Any) -> str:
    return f"instr({compiler.process(element.clauses, **more)})"


def _says(text: str) -> ColumnElement[bool]:
    return _Place(VideoRow.search, searchable(text)) > 0


def _ids(
    session: Session,
    sort: Sort,
    conditions: Sequence[ColumnElement[bool]],
    slice_: tuple[int, int, int],
) -> Sequence[str]:
    """Of one page, from an index alone, counted from whichever end is nearer."""
    offset, limit, total = slice_
    limit = max(0, min(limit, total - offset))
    from_end = offset > total // 2
    start = total - offset - limit if from_end else offset
    query = select(VideoRow.id).where(*conditions).order_by(*_order(sort, from_end))
    page = session.scalars(query.offset(start).limit(limit)).all() if limit else []
    return page[::-1] if from_end else page


def _order(sort: Sort, from_end: bool = False) -> Sequence[ColumnElement[Any]]:
    column, falls = _ORDERS[sort]
    return [by.desc() if falls != from_end else by.asc() for by in (column, VideoRow.id)]
