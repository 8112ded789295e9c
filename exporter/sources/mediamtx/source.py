"""One poll of one MediaMTX: ask everything first, then add up, then give the state."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from exporter.sources.mediamtx import confs, sessions
from exporter.sources.mediamtx.answers import as_source_error, seconds
from exporter.sources.mediamtx.hls import HlsMuxers
from exporter.sources.mediamtx.labels import Expected, PathLabels
from exporter.sources.mediamtx.srt import SrtLinks
from exporter.sources.mediamtx.state import MediaMTXState
from exporter.sources.mediamtx.totals import PathTotals
from exporter.sources.source import SourceId
from leitstand.clients.mediamtx import BadAnswer, MediaMTXClient, objects

KIND = "mediamtx"


@dataclass(frozen=True, slots=True)
class Answers:
    """All answers of one poll, complete."""

    info: objects.Info
    paths: Sequence[objects.Path]
    sessions: Mapping[sessions.Protocol, Sequence[objects.Session]]
    muxers: Sequence[objects.HlsMuxer]
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
        info = self.client.info() or objects.Info()
        paths = self.client.items("paths", objects.Path)
        if paths is None:
            raise BadAnswer("does not offer paths/list; is this a MediaMTX API?")
        by_protocol = {p: self.client.items(p.list, p.object) or () for p in sessions.PROTOCOLS}
        muxers = self.client.items("hlsmuxers", objects.HlsMuxer) or ()
        known = self._confs.by_name(frozenset(path.confName for path in paths))
        return Answers(info, paths, by_protocol, muxers, known)

    def _state(self, answers: Answers) -> MediaMTXState:
        listed = [path.name for path in answers.paths]
        self._expected.update(listed)
        self._labels.assign(self._expected.names(), listed)
        self._add_up(answers)
        conf_of = answers.confs.get
        self.forwarding_paths = tuple(
            path.name
            for path in answers.paths
            if (conf := conf_of(path.confName)) is not None and conf.forwards
        )
        return self._assemble(answers)

    def _add_up(self, answers: Answers) -> None:
        self._paths.update(answers.paths, self._labels, self.clock())
        self._sessions.update(answers.sessions, self._labels)
        for protocol, found in answers.sessions.items():
            if protocol.object is objects.SrtConn:
                self._srt.update(cast(Sequence[objects.SrtConn], found), self._labels)
        self._muxers.update(answers.muxers, self._labels)

    def _assemble(self, answers: Answers) -> MediaMTXState:
        shown = self._paths.states(
            answers.paths, answers.confs, self._expected.names(), self._sessions.readers_ever
        )
        names = [path.name for path in shown]
        return MediaMTXState(
            server=self.watch.name,
            version=answers.info.version,
            started_at=seconds(answers.info.started),
            paths=shown,
            paths_listed=len(answers.paths),
            paths_folded=self._paths.folded,
            session_totals=tuple(self._sessions.totals(names)),
            session_counts=tuple(self._sessions.counts(names)),
            srt=tuple(self._srt.states(names)),
            muxers=tuple(self._muxers.states(names)),
        )
