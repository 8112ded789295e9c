"""Revisions in the database, by which a process sees that another one has changed something.

Whoever changes rows of a kind that others keep in memory counts its revision up in the same
transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import CursorResult, String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from control_api.database import Base, Database


class RevisionCountRow(Base):
    """`number` grows with each change of what has that name."""

    __tablename__ = "revisions"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    number: Mapped[int]


def count_up(session: Session, name: str) -> None:
    """Note a change, in the transaction that makes it."""
    query = update(RevisionCountRow).where(RevisionCountRow.name == name)
    done = session.execute(query.values(number=RevisionCountRow.number + 1))
    assert isinstance(done, CursorResult)
    if not done.rowcount:
        session.add(RevisionCountRow(name=name, number=1))


class RevisionWatch:
    """Calls a function when the revision of its name has changed since the last look.

    `look` is called by one thread, every second or so; it reads one small table.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._refresh: dict[str, Callable[[], object]] = {}
        self._seen: dict[str, int] = {}

    def listen(self, name: str, refresh: Callable[[], object]) -> None:
        """Before the first look. `refresh` is called once then, too."""
        self._refresh[name] = refresh

    def look(self) -> None:
        """Raises what the database raises; what was not refreshed then is at the next look."""
        numbers = self._numbers()
        for name, refresh in self._refresh.items():
            number = numbers.get(name, 0)
            if self._seen.get(name) != number:
                refresh()
                self._seen[name] = number

    def _numbers(self) -> Mapping[str, int]:
        query = select(RevisionCountRow.name, RevisionCountRow.number)
        with self._database.reading() as session:
            return {row.name: row.number for row in session.execute(query)}
