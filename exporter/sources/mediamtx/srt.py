"""What only SRT links tell: round trip, retransmission, buffers, capacity."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from exporter.counters import Counters, Reading, Totals
from exporter.sources.mediamtx.answers import Names, numbers
from exporter.sources.mediamtx.sessions import role
from exporter.sources.mediamtx.state import Srt
from leitstand.clients.mediamtx.objects import SrtConn

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
        self._links: dict[tuple[str, str], list[SrtConn]] = {}

    def update(self, items: Sequence[SrtConn], label_of: Callable[[str], str]) -> None:
        self._links = defaultdict(list)
        self._counters.update(self._readings(items, label_of))

    def states(self, paths: Iterable[str]) -> Iterator[Srt]:
        for path in paths:
            for (its_role,), totals in self._counters.of(path):
                yield _state(path, its_role, totals, self._links.get((path, its_role), []))

    def _readings(
        self, links: Sequence[SrtConn], label_of: Callable[[str], str]
    ) -> Iterator[Reading]:
        for link, values in zip(links, numbers(links, _FIELDS), strict=True):
            if (its_role := role(link)) is None:
                continue
            path = label_of(link.path)
            self._links[path, its_role].append(link)
            yield Reading(link.id, values, path, (its_role,))


def _state(path: str, its_role: str, totals: Totals, links: Sequence[SrtConn]) -> Srt:
    sent, received, send_drop, receive_drop, belated, undecrypted = (v or 0 for v in totals)
    counters = (sent + received, send_drop + receive_drop, belated, undecrypted)
    return Srt(
        path,
        its_role,
        *counters,
        rtt=_seconds(link.msRTT for link in links),
        receive_buffer=_seconds(link.msReceiveBuf for link in links),
        send_buffer=_seconds(link.msSendBuf for link in links),
        link_capacity=_narrowest(link.mbpsLinkCapacity for link in links),
    )


def _seconds(milliseconds: Iterable[float | None]) -> float | None:
    """The worst of the links; None if there is none."""
    known = [value for value in milliseconds if value is not None]
    return max(known) / 1000 if known else None


def _narrowest(megabits: Iterable[float | None]) -> float | None:
    """Bytes per second of the narrowest link; None if there is none."""
    known = [value for value in megabits if value is not None]
    return min(known) * _BYTES_PER_MEGABIT if known else None
