"""One poll of one MediaMTX: ask everything first, then add up, then give the state."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from exporter.sources.mediamtx import confs, sessions
from exporter.sources.mediamtx.answers import as_source_error, seconds
from exporter.sources.mediamtx.hls import HlsMuxers
from exporter.sources.mediamtx.labels import Expected, PathLabels
from exporter.sources.mediamtx.srt import SrtLinks
from exporter.sources.mediamtx.state import MediaMTXState
from exporter.sources.mediamtx.totals import PathTotals
from exporter.sources.source import SourceId
from leitstand.clients.mediamtx import BadAnswer, Item, MediaMTXClient

KIND = "mediamtx"


@dataclass(frozen=True, slots=True)
class Answers:
    """All answers of one poll, complete."""

    info: Item
    paths: Sequence[Item]
    sessions: Mapping[sessions.Protocol, Sequence[Item]]
    muxers: Sequence[Item]
    confs: Mapping[str, confs.Conf]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What to watch of a server, and how closely. Times are seconds."""

    name: str
    expected_paths: Sequence[str] = ()
    path_limit: int = 2_000
    deadline: float = 5.0
    slow_interval: float = 30.0


@dataclass(slots=True)
class MediaMTXSource:
    """Polls the lists of paths and sessions of one server."""

    watch: Watch
    client: MediaMTXClient
    clock: Callable[[], float] = time.time
    forwarding_paths: tuple[str, ...] = ()
    _confs: confs.Confs = field(init=False)
    _labels: PathLabels = field(init=False)
    _expected: Expected = field(init=False)
    _paths: PathTotals = field(init=False, default_factory=PathTotals)
    _sessions: sessions.Sessions = field(init=False, default_factory=sessions.Sessions)
    _srt: SrtLinks = field(init=False, default_factory=SrtLinks)
    _muxers: HlsMuxers = field(init=False, default_factory=HlsMuxers)

    def __post_init__(self) -> None:
        self._confs = confs.Confs(self.client, self.watch.slow_interval)
        self._labels = PathLabels(self.watch.path_limit)
        self._expected = Expected(self.watch.expected_paths)

    @property
    def id(self) -> SourceId:
        return SourceId(KIND, self.watch.name)

    def poll(self) -> MediaMTXState:
        with as_source_error():
            with self.client.within(self.watch.deadline):
                answers = self._ask()
            return self._state(answers)

    def abort(self) -> None:
        self.client.abort()

    def close(self) -> None:
        self.client.close()

    def _ask(self) -> Answers:
        info = self.client.info() or {}
        items = self.client.items("paths")
        if items is None:
            raise BadAnswer("does not offer paths/list; is this a MediaMTX API?")
        by_protocol = {p: self.client.items(p.list) or () for p in sessions.PROTOCOLS}
        muxers = self.client.items("hlsmuxers") or ()
        known = self._confs.by_name(frozenset(item["confName"] for item in items))
        return Answers(info, items, by_protocol, muxers, known)

    def _state(self, answers: Answers) -> MediaMTXState:
        listed = [item["name"] for item in answers.paths]
        self._expected.update(listed)
        self._labels.assign(self._expected.names(), listed)
        self._add_up(answers)
        conf_of = answers.confs.get
        self.forwarding_paths = tuple(
            item["name"]
            for item in answers.paths
            if (conf := conf_of(item["confName"])) is not None and conf.forwards
        )
        return self._assemble(answers)

    def _add_up(self, answers: Answers) -> None:
        self._paths.update(answers.paths, self._labels, self.clock())
        self._sessions.update(answers.sessions, self._labels)
        srt = next(items for p, items in answers.sessions.items() if p.name == "srt")
        self._srt.update(srt, self._labels)
        self._muxers.update(answers.muxers, self._labels)

    def _assemble(self, answers: Answers) -> MediaMTXState:
        shown = self._paths.states(
            answers.paths, answers.confs, self._expected.names(), self._sessions.readers_ever
        )
        names = [path.name for path in shown]
        return MediaMTXState(
            server=self.watch.name,
            version=answers.info.get("version"),
            started_at=seconds(answers.info.get("started")),
            paths=shown,
            paths_listed=len(answers.paths),
            paths_folded=self._paths.folded,
            session_totals=tuple(self._sessions.totals(names)),
            session_counts=tuple(self._sessions.counts(names)),
            srt=tuple(self._srt.states(names)),
            muxers=tuple(self._muxers.states(names)),
        )
