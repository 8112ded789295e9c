"""Keeps database and recorder in step: takes the plan from it, writes the outbox to it.

A thread of its own; whatever the database does, nothing else of the recorder waits for it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec
from sqlalchemy.orm import Session

from control_api.events.kinds import Kind
from control_api.recorder import database_rows, plan_source
from control_api.recorder.database_link import DatabaseLink, Missing, Replaced, Unusable
from control_api.recorder.ownership import Ownership
from control_api.recorder.plan import PlanData, Replacement, merged
from control_api.recorder.plan_restore import PutBack, can_be_put_back, put_back
from control_api.recorder.plan_source import Version
from control_api.recorder.recording import Recording
from control_api.recorder.records import Forgotten, Pending, Records
from control_api.recorder.takeover import studio_state

logger = logging.getLogger(__name__)

_CYCLE_SECONDS = 1.0
_LATE_SECONDS = 5.0
_WRITE_SECONDS = 5.0
_REPORT_SECONDS = 3.0
_MISSING_SECONDS = 60.0
_AGAIN_SECONDS = 0.3
_RENEW_SECONDS = 4.0
_BATCH = 200
_REPLACEMENT_SECONDS = 3600.0
"""For how long another database in the plan's place is a fault, unless somebody saves something."""


class Recorded(Protocol):
    """Called with a recording as it was written, with the ids that the database gave to it."""

    def __call__(self, recording: Recording) -> object: ...


