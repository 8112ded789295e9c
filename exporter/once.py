"""Ask every source once: `leitstand snapshot`."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from exporter.poller import Poller
from exporter.service import Polled, sources
from exporter.snapshot import SnapshotStore
from exporter.view import to_json
from leitstand.config import Config


def ask(config: Config) -> dict[str, Any]:
    """The snapshot as JSON; owners are asked before their parts, all servers at once."""
    polled = sources(config)
    store = SnapshotStore(each.report() for each in polled)
    _ask_all((each for each in polled if each.part_of is None), store)
    _ask_all((each for each in polled if each.part_of is not None), store)
    latest = store.latest
    # Whatever answered is live: with one poll there is nothing to grow old.
    live = frozenset(source for source, report in latest.reports.items() if report.error is None)
    return to_json(latest, live, time.time())


def _ask_all(polled: Iterable[Polled], store: SnapshotStore) -> None:
    pollers = [
        Poller(each.source, each.interval, store, lambda kind, state: {})
        for each in polled
        if each.part_of is None or store.latest.reports[each.part_of].error is None
    ]
    with ThreadPoolExecutor(max_workers=max(len(pollers), 1)) as pool:
        list(pool.map(Poller.poll_once, pollers))
    for poller in pollers:
        poller.close()
