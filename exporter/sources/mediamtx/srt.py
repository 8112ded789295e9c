"""What only SRT links tell: round trip, retransmission, buffers, capacity."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from exporter.counters import Counters, Reading, Values
from exporter.sources.mediamtx.answers import Names, number, numbers
from exporter.sources.mediamtx.sessions import role
from exporter.sources.mediamtx.state import Srt
from leitstand.clients.mediamtx import Item

# A link's data flows one way; the counter of the other way stays 0, so the two may be added.
_FIELDS: tuple[Names, ...] = (
    ("packetsRetrans",),
    ("packetsReceivedRetrans",),
    ("packetsSendDrop",),
    ("packetsReceivedDrop",),
    ("packetsReceivedBelated",),
    ("packetsReceivedUndecrypt",),
)
_BYTES_PER_MEGABIT = 1e6 / 8


class SrtLinks:
    """SRT's own counters and gauges per path and role."""

    def __init__(self) -> None:
        self._counters = Counters()
        self._links: dict[tuple[str, str], list[Item]] = {}

    def update(self, items: Sequence[Item], label_of: Callable[[str], str]) -> None:
        self._links = defaultdict(list)
        self._counters.update(self._readings(items, label_of))

    def states(self, paths: Iterable[str]) -> Iterator[Srt]:
        for path in paths:
            for (its_role,), totals in self._counters.of(path):
                yield _state(path, its_role, totals, self._links.get((path, its_role), []))

    def _readings(self, items: Sequence[Item], label_of: Callable[[str], str]) -> Iterator[Reading]:
        for item, values in zip(items, numbers(items, _FIELDS), strict=True):
            if (its_role := role(item)) is None:
                continue
            path = label_of(item["path"])
            self._links[path, its_role].append(item)
            yield Reading(item["id"], values, path, (its_role,))


def _state(path: str, its_role: str, totals: Values, links: Sequence[Item]) -> Srt:
    sent, received, send_drop, receive_drop, belated, undecrypted = (v or 0 for v in totals)
    counters = (sent + received, send_drop + receive_drop, belated, undecrypted)
    if not links:
        return Srt(path, its_role, *counters)
    return Srt(
        path,
        its_role,
        *counters,
        rtt=max(number(link["msRTT"]) for link in links) / 1000,
        receive_buffer=max(number(link["msReceiveBuf"]) for link in links) / 1000,
        send_buffer=max(number(link["msSendBuf"]) for link in links) / 1000,
        link_capacity=min(number(link["mbpsLinkCapacity"]) for link in links) * _BYTES_PER_MEGABIT,
    )
