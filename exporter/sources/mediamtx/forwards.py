"""Where paths are forwarded to, asked seldom: one call a path."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from exporter.counters import Counters, Reading
from exporter.sources.mediamtx.answers import (
    FORWARD_PROTOCOLS,
    UNKNOWN_PROTOCOL,
    as_source_error,
)
from exporter.sources.mediamtx.state import Forwards, ForwardsState
from exporter.sources.source import SourceId
from leitstand.clients.mediamtx import MediaMTXClient
from leitstand.clients.mediamtx.objects import Forward

KIND = "mediamtx_forwards"


@dataclass(slots=True)
class ForwardsSource:
    """The forward destinations of one server; `paths` tells which paths have any.

    Destinations hold stream keys and passwords: nothing of an address is kept.
    """

    server: str
    client: MediaMTXClient
    paths: Callable[[], Sequence[str]]
    deadline: float
    _counters: Counters = field(init=False, default_factory=Counters)

    @property
    def id(self) -> SourceId:
        return SourceId(KIND, self.server)

    def poll(self) -> ForwardsState:
        with as_source_error():
            asked = self.paths()
            with self.client.within(self.deadline):
                lists: dict[str, list[Forward]] = {
                    path: self.client.forwards(path) or [] for path in asked
                }
            return self._state(lists)

    def abort(self) -> None:
        self.client.abort()

    def close(self) -> None:
        self.client.close()

    def _state(self, lists: dict[str, list[Forward]]) -> ForwardsState:
        flat = [(path, _protocol(one), one) for path, some in lists.items() for one in some]
        self._counters.update(
            Reading(one.id, (one.outboundBytes,), path, (protocol,)) for path, protocol, one in flat
        )
        count = Counter((path, protocol) for path, protocol, _ in flat)
        failing = Counter((path, protocol) for path, protocol, one in flat if one.state == "error")
        return ForwardsState(self.server, tuple(self._forwards(lists, count, failing)))

    def _forwards(
        self,
        paths: dict[str, list[Forward]],
        count: Counter[tuple[str, str]],
        failing: Counter[tuple[str, str]],
    ) -> Iterator[Forwards]:
        for path in paths:
            for (protocol,), (sent,) in self._counters.of(path):
                key = path, protocol
                yield Forwards(path, protocol, count[key], failing[key], sent or 0)


def _protocol(forward: Forward) -> str:
    return forward.protocol if forward.protocol in FORWARD_PROTOCOLS else UNKNOWN_PROTOCOL
