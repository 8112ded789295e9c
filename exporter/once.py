"""Ask every source once: `leitstand snapshot`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from exporter.poller import Poller
from exporter.service import Polled, sources
from exporter.snapshot import SnapshotStore
from exporter.sources.source import SourceId
from exporter.view import to_json
from leitstand.config import Config


def ask(config: Config) -> dict[str, Any]:
    """The snapshot as JSON; owners are asked before their parts, all servers at once."""
    polled = sources(config)
    store = SnapshotStore(each.report() for each in polled)
    _ask_all([each for each in polled if each.part_of is None], store)
    _ask_all([each for each in polled if each.part_of in _answered(store)], store)
    # Whatever answered is live: with one poll there is nothing to grow old.
    return to_json(store.latest, _answered(store), time.time())


def _answered(store: SnapshotStore) -> frozenset[SourceId]:
    reports = store.latest.reports
    return frozenset(source for source, report in reports.items() if report.good_at is not None)


def _ask_all(polled: Sequence[Polled], store: SnapshotStore) -> None:
    pollers = [Poller(each.source, each.interval, store, lambda *_: {}) for each in polled]
    with ThreadPoolExecutor(max_workers=max(len(pollers), 1)) as pool:
        list(pool.map(Poller.poll_once, pollers))
    for poller in pollers:
        poller.close()
