"""The paths of one server over time: counters that never fall, publishers, newest data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
    """The counters of a path, named as in `Path`."""

    inbound_bytes: float | None
    outbound_bytes: float | None
    inbound_frame_errors: float | None
    reconnects: float | None


class PathTotals:
    """Adds up what the paths count, and remembers it for those that come back."""

    def __init__(self) -> None:
        self.folded = 0
        self._counters = Counters()
        self._publishers = Counters()
        self._newest_data: dict[str, tuple[float, float]] = {}
        self._label_of: Callable[[str], str] = str

    def update(
        self, items: Sequence[objects.Path], label_of: Callable[[str], str], now: float
    ) -> None:
        """Take in the path list of one poll, made at `now` (Unix time)."""
        self._label_of = label_of
        self._counters.update(_readings(items, label_of))
        self._publishers.update(_publishers(items, label_of))
        labels = [label_of(item.name) for item in items]
        self.folded = labels.count(OTHER)
        # A path that is gone for a while keeps its time as long as its totals are kept.
        self._newest_data = {
            label: known
            for label, known in self._newest_data.items()
            if self._counters.get(label) is not None
        }
        for label in labels:
            self._note_growth(label, now)

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
            last_data=self._data_at(name),
            **self._sums(name),
        )

    def _other(self, items: Sequence[objects.Path]) -> Iterator[Path]:
        """The sum of what has no label of its own, if anything ever had none."""
        if self._counters.get(OTHER) is not None:
            rest = [item for item in items if self._label_of(item.name) == OTHER]
            readers = sum((Counter(paths.readers(item)) for item in rest), Counter[str]())
            sums = self._sums(OTHER) | {"reconnects": None}
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
            last_data=self._data_at(name),
            # A protocol that nobody reads any more goes to 0 instead of vanishing.
            readers=dict.fromkeys(readers_ever(name), 0) | paths.readers(item),
            video=video,
            audio=audio,
            **self._sums(name),
        )

    def _sums(self, label: str) -> Sums:
        known = self._counters.get(label)
        if known is None:
            return {}
        (publishers,) = self._publishers.get(label) or (None,)
        return {
            "inbound_bytes": known[0],
            "outbound_bytes": known[1],
            "inbound_frame_errors": known[2],
            "reconnects": publishers - 1 if publishers else 0,
        }

    def _note_growth(self, label: str, now: float) -> None:
        total = (self._counters.get(label) or (None,))[0] or 0
        if total > self._newest_data.get(label, (0.0, now))[0]:
            self._newest_data[label] = (total, now)

    def _data_at(self, label: str) -> float | None:
        known = self._newest_data.get(label)
        return known[1] if known else None


def _readings(items: Sequence[objects.Path], label_of: Callable[[str], str]) -> Iterator[Reading]:
    for item, values in zip(items, numbers(items, _FIELDS), strict=True):
        name = item.name
        yield Reading(name, values, label_of(name), epoch=paths.available_time(item))


def _publishers(items: Sequence[objects.Path], label_of: Callable[[str], str]) -> Iterator[Reading]:
    """Each time that a path came online is an object of its own, which counts 1."""
    for item in items:
        if (since := paths.online_time(item)) is not None:
            yield Reading((item.name, since), (1,), label_of(item.name))
