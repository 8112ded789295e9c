"""Lists evenings, shows what was recorded of one, and lets an operator join, split and rename."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from control_api.errors import BadInput, Conflict, NotFound
from control_api.evenings.store import EveningStore, Totals, Wanted
from control_api.evenings.tables import EveningRow
from control_api.library.portrait import WRITING
from control_api.library.service import LibraryService
from control_api.library.tables import VideoRow
from control_api.timeline.service import Recorded, Timelines


@dataclass(frozen=True, slots=True)
class Evening:
    """An evening and what its parts come to."""

    row: EveningRow
    totals: Totals
    newest: float | None = None
    """The newest second of its running recording that can be read, in Unix seconds."""

    @property
    def is_running(self) -> bool:
        """Whether a part of it is being recorded."""
        return self.totals.written > 0

    @property
    def start(self) -> float:
        return min(self.row.start, self.totals.start)

    @property
    def end(self) -> float:
        return max(self.row.end, self.totals.end, self.newest or 0.0)


@dataclass(frozen=True, slots=True)
class Shown:
    """An evening with its parts, and what was recorded in it from start to end."""

    evening: Evening
    parts: Sequence[VideoRow]
    recorded: Recorded


class EveningService:
    def __init__(self, store: EveningStore, timelines: Timelines, library: LibraryService) -> None:
        self.zone = library.zone
        self._store = store
        self._timelines = timelines
        self._library = library

    def page(
        self, wanted: Wanted, *, page: int = 1, page_size: int = 50
    ) -> tuple[list[Evening], int]:
        """Some evenings that have parts, the latest first, and how many there are."""
        rows, total = self._store.page(wanted, (page - 1) * page_size, page_size)
        totals = self._store.totals([row.id for row in rows])
        return [Evening(row, totals[row.id]) for row in rows if row.id in totals], total

    def get(self, id: str) -> Evening:
        """Raises NotFound, also for one all of whose parts are gone."""
        row, totals = self._store.get(id), self._store.totals([id]).get(id)
        if row is None or totals is None:
            raise NotFound(f"there is no evening {id!r}; GET /api/evenings lists them")
        return Evening(row, totals, self._newest(id) if totals.written else None)

    def _newest(self, id: str) -> float | None:
        parts = [row for row in self._store.parts(id) if row.state == WRITING]
        ends = [self._timelines.grown(row).end for row in parts]
        return max((end for end in ends if end is not None), default=None)

    def show(self, id: str) -> Shown:
        """Raises NotFound."""
        evening = self.get(id)
        recorded = self.recorded(evening, evening.start, evening.end)
        # Those that are being written are there as they are now.
        parts = [recorded.rows.get(row.id, row) for row in self._store.parts(id)]
        return Shown(evening, parts, recorded)

    def recorded(self, evening: Evening, begin: float, end: float) -> Recorded:
        """What was recorded of an evening from one moment to another; one that goes on has no
        end as yet."""
        first = max(begin, evening.start)
        last = end if evening.is_running else min(end, evening.end)
        ids = {row.id for row in self._store.all_parts(evening.row.id)}
        return self._timelines.recorded(evening.row.studio, first, last, ids)

    def rename(self, id: str, title: str) -> Evening:
        """Raises NotFound, Conflict, Unavailable."""
        with self._library.held():
            evening = self.get(id)
            evening.row.title, evening.row.is_by_hand = title, True
            self._give(evening.row, self._store.all_parts(id))
        return self.get(id)

    def join(self, id: str, other: str) -> Evening:
        """Make the parts of another evening parts of this one. Raises NotFound, BadInput,
        Conflict."""
        if id == other:
            raise BadInput("evening: an evening cannot be joined with itself")
        with self._library.held():
            evening, joined = self.get(id), self.get(other)
            one, two = evening.row, joined.row
            if (one.studio, one.source) != (two.studio, two.source):
                raise BadInput("evening: evenings of two studios cannot be joined")
            one.title = one.title or two.title
            one.start, one.end = min(one.start, two.start), max(one.end, two.end)
            one.date, one.is_by_hand = self._date(one.start), True
            self._give(one, [*self._store.all_parts(id), *self._store.all_parts(other)])
        return self.get(id)

    def split(self, id: str, where: str | float, into: str | None = None) -> Evening:
        """Make a part and those after it an evening of their own, which is returned.

        `where` is the part's id, or a moment: then it is the first part that begins no earlier.
        `into` is the id of an evening without parts, as a joined one is, that it is to be again.
        Raises NotFound, Conflict, BadInput.
        """
        with self._library.held():
            evening = self.get(id)
            parts = self._store.all_parts(id)
            first = _first_after(parts, where)
            later = [row for row in parts if row.sort_start >= first.sort_start]
            if len(later) == len(parts):
                raise Conflict("an evening cannot be split before its first part")
            earlier = [row for row in parts if row not in later]
            row = evening.row
            start, end = first.sort_start, max(row.end, first.sort_start)
            before = self._without_parts(into, row) if into is not None else None
            new = EveningRow(
                id=secrets.token_hex(8) if before is None else before.id,
                studio=row.studio,
                source=row.source,
                title=row.title if before is None else before.title,
                start=start,
                end=end,
                date=self._date(start),
                is_by_hand=True,
            )
            row.end, row.is_by_hand = max(map(_end, earlier)), True
            self._give(row, earlier)
            self._give(new, later)
        return self.get(new.id)

    def _without_parts(self, id: str, like: EveningRow) -> EveningRow:
        row = self._store.get(id)
        if row is None or (row.studio, row.source) != (like.studio, like.source):
            raise BadInput(f"evening: this studio has no evening {id!r}")
        if self._store.all_parts(id):
            raise Conflict("the other evening has parts; join the two instead")
        return row

    def _give(self, evening: EveningRow, parts: Sequence[VideoRow]) -> None:
        self._store.save(evening)
        for row in parts:
            self._library.keep(
                row,
                {
                    "evening_id": evening.id,
                    "evening_title": evening.title,
                    "evening_by_hand": evening.is_by_hand,
                },
            )

    def _date(self, moment: float) -> str:
        return datetime.fromtimestamp(moment, self.zone).date().isoformat()


def _first_after(parts: Sequence[VideoRow], where: str | float) -> VideoRow:
    """Raises BadInput, Conflict."""
    if isinstance(where, str):
        found = next((row for row in parts if row.id == where), None)
        if found is None:
            raise BadInput(f"video_id: {where!r} is no part of this evening")
        return found
    later = next((row for row in parts if row.sort_start >= where), None)
    if later is None:
        raise Conflict("no part of this evening begins then or later")
    return later


def _end(row: VideoRow) -> float:
    return row.sort_start + row.clock_seconds
