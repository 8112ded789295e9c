"""One thread a source: asks it at a steady pace and publishes what it said."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from exporter.snapshot import Bodies, SnapshotStore
from exporter.sources.source import Source, SourceError, SourceId

logger = logging.getLogger(__name__)

Render = Callable[[str, Any], Bodies]


class Poller:
    """Times, catches and logs for its source, so that no source has to.

    A failure is logged when it begins or its reason changes, not at every poll.
    """

    def __init__(
        self,
        source: Source[Any],
        interval: float,
        store: SnapshotStore,
        render: Render,
        *,
        part_of: SourceId | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._part_of = part_of
        self._interval = interval
        self._store = store
        self._render = render
        self._monotonic = monotonic
        self._stop = threading.Event()
        self._failures = 0
        self._error: str | None = None
        self._thread = threading.Thread(target=self._run, name=f"poll {source.id}", daemon=True)

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Let the thread end; a poll that is under way is made to fail."""
        self._stop.set()
        self._source.abort()

    def join(self, timeout: float) -> None:
        self._thread.join(timeout)

    def close(self) -> None:
        self._source.close()

    def poll_once(self) -> None:
        """Ask the source and publish its answer, or why there is none."""
        began = self._monotonic()
        try:
            state = self._source.poll()
            bodies = self._render(self._source.id.kind, state)
        except SourceError as error:
            self._failed(str(error), began)
        except Exception as error:
            # A mistake of ours must not end the thread: that source would be dead for good.
            if self._note(f"failed unexpectedly: {type(error).__name__}"):
                logger.exception("%s: this is a mistake in Leitstand", self._source.id)
            self._publish_failure(began)
        else:
            self._succeeded(state, bodies, began)

    def _run(self) -> None:
        due = self._monotonic()
        while not self._stop.is_set():
            if not self._owner_answers():
                # Polls missed meanwhile are not made up for either.
                due = self._monotonic()
                continue
            self.poll_once()
            # After a poll that took longer than the interval the missed ones are left out.
            due = max(due + self._interval, self._monotonic())
            self._stop.wait(due - self._monotonic())
        self.close()

    def _owner_answers(self) -> bool:
        """Whether what this is part of answers; waits a moment if not.

        A server that is down is one failure in the log, not one for each thing asked of it.
        """
        if self._part_of is None:
            return True
        snapshot = self._store.latest
        owner = snapshot.reports[self._part_of]
        if owner.was_asked and owner.error is None:
            return True
        self._store.wait(after=snapshot.sequence, timeout=0.5)
        return False

    def _succeeded(self, state: Any, bodies: Bodies, began: float) -> None:
        if self._error is not None:
            logger.info("%s: answers again", self._source.id)
            self._error = None
        now = self._monotonic()
        self._store.publish(
            self._source.id,
            state=state,
            bodies=bodies,
            good_at=now,
            good_time=time.time(),
            duration=now - began,
            error=None,
        )

    def _failed(self, reason: str, began: float) -> None:
        if self._note(reason) and not self._stop.is_set():
            logger.warning("%s: %s", self._source.id, reason)
        self._publish_failure(began)

    def _note(self, reason: str) -> bool:
        """Remember why it fails; True if that is news."""
        news = reason != self._error
        self._error = reason
        return news

    def _publish_failure(self, began: float) -> None:
        self._failures += 1
        self._store.publish(
            self._source.id,
            duration=self._monotonic() - began,
            failures=self._failures,
            error=self._error,
        )
