"""`leitstand library scan`: one look at the folders, whether the service runs or not."""

from __future__ import annotations

import contextlib
import json
import threading
from collections import Counter
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from control_api.clock import SystemClock
from control_api.evenings.assign import Assigner
from control_api.evenings.store import EveningStore
from control_api.events.service import EventService
from control_api.events.store import EventStore
from control_api.library.changes import Changes
from control_api.library.folders import Folders, configured
from control_api.library.intake import Intake
from control_api.library.probing import probe
from control_api.library.scan import Scanner, Tally, What
from control_api.library.store import VideoStore
from control_api.migrations.migrate import opened_by_command
from leitstand.config import Config, ConfigError

_MOST_NAMES = 20
_WORDS = {
    What.NEW: "new",
    What.CHANGED: "changed",
    What.DAMAGED: "damaged",
    What.WRITING: "being written",
    What.GONE: "gone",
    What.FAILED: "could not be read",
}


class Names(Tally):
    """Keeps the first names of each sort, and how many there are."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[What] = Counter()
        self.names: dict[What, list[str]] = {what: [] for what in What}

    def tell(self, what: What, name: str) -> None:
        self.counts[what] += 1
        if len(self.names[what]) < _MOST_NAMES:
            self.names[what].append(name)

    @property
    def done(self) -> int:
        return self.examined + self.writing + self.failed


def scan(config: Config, stop: threading.Event, console: Console, *, as_json: bool) -> str:
    """Look once and keep what was found; what there is to say of it. Raises ConfigError.

    What a running service has begun is left to it.
    """
    folders = configured(config)
    if not list(folders):
        raise ConfigError(
            "control_api.library: there is no folder to scan; set it, or obs[].recordings"
        )
    tally = Names()
    with _scanner(config, folders) as scanner, _bar(console) as bar:
        task = bar.add_task("videos", total=None)

        def go_on() -> bool:
            bar.update(task, completed=tally.done, total=tally.done + tally.pending)
            return not stop.is_set()

        scanner.run(tally, go_on)
    return _counts(tally) if as_json else _said(tally)


@contextlib.contextmanager
def _scanner(config: Config, folders: Folders) -> Iterator[Scanner]:
    clock = SystemClock()
    with contextlib.closing(opened_by_command(config.control_api.database_url)) as database:
        store = VideoStore(database)
        changes = Changes(store, folders)
        zone = ZoneInfo(config.control_api.timezone)
        tell = EventService(EventStore(database), clock).tell
        settled = Assigner(EveningStore(database), store, changes, zone).assign
        intake = Intake(store, changes, probe, clock=clock, zone=zone, tell=tell, settled=settled)
        yield Scanner(store, folders, changes, intake, clock)


def _bar(console: Console) -> Progress:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    return Progress(*columns, TimeRemainingColumn(), console=console, transient=True)


def _counts(tally: Names) -> str:
    return json.dumps({"seen": tally.seen, **{str(what): tally.counts[what] for what in What}})


def _said(tally: Names) -> str:
    lines = []
    for what, word in _WORDS.items():
        lines += [f"{word}: {_printable(name)}" for name in tally.names[what]]
        more = tally.counts[what] - len(tally.names[what])
        lines += [f"{word}: {more:,} more"] if more else []
    told = [f"{tally.counts[what]:,} {word}" for what, word in _WORDS.items() if tally.counts[what]]
    return "\n".join([*lines, f"{tally.seen:,} videos: {', '.join(told) or 'nothing has changed'}"])


def _printable(name: str) -> str:
    """Without what a terminal would obey."""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name
    )
