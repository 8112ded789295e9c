"""The HLS muxers: one packager a path, there while somebody asks for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from exporter.counters import Counters, Reading
from exporter.sources.mediamtx.answers import OUTBOUND_BYTES, Names, numbers
from exporter.sources.mediamtx.state import Muxers
from leitstand.clients.mediamtx.objects import HlsMuxer

_FIELDS: tuple[Names, ...] = (OUTBOUND_BYTES, ("outboundFramesDiscarded",))


class HlsMuxers:
    def __init__(self) -> None:
        self._counters = Counters()
        self._now: Counter[str] = Counter()

    def update(self, muxers: Sequence[HlsMuxer], label_of: Callable[[str], str]) -> None:
        self._now = Counter(label_of(muxer.path) for muxer in muxers)
        self._counters.update(
            Reading((muxer.path, muxer.created), values, label_of(muxer.path))
            for muxer, values in zip(muxers, numbers(muxers, _FIELDS), strict=True)
        )

    def states(self, paths: Iterable[str]) -> Iterator[Muxers]:
        for path in paths:
            if (totals := self._counters.get(path)) is not None:
                yield Muxers(path, self._now[path], *totals)
