"""The HLS muxers: one packager a path, there while somebody asks for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from exporter.counters import Counters, Reading
from exporter.sources.mediamtx.answers import OUTBOUND_BYTES, Names, numbers
from exporter.sources.mediamtx.state import Muxers
from leitstand.clients.mediamtx import Item

_FIELDS: tuple[Names, ...] = (OUTBOUND_BYTES, ("outboundFramesDiscarded",))


class HlsMuxers:
    def __init__(self) -> None:
        self._counters = Counters()
        self._now: Counter[str] = Counter()

    def update(self, items: Sequence[Item], label_of: Callable[[str], str]) -> None:
        self._now = Counter(label_of(item["path"]) for item in items)
        self._counters.update(
            Reading((item["path"], item["created"]), values, label_of(item["path"]))
            for item, values in zip(items, numbers(items, _FIELDS), strict=True)
        )

    def states(self, paths: Iterable[str]) -> Iterator[Muxers]:
        for path in paths:
            if (totals := self._counters.get(path)) is not None:
                yield Muxers(path, self._now[path], *totals)
