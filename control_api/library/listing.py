"""Finds one page among a hundred thousand videos, from the indexes alone."""

from __future__ import annotations

import enum
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, func, select, update
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from control_api.library.portrait import searchable
from control_api.library.tables import RevisionRow, VideoRow

_FEW = 1000
"""So many that their ids are worth naming one by one."""
_MOST_KNOWN = 50


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


@dataclass(frozen=True, slots=True)
class Found:
    """How many videos are wanted, and the shortest way to them; of one revision of the index."""

    revision: int | None
    conditions: Sequence[ColumnElement[bool]]
    total: int


class Listing:
    """Counts what is wanted only once, until the index changes: to turn a page is no search."""

    def __init__(self) -> None:
        self._found: OrderedDict[Wanted, Found] = OrderedDict()
        self._lock = threading.Lock()

    def page(
        self, session: Session, wanted: Wanted, offset: int, limit: int
    ) -> tuple[Sequence[VideoRow], int]:
        """Some of them, and how many there are."""
        found = self._known(session, replace(wanted, sort=Sort.NEWEST))
        slice_ = offset, limit, found.total
        ids = _ids(session, wanted.sort, found.conditions, slice_)
        rows = {row.id: row for row in session.scalars(_these(ids))}
        return [rows[id] for id in ids], found.total

    def _known(self, session: Session, wanted: Wanted) -> Found:
        """Also what another process has changed counts: the revision is the database's."""
        revision = session.scalar(select(RevisionRow.number))
        with self._lock:
            found = self._found.get(wanted)
        if found is None or revision is None or found.revision != revision:
            found = _search(session, wanted, revision)
        with self._lock:
            self._found[wanted] = found
            self._found.move_to_end(wanted)
            while len(self._found) > _MOST_KNOWN:
                self._found.popitem(last=False)
        return found


def changed(session: Session) -> None:
    """To be called in each transaction that changes the index."""
    session.execute(update(RevisionRow).values(number=RevisionRow.number + 1))


def _search(session: Session, wanted: Wanted, revision: int | None) -> Found:
    conditions = _narrowed(session, wanted)
    total = session.scalar(select(func.count()).select_from(VideoRow).where(*conditions)) or 0
    return Found(revision, conditions, total)


def _these(ids: Sequence[str]) -> Select[VideoRow]:
    return select(VideoRow).where(VideoRow.id.in_(ids))


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
    """Where a text begins in another, from 1; 0 if it is not in it. LIKE takes longer."""

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
