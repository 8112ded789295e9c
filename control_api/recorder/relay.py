"""Reaches APIs on other hosts through the database: publishes the status, carries out requests.

A thread and a connection of its own; neither a studio nor the plan's thread waits for it.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from control_api.recorder import relay_store
from control_api.recorder.database_link import DatabaseLink, Unusable
from control_api.recorder.ownership import Ownership
from control_api.recorder.protocol import Answer
from control_api.recorder.relay_store import Claimed
from control_api.recorder.status import RecorderStatus, StorageStatus, StudioStatus

logger = logging.getLogger(__name__)

COMMANDS = frozenset({"start", "stop", "pause", "extend", "follow_schedule"})
"""What may be asked for in this way: commands to one studio."""
_CYCLE_SECONDS = 0.25
_PUBLISH_SECONDS = 1.0
_AGAIN_SECONDS = 1.0
_FORGET_SECONDS = 30.0
_REPORT_SECONDS = 10.0

Seen = tuple[list[StudioStatus], StorageStatus]


class Relay:
    """`status` gives the whole recorder's, `answer` carries out a command and does not raise."""

    def __init__(
        self,
        link: DatabaseLink,
        ownership: Ownership,
        *,
        status: Callable[[], RecorderStatus],
        answer: Callable[[str, Any], Answer],
    ) -> None:
        self._link = link
        self._ownership = ownership
        self._status = status
        self._answer = answer
        self._answers: queue.SimpleQueue[tuple[int, Answer] | None] = queue.SimpleQueue()
        self._unwritten: list[tuple[int, Answer]] = []
        self._published: Seen | None = None
        self._published_at = self._forgot_at = float("-inf")
        self._failing_since: float | None = None
        self._is_reported = False
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float = 2.0) -> None:
        self._is_over.set()
        self._answers.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout)

    def _run(self) -> None:
        while not self._is_over.is_set():
            try:
                self._round()
                self._failing_since, self._is_reported = None, False
            except Unusable as error:
                self._failed(f"{error}")
            except Exception:
                logger.exception("relay: this is a mistake in Leitstand")
                self._failed("a mistake in Leitstand")
            self._collect()

    def _round(self) -> None:
        self._publish()
        # Before it is asked how old they are: by this clock they are rather older than younger.
        began = time.monotonic()
        for request in self._claim():
            threading.Thread(
                target=self._carry_out,
                args=(request, began),
                name=f"relayed {request.command}",
                daemon=True,
            ).start()
        if time.monotonic() - self._forgot_at >= _FORGET_SECONDS:
            with self._link.writing_unordered() as session:
                relay_store.forget_old(session)
            self._forgot_at = time.monotonic()

    def _publish(self) -> None:
        """Write answers, and with them the status, so that who reads the one knows the other."""
        if not (self._ownership.holds or self._unwritten):
            return
        whole = self._status()
        seen = whole.studios, whole.storage
        is_due = time.monotonic() - self._published_at >= _PUBLISH_SECONDS
        if not (is_due or self._unwritten or seen != self._published):
            return
        answers = list(self._unwritten)
        with self._link.writing_unordered() as session:
            relay_store.publish(session, self._ownership.instance, _by_studio(whole))
            for number, given in answers:
                relay_store.answer(session, number, given)
        del self._unwritten[: len(answers)]
        self._published, self._published_at = seen, time.monotonic()

    def _claim(self) -> Sequence[Claimed]:
        studios = self._ownership.holds
        with self._link.reading() as session:
            if not relay_store.is_waiting(session, studios):
                return ()
        with self._link.writing_unordered() as session:
            # Only what is committed as claimed is carried out: nobody else can take it then.
            return relay_store.claim(session, self._ownership.instance, studios)

    def _carry_out(self, request: Claimed, began: float) -> None:
        try:
            given = self._answer_to(request, began)
        except Exception:
            logger.exception("relayed %s: this is a mistake in Leitstand", request.command)
            given = Answer(error="a mistake in Leitstand; its log says more", status=502)
        self._answers.put((request.id, given))

    def _answer_to(self, request: Claimed, began: float) -> Answer:
        if time.monotonic() - began >= request.seconds_left:
            return relay_store.too_late()
        body = _plain(request.body)
        if request.command not in COMMANDS or body.get("studio") != request.studio:
            said = f"{request.command!r} cannot be asked for in this way"
            return Answer(error=said, status=422)
        return self._answer(request.command, body)

    def _collect(self) -> None:
        """Wait for the next round, or for an answer; while the database fails, for longer."""
        if self._failing_since is not None:
            self._is_over.wait(_AGAIN_SECONDS)
        try:
            while (given := self._answers.get(timeout=_CYCLE_SECONDS)) is not None:
                self._unwritten.append(given)
                if self._answers.empty():
                    return
        except queue.Empty:
            return

    def _failed(self, why: str) -> None:
        now = time.monotonic()
        self._failing_since = now if self._failing_since is None else self._failing_since
        # The tables may be about to be made.
        if not self._is_reported and now - self._failing_since >= _REPORT_SECONDS:
            self._is_reported = True
            logger.warning("APIs on other hosts cannot be reached through the database: %s", why)


def _plain(body: Any) -> dict[str, Any]:
    """A body as the socket would have brought it; {} for what that could not carry."""
    with contextlib.suppress(ValueError, TypeError):
        found = msgspec.json.decode(msgspec.json.encode(body))
        # Infinite numbers become null on the way.
        if found == body and isinstance(found, dict):
            return found
    return {}


def _by_studio(whole: RecorderStatus) -> Mapping[str, RecorderStatus]:
    """For each studio the recorder's status with that studio alone."""
    replace = msgspec.structs.replace
    return {each.studio: replace(whole, studios=[each]) for each in whole.studios}
