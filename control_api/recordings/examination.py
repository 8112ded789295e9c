"""Examines the files of recordings that have ended: each plays, or is damaged.

Every file is opened by a child process only. A child that is slow, killed or cannot be started says
nothing about the file: the recording is then still to be examined, which is tried again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from control_api.clock import Clock
from control_api.database import Database
from control_api.errors import Conflict, NotFound
from control_api.events.kinds import Kind
from control_api.library.attempts import Attempts
from control_api.library.probing import Gone, NotExamined, Probe, probe
from control_api.recorder.recording import State
from control_api.recordings.examination_looks import Looks, Stat
from control_api.recordings.examination_store import ExaminationStore, Verdict, attempts_of
from control_api.recordings.lost_files import LostFiles
from control_api.recordings.tables import RecordingRow

logger = logging.getLogger(__name__)

_END_SECONDS = 5.0
_RECENT_SECONDS = 2 * 86_400.0
"""For how long a run may be closed, or go on again, after one of its files was examined."""
_OLD_SECONDS = 86_400.0
"""Longer than clocks are set wrong."""
_INVISIBLE = "the file is not visible from here"


@dataclass(frozen=True, slots=True)
class Tunables:
    """Seconds, and how many files are examined at once.

    `quiet`: a file that plays and has not changed for so long is final. `final`: a muxer whose OBS
    was killed still writes its index; a file that does not play after so long without a change is
    damaged. `absent`: how soon a file is looked for again whose folder is not there. `wall`: for
    how long a child is waited for, whose CPU time and memory are limited.
    """

    poll: float = 1.0
    quiet: float = 1.0
    final: float = 15.0
    absent: float = 30.0
    wall: float = 600.0
    at_once: int = 4


class Examination:
    """A thread that looks for recordings to be examined, and one more for each file.

    `tell` is that of the events; `examine` looks into one file (`probing.probe`).
    """

    def __init__(
        self,
        database: Database,
        tell: Callable[..., object],
        clock: Clock,
        tunables: Tunables | None = None,
        *,
        examine: Callable[..., Probe] = probe,
    ) -> None:
        self._store = ExaminationStore(database)
        self._lost = LostFiles(database)
        self._tell = tell
        self._clock = clock
        self._tunables = tunables or Tunables()
        self._ending = threading.Event()
        self._probe = partial(
            examine, wall_seconds=self._tunables.wall, is_cancelled=self._ending.is_set
        )
        self._wake = threading.Event()
        self._looks = Looks(clock.monotonic, self._tunables.at_once)
        self._threads: list[threading.Thread] = []
        self._is_failing = False
        self._thread = threading.Thread(target=self._run, name="examination", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread and the child processes; what they were at is done after the restart."""
        self._ending.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(_END_SECONDS)

    def wake(self) -> None:
        """Look now for recordings that have ended; does not block."""
        self._wake.set()

    def again(self, recording_id: int) -> RecordingRow:
        """Examine a recording once more, now. Raises NotFound, Conflict for one that runs."""
        row = self._store.get(recording_id)
        if row is None:
            raise NotFound(f"there is no recording {recording_id}; GET /api/recordings lists them")
        if not self._store.reopen(recording_id, Attempts(next_at=self._clock.now())):
            raise Conflict(f"recording {recording_id} is not over yet")
        self._looks.forget(recording_id)
        self.wake()
        return self._store.get(recording_id) or row

    def _run(self) -> None:
        while not self._ending.is_set():
            self._safely(self._round)
            self._wake.wait(self._tunables.poll)
            self._wake.clear()
        for thread in self._threads:
            thread.join(_END_SECONDS)

    def _round(self) -> None:
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        rows, now = self._store.checking(), self._clock.now()
        self._looks.keep_only({row.id for row in rows})
        for row in rows:
            if row.file is None:
                self._settle(row, Verdict(State.FINISHED, _INVISIBLE))
            elif attempts_of(row).is_due(now) and self._looks.begin(row.id, Path(row.file).parent):
                self._begin(row, Path(row.file))
        for recording_id in self._lost.unaccounted(now - _RECENT_SECONDS):
            self._correct(recording_id)

    def _begin(self, row: RecordingRow, path: Path) -> None:
        """Examine it in a thread of its own: a child that hangs holds up no other."""

        def work() -> None:
            try:
                self._safely(lambda: self._examine(row, path))
            finally:
                self._looks.end(row.id)

        thread = threading.Thread(target=work, name=f"examine {row.id}", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            # No thread is to be had at the moment; the next round tries again.
            self._looks.end(row.id)
        else:
            self._threads.append(thread)

    def _examine(self, row: RecordingRow, path: Path) -> None:
        try:
            verdict = self._seen(row, path, self._probe(path))
        except Gone as gone:
            verdict = self._missed(row, path, gone)
        except NotExamined as failure:
            verdict = self._failed(row, path, failure)
        except OSError:
            verdict = self._bad(row, None, f"{path.name} is no regular file")
        if verdict is not None:
            self._settle(row, verdict)

    def _seen(self, row: RecordingRow, path: Path, found: Probe) -> Verdict | None:
        """None as long as the file may still change."""
        if not found.stat[0]:
            return self._bad(row, found.stat, f"the file {path.name} is empty")
        if found.damaged:
            return self._bad(row, found.stat, f"the file {path.name}: {found.damaged}")
        age = self._clock.now() - found.stat[1] / 1e9
        quiet = self._looks.quiet_seconds(row.id, found.stat)
        if max(age, quiet) < self._tunables.quiet:
            self._looks.postpone(row.id, self._tunables.quiet)
            return None
        wrong = f"the file {path.name}: {found.reason.text}" if found.reason else ""
        return Verdict(State.FINISHED, wrong, found.duration or None, found.folder)

    def _missed(self, row: RecordingRow, path: Path, gone: Gone) -> Verdict | None:
        """None where its folder is not there either, or another one is in its place: its disk is
        not mounted, or it is on another machine."""
        if gone.folder is None:
            self._looks.postpone_folder(path.parent, self._tunables.absent)
            return None
        known = self._store.folder_of(path, row.studio)
        if known not in (None, gone.folder):
            self._looks.postpone(row.id, self._tunables.absent)
            return None
        return self._bad(row, None, f"the file {path.name} is gone")

    def _failed(self, row: RecordingRow, path: Path, failure: NotExamined) -> Verdict | None:
        if self._ending.is_set():
            return None
        attempts = attempts_of(row).after(failure, self._clock.now())
        if attempts.is_hopeless:
            return Verdict(State.DAMAGED, f"the file {path.name}: {failure}")
        if attempts.failed == 1:
            logger.warning("%s: %s was not examined: %s", row.studio, path.name, failure)
        self._store.postpone(row.id, attempts)
        return None

    def _bad(self, row: RecordingRow, stat: Stat | None, reason: str) -> Verdict | None:
        """None as long as the file may still become whole."""
        quiet = self._looks.quiet_seconds(row.id, stat)
        if quiet < self._tunables.final and not self._is_old(row, stat):
            self._looks.postpone(row.id)
            return None
        return Verdict(State.DAMAGED, reason)

    def _is_old(self, row: RecordingRow, stat: Stat | None) -> bool:
        """Whether it ended, and was last written, so long ago that nobody writes it."""
        changed = stat[1] / 1e9 if stat is not None else 0.0
        ended = row.ended_at if row.ended_at is not None else row.seen_at
        return self._clock.now() - max(ended, changed) > _OLD_SECONDS

    def _settle(self, row: RecordingRow, verdict: Verdict) -> None:
        if not self._store.settle(row.id, verdict):
            return
        state, reason = str(verdict.state), verdict.reason
        told = {"recording_id": row.id, "uid": row.uid, "state": state, "reason": reason}
        self._tell(Kind.RECORDING_EXAMINED, row.studio, _sentence(row, verdict), **told)
        self._correct(row.id)

    def _correct(self, recording_id: int) -> None:
        """Have the accounts of its windows say what became of the file."""
        for lost in self._lost.correct(recording_id):
            run = lost.run
            self._tell(
                Kind.WINDOW_MISSED,
                run.studio,
                run.summary,
                schedule_id=run.schedule_id,
                start=run.start,
                end=run.end,
                missing_seconds=run.missing_seconds,
                outcome=str(run.outcome),
            )

    def _safely(self, work: Callable[[], object]) -> None:
        """The threads live on whatever the database does; its failure is logged once."""
        try:
            work()
            self._is_failing = False
        except SQLAlchemyError as error:
            if not self._is_failing and not self._ending.is_set():
                self._is_failing = True
                logger.warning("recordings cannot be examined: %s", type(error).__name__)
        except Exception:
            if not self._ending.is_set():
                logger.exception("a recording cannot be examined")


def _sentence(row: RecordingRow, verdict: Verdict) -> str:
    if verdict.state is State.DAMAGED:
        return f"the recording is damaged: {verdict.reason}"
    if verdict.reason:
        return f"the recording is finished: {verdict.reason}"
    return f"the recording plays: {verdict.duration or row.duration:.0f} s"