class DatabaseSync:
    """`take` is called with every new plan, `recorded` with the row of each recording.

    `take_over` is called with a studio whose lease passed to this recorder, and what the database
    knows of it.
    """

    def __init__(
        self,
        link: DatabaseLink,
        records: Records,
        *,
        take: Callable[[PlanData], object],
        recorded: Recorded,
        ownership: Ownership | None = None,
        take_over: Callable[[str, dict[str, Any]], object] = lambda studio, state: None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._link = link
        self._records = records
        self._take = take
        self._recorded = recorded
        self._ownership = ownership
        self._take_over = take_over
        self._renewed_at = float("-inf")
        self._now = now
        self._plan = records.plan
        self._is_read = self._is_signed = False
        self._wake = threading.Condition()
        self._woken = self._is_over = False
        self._rounds = 0
        self._busy_since: float | None = None
        self._problem: str | None = None
        self._problem_since: float | None = None
        self._failing_since = 0.0
        self._is_reported = self._is_replaced = False
        self._written_at = float("-inf")
        self._thread = threading.Thread(target=self._run, name="database", daemon=True)
        records.wake = self.wake

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float = 2.0) -> None:
        """Write what is left, as long as that takes no longer than `timeout`."""
        self._is_over = True
        self.wake()
        self._thread.join(timeout)

    def wake(self) -> None:
        """There is something to do."""
        with self._wake:
            self._woken = True
            self._wake.notify_all()

    def refresh(self, timeout: float) -> bool:
        """Read the plan now; False if the database does not answer in that time."""
        with self._wake:
            wanted = self._rounds + (2 if self._busy_since is not None else 1)
            self._woken = True
            self._wake.notify_all()
            done = self._wake.wait_for(lambda: self._rounds >= wanted, timeout)
        return done and self._problem is None

    def settle(self, timeout: float) -> None:
        """Wait until the outbox is empty, unless the database cannot be used."""
        with self._wake:
            self._wake.wait_for(
                lambda: not self._records.waiting or self._problem is not None, timeout
            )

    @property
    def is_replaced(self) -> bool:
        """Whether the database's file is not the one that was opened."""
        return self._is_replaced

    @property
    def replacement(self) -> Replacement | None:
        """The database that was found in the place of the plan's, for as long as that matters."""
        found = self._plan.replacement if self._plan else None
        is_recent = found is not None and self._now() - found.since < _REPLACEMENT_SECONDS
        return found if is_recent else None

    @property
    def problem(self) -> tuple[str, float] | None:
        """Why the database cannot be used, and since when (Unix seconds).

        None if it can, or if that has not lasted for some seconds.
        """
        if self._is_reported and self._problem is not None and self._problem_since is not None:
            return self._problem, self._problem_since
        busy = self._busy_since
        if busy is not None and (late := time.monotonic() - busy) > _LATE_SECONDS:
            return "it does not answer", self._now() - late
        return None

    def _run(self) -> None:
        while True:
            self._round()
            with self._wake:
                if self._is_over:
                    return
                self._wake.wait_for(lambda: self._woken, _CYCLE_SECONDS)
                self._woken = False
                if self._problem is not None:
                    # What fails at once must not be tried as often as something is added.
                    self._wake.wait_for(lambda: self._is_over, _AGAIN_SECONDS)

    def _round(self) -> None:
        self._busy_since = time.monotonic()
        try:
            self._link.check()
            self._renew()
            self._pull()
            while self._push():
                pass
            self._write_mark()
        except Unusable as error:
            self._failed(error)
        except Exception:
            logger.exception("database: this is a mistake in Leitstand")
            self._failed(Unusable("a mistake in Leitstand; the log says more"))
        else:
            self._succeeded()
        with self._wake:
            self._busy_since = None
            self._rounds += 1
            self._wake.notify_all()

    def _renew(self) -> None:
        """Hold the leases of the studios, now and then."""
        ownership = self._ownership
        if ownership is not None and time.monotonic() - self._renewed_at >= _RENEW_SECONDS:
            with self._link.writing() as session:
                found = ownership.renew(session)
                gained = {
                    studio: studio_state(session, studio) for studio in ownership.gained(found)
                }
                if ownership.holds_all or gained:
                    plan_source.publish_recorder(session, ownership.place)
            # What the other one left must be known before anything is done in its place.
            for studio, state in gained.items():
                self._take_over(studio, state)
            ownership.note(found)
            self._renewed_at = time.monotonic()

    def _pull(self) -> None:
        """Take over the plan if it has changed; not from a database that lacks some of it."""
        with self._link.reading() as session:
            found = plan_source.version(session)
        known = self._plan
        if known is not None and _is_replaced(known, found):
            known = self._plan = self._put_back(known, found)
        with self._link.reading() as session:
            found = plan_source.version(session)
            is_same = known is not None and _is_same(known, found)
            if (is_same and self._is_read) or (known is not None and _is_replaced(known, found)):
                return
            plan = PlanData(
                merged(known, plan_source.schedules(session)),
                plan_source.settings(session),
                found.database,
                found.revision,
                found.signed,
                # Over when somebody changes something.
                known.replacement if known and (is_same or not known.revision) else None,
            )
        self._keep(plan)
        self._is_read, self._is_signed = True, False
        self._take(plan)

    def _put_back(self, known: PlanData, found: Version) -> PlanData:
        """Another database than last time, or an older copy, gets back what the plan has."""
        is_older = known.database == found.database
        with self._link.writing() as session:
            is_meant = is_older or can_be_put_back(session, known.schedules, found.made_at)
            done = put_back(session, known.schedules) if is_meant else PutBack(0, 0)
            signed = plan_source.sign(session, known if is_older else PlanData())
        what = "an older copy" if is_older else "not the one that was used before"
        said = f"the database is {what}; {done.said}"
        self._records.report(
            Kind.DATABASE_FRESH, None, said, restored=done.restored, older=is_older
        )
        replacement = known.replacement
        if done.restored or (is_older and done.unknown):
            replacement = Replacement(self._now(), f"it is {what}; {done.said}", is_older)
        return msgspec.structs.replace(
            known,
            database=found.database,
            revision="",
            signed=signed,
            replacement=replacement,
        )

    def _sign(self) -> None:
        """Note in the database that the plan was read, by which an older copy is recognised."""
        plan = self._plan
        if plan is None or self._is_signed:
            return
        with self._link.writing() as session:
            signed = plan_source.sign(session, plan)
        self._keep(msgspec.structs.replace(plan, signed=signed))
        self._is_signed = True

    def _keep(self, plan: PlanData) -> None:
        self._plan = plan
        self._records.keep_plan(plan)

    def _push(self) -> bool:
        """Write some entries of the outbox; False if it is empty."""
        entries = self._records.pending(_BATCH)
        if not entries:
            return False
        rows: list[Recording] = []
        with self._link.writing() as session:
            for entry in _in_order(entries):
                _write(session, entry, rows)
        self._records.acknowledge(entries)
        with self._wake:
            self._wake.notify_all()
        self._written_at = time.monotonic()
        for recording in rows:
            self._recorded(recording)
        return len(entries) == _BATCH

    def _write_mark(self) -> None:
        """See now and then that it can be written."""
        self._sign()
        if time.monotonic() - self._written_at >= _WRITE_SECONDS:
            with self._link.writing() as session:
                plan_source.mark_written(session)
            self._written_at = time.monotonic()

    def _failed(self, error: Unusable) -> None:
        reason, is_replaced = str(error), isinstance(error, Replaced)
        if self._problem is None:
            self._problem_since, self._failing_since = self._now(), time.monotonic()
        self._problem, self._is_replaced = reason, is_replaced
        # A lock that is held for a moment is no fault, nor an API that is about to make the tables.
        lasts = time.monotonic() - self._failing_since
        patience = _MISSING_SECONDS if isinstance(error, Missing) else _REPORT_SECONDS
        if not self._is_reported and (is_replaced or lasts > patience):
            self._is_reported = True
            message = f"the database cannot be used: {reason}; recording goes on"
            self._records.report(Kind.DATABASE_LOST, None, message, replaced=is_replaced)

    def _succeeded(self) -> None:
        self._problem = self._problem_since = None
        self._is_replaced = False
        if self._is_reported:
            self._is_reported = False
            self._records.report(Kind.DATABASE_BACK, None, "the database can be used again")


def _is_same(plan: PlanData, found: Version) -> bool:
    return (plan.database, plan.revision) == (found.database, found.revision)


def _is_replaced(plan: PlanData, found: Version) -> bool:
    """Whether this is not the plan's database, or one from before the plan was read."""
    if not plan.database:
        return False
    return plan.database != found.database or found.is_before(plan)


def _in_order(entries: Sequence[Pending]) -> list[Pending]:
    """Recordings first: what refers to them finds their rows."""
    return sorted(entries, key=lambda entry: not isinstance(entry.item, Recording | Forgotten))


def _write(session: Session, entry: Pending, rows: list[Recording]) -> None:
    database_rows.write(session, entry.item)
    if isinstance(entry.item, Recording):
        rows.append(entry.item)
