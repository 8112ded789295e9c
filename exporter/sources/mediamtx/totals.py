"""The paths of one server over time: counters that never fall, publishers, newest data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

from exporter.counters import Counters, Reading
from exporter.sources.mediamtx import paths
from exporter.sources.mediamtx.answers import (
    INBOUND_BYTES,
    OUTBOUND_BYTES,
    Names,
    numbers,
    seconds,
)
from exporter.sources.mediamtx.confs import Conf
from exporter.sources.mediamtx.state import OTHER, Path
from leitstand.clients.mediamtx import objects

_FIELDS: tuple[Names, ...] = (INBOUND_BYTES, OUTBOUND_BYTES, ("inboundFramesInError",))

ReadersEver = Callable[[str], Iterable[str]]


class Sums(TypedDict, total=False):
    """What is known of a path over time, named as in `Path`."""

    last_data: float | None
    inbound_bytes: float | None
    outbound_bytes: float | None
    inbound_frame_errors: float | None
    reconnects: float | None


@dataclass(slots=True)
class Known:
    """What is remembered of a path beside its counters."""

    inbound_bytes: float = 0
    newest_data_at: float | None = None
    online_time: str | None = None
    reconnects: int = -1

    def see(self, inbound_bytes: float, online_time: str | None, now: float) -> None:
        if inbound_bytes > self.inbound_bytes:
            self.inbound_bytes, self.newest_data_at = inbound_bytes, now
        if online_time is not None and online_time != self.online_time:
            self.online_time = online_time
            self.reconnects += 1


class PathTotals:
    """Adds up what the paths count, and remembers it for those that come back."""

    def __init__(self) -> None:
        self.folded = 0
        self._counters = Counters()
        self._known: dict[str, Known] = {}
        self._label_of: Callable[[str], str] = str

    def update(
        self, items: Sequence[objects.Path], label_of: Callable[[str], str], now: float
    ) -> None:
        """Take in the path list of one poll, made at `now` (Unix time)."""
        self._label_of = label_of
        self._counters.update(_readings(items, label_of))
        self.folded = 0
        for item in items:
            label = label_of(item.name)
            self.folded += label == OTHER
            if (known := self._known.get(label)) is None:
                known = self._known[label] = Known()
            inbound, *_ = self._counters.get(label) or (None,)
            known.see(inbound or 0, paths.online_time(item), now)
        if len(self._known) > len(self._counters):
            # Forgotten together with the counters.
            forgotten = [label for label in self._known if self._counters.get(label) is None]
            for label in forgotten:
                del self._known[label]

    def states(
        self,
        items: Sequence[objects.Path],
        confs: Mapping[str, Conf],
        expected: Mapping[str, None],
        readers_ever: ReadersEver,
    ) -> tuple[Path, ...]:
        """Every path with a label of its own; expected ones listed or not; `(other)` last."""
        own = [item for item in items if self._label_of(item.name) != OTHER]
        missing = expected.keys() - {item.name for item in own}
        return (
            *(self._listed(item, confs, expected, readers_ever) for item in own),
            *(self._missing(name) for name in expected if name in missing),
            *self._other(items),
        )

    def _missing(self, name: str) -> Path:
        """A path that is expected and not there."""
        return Path(
            name,
            available=False,
            online=False,
            expected=True,
            **self._sums(name),
        )

    def _other(self, items: Sequence[objects.Path]) -> Iterator[Path]:
        """The sum of what has no label of its own, if anything ever had none."""
        if self._counters.get(OTHER) is not None:
            rest = [item for item in items if self._label_of(item.name) == OTHER]
            readers = sum((Counter(paths.readers(item)) for item in rest), Counter[str]())
            sums = self._sums(OTHER) | {"reconnects": None, "last_data": None}
            yield Path(OTHER, readers=dict(readers), **sums)

    def _listed(
        self,
        item: objects.Path,
        confs: Mapping[str, Conf],
        expected: Mapping[str, None],
        readers_ever: ReadersEver,
    ) -> Path:
        name, conf = item.name, confs.get(item.confName)
        online_time = paths.online_time(item)
        video, audio = paths.tracks(item)
        return Path(
            name=name,
            conf=item.confName,
            source_type=paths.source_type(item),
            on_demand=conf is not None and conf.on_demand,
            available=paths.is_available(item),
            online=online_time is not None,
            expected=name in expected or (conf is not None and conf.static and not conf.on_demand),
            online_since=seconds(online_time),
            # A protocol that nobody reads any more goes to 0 instead of vanishing.
            readers=dict.fromkeys(readers_ever(name), 0) | paths.readers(item),
            video=video,
            audio=audio,
            **self._sums(name),
        )

    def _sums(self, label: str) -> Sums:
        totals = self._counters.get(label)
        if totals is None:
            return {}
        inbound, outbound, errors = totals
        return {
            "last_data": self._known[label].newest_data_at,
            "inbound_bytes": inbound,
            "outbound_bytes": outbound,
            "inbound_frame_errors": errors,
            "reconnects": max(self._known[label].reconnects, 0),
        }


def _readings(items: Sequence[objects.Path], label_of: Callable[[str], str]) -> Iterator[Reading]:
    for item, values in zip(items, numbers(items, _FIELDS), strict=True):
        name = item.name
        yield Reading(name, values, label_of(name), epoch=paths.available_time(item))
