"""The pages of /metrics: made once a snapshot, in every encoding that somebody asks for."""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from exporter import collectors
from exporter.collectors import status
from exporter.exposition import Format, Renderer, page
from exporter.family import Family
from exporter.snapshot import Bodies, Snapshot, SnapshotStore
from exporter.sources.source import SourceId

_STAYS_WANTED_SECONDS = 300.0
_BURST_SECONDS = 0.15
# Level 1 takes a third of the time of the default and the page is still a tenth of its size.
_GZIP_LEVEL = 1
_GZIP_WINDOW = 31


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a page is asked for."""

    form: Format
    gzip: bool


Moment = tuple[int, frozenset[SourceId]]
"""What a page depends on: the snapshot, and who of it is still up."""


def _moment(snapshot: Snapshot, now: float) -> Moment:
    return snapshot.sequence, snapshot.live(now)


def render(renderer: Renderer, kind: str, state: Any) -> Bodies:
    """The rendered samples of one state."""
    metrics = collectors.collect(kind, state)
    return {family: renderer.body(family, samples) for family, samples in metrics if samples}


class Pages:
    """Holds the newest page in each encoding.

    What was asked for in the last minutes is made ahead by a thread of its own as soon as a
    snapshot comes, so that a scrape finds it ready.
    """

    def __init__(
        self,
        store: SnapshotStore,
        renderer: Renderer,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._renderer = renderer
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._made: dict[Encoding, tuple[Moment, bytes]] = {}
        self._wanted_until: dict[Encoding, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep_ready, name="pages", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()

    def get(self, encoding: Encoding) -> bytes:
        """The page of this moment."""
        self._wanted_until[encoding] = self._monotonic() + _STAYS_WANTED_SECONDS
        return self._current(encoding)

    def ready(self, encoding: Encoding) -> bytes | None:
        """The page of this moment if it is made already."""
        moment, body = self._made.get(encoding, (None, b""))
        if moment != _moment(self._store.latest, self._monotonic()):
            return None
        self._wanted_until[encoding] = self._monotonic() + _STAYS_WANTED_SECONDS
        return body

    def _current(self, encoding: Encoding) -> bytes:
        with self._lock:
            snapshot, now = self._store.latest, self._monotonic()
            moment = _moment(snapshot, now)
            made, body = self._made.get(encoding, (None, b""))
            if made != moment:
                body = self._make(encoding, snapshot, now)
                self._made[encoding] = moment, body
            return body

    def _make(self, encoding: Encoding, snapshot: Snapshot, now: float) -> bytes:
        if not encoding.gzip:
            return page(self._bodies(snapshot, now), encoding.form)
        plain = Encoding(encoding.form, gzip=False)
        made, body = self._made.get(plain, (None, b""))
        if made != _moment(snapshot, now):
            body = self._make(plain, snapshot, now)
        packer = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
        return packer.compress(body) + packer.flush()

    def _bodies(self, snapshot: Snapshot, now: float) -> Iterator[tuple[Family, list[bytes]]]:
        own = {
            family: self._renderer.body(family, samples)
            for family, samples in status.collect(snapshot, now)
            if samples
        }
        live = snapshot.live(now)
        shown = [own, *(r.bodies for s, r in snapshot.reports.items() if s in live)]
        for family in collectors.FAMILIES:
            if texts := [bodies[family] for bodies in shown if family in bodies]:
                yield family, texts

    def _keep_ready(self) -> None:
        sequence = -1
        while not self._stop.is_set():
            self._store.wait(after=sequence, timeout=1.0)
            # Sources are asked at the same moment, so what they say comes in bursts.
            self._stop.wait(_BURST_SECONDS)
            sequence = self._store.latest.sequence
            now = self._monotonic()
            for encoding, until in tuple(self._wanted_until.items()):
                if now < until:
                    self._current(encoding)
                else:
                    self._wanted_until.pop(encoding, None)
                    self._made.pop(encoding, None)
