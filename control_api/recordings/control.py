"""A reconciler and a watch for each studio."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from control_api.clock import Clock
from control_api.events.service import EventService
from control_api.recordings.accounts import Accounts
from control_api.recordings.books import Books
from control_api.recordings.driver import Driver
from control_api.recordings.files import Files
from control_api.recordings.reconciler import Reconciler
from control_api.recordings.recorder import ObsRecorder
from control_api.recordings.store import RecordingStore
from control_api.recordings.watch import Watch
from control_api.schedules.runs import RunStore
from control_api.schedules.windows import Calendar
from control_api.studios.studio import Studio, Studios


@dataclass(frozen=True, slots=True)
class Journal:
    """Where what happens is written down."""

    recordings: RecordingStore
    runs: RunStore
    events: EventService


class Control:
    """`calendar_of` gives the enabled schedules of a studio as they are now."""

    def __init__(
        self,
        studios: Studios,
        journal: Journal,
        calendar_of: Callable[[str], Calendar],
        clock: Clock,
    ) -> None:
        self._journal = journal
        self._calendar_of = calendar_of
        self._clock = clock
        self._files = Files()
        self.reconcilers: dict[str, Reconciler] = {}
        self._watches = [self._watch(studio) for studio in studios]

    @property
    def is_alive(self) -> bool:
        return all(watch.is_alive for watch in self._watches)

    def start(self) -> None:
        for watch in self._watches:
            watch.start()

    def stop(self) -> None:
        """Studios go on with what they do."""
        for watch in self._watches:
            watch.stop()

    def _watch(self, studio: Studio) -> Watch:
        journal, name = self._journal, studio.name
        recorder = ObsRecorder(studio, self._clock.now)
        tell, store = journal.events.tell, journal.recordings
        driver = Driver(name, recorder, store, self._files.check, tell=tell, clock=self._clock)
        books = Books(name, store, Accounts(name, journal.runs, tell))
        self.reconcilers[name] = reconciler = Reconciler(
            name, driver, books, store, lambda: self._calendar_of(name), clock=self._clock
        )
        return Watch(name, studio.link, recorder, reconciler)
