"""The path configuration: what of it is needed, and nothing of the secrets in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from leitstand.clients.mediamtx import MediaMTXClient
from leitstand.clients.mediamtx.objects import PathConf

_NOT_STATIC = frozenset({"", "publisher", "redirect"})


@dataclass(frozen=True, slots=True)
class Conf:
    """One entry of the configuration.

    `static` is a source that the server itself fetches; `on_demand` one that runs (or a command
    that publishes) only while somebody reads.
    """

    name: str
    static: bool
    on_demand: bool
    forwards: bool


class Confs:
    """The configuration as last read: 11 MB for 5,000 paths, hence seldom.

    Read at the start, when a path names an entry that is not known, and every `interval` seconds.
    """

    def __init__(
        self,
        client: MediaMTXClient,
        interval: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._interval = interval
        self._monotonic = monotonic
        self._confs: Mapping[str, Conf] = {}
        self._missing: frozenset[str] = frozenset()
        self._due = float("-inf")

    def by_name(self, wanted: frozenset[str]) -> Mapping[str, Conf]:
        """All entries, read anew if one of the wanted ones was never heard of."""
        unheard_of = wanted - self._confs.keys() - self._missing
        if unheard_of or self._monotonic() >= self._due:
            entries = self._client.items("config/paths", PathConf) or []
            self._confs = {entry.name: _needed(entry) for entry in entries}
            # Not to be asked for again every poll.
            self._missing = wanted - self._confs.keys()
            self._due = self._monotonic() + self._interval
        return self._confs


def _needed(entry: PathConf) -> Conf:
    return Conf(
        name=entry.name,
        static=entry.source not in _NOT_STATIC,
        on_demand=entry.sourceOnDemand or bool(entry.runOnDemand),
        forwards=bool(entry.forward),
    )
