"""The rules of a MediaMTX without its network: paths that come and go, sessions, and true bytes."""

from __future__ import annotations

import random
import re
import threading
import uuid
from collections.abc import Iterable

from leitstand.demo.agenda import Agenda
from leitstand.demo.counters import carried
from leitstand.demo.entities import (
    BITRATE,
    TRACKS,
    Client,
    Feed,
    Forward,
    Meter,
    Muxer,
    Path,
    PathConf,
    Session,
    Track,
)
from leitstand.demo.truth import Truth

READ_TIMEOUT_SECONDS = 10.0
MUXER_CLOSE_AFTER_SECONDS = 60.0
ON_DEMAND_CLOSE_AFTER_SECONDS = 10.0
SEGMENT_SECONDS = 30.0
SEGMENTS_KEPT = 120
OFFLINE_CLIP_BITRATE = 200_000.0


class Simulation:
    """Every public method may be called by any thread; what it does happens at `agenda.now`."""

    def __init__(self, *, seed: int = 1, confs: Iterable[PathConf] = ()) -> None:
        self.lock = threading.RLock()
        self.random = random.Random(seed)
        self.agenda = Agenda(self.random)
        self.confs = {conf.name: conf for conf in (PathConf("all_others"), *confs)}
        self.revision = 0
        self.sessions: dict[str, Session] = {}
        self.paths: dict[str, Path] = {}
        self._recorded: dict[str, list[float]] = {}
        self._ended = Truth()
        self._boot()

    @property
    def now(self) -> float:
        return self.agenda.now

    def advance(self, now: float) -> None:
        """Move to this wall clock time; what was due in between happens at its own moment."""
        with self.lock:
            if self.agenda.advance(now):
                self.revision += 1

    def publish(
        self,
        name: str,
        protocol: str = "rtsp",
        *,
        bitrate: float = BITRATE,
        tracks: tuple[Track, ...] = TRACKS,
        loss: float = 0.0,
        user: str = "",
        query: str = "",
    ) -> str:
        """A publisher takes the path, from another one if need be; answers its session id."""
        client = Client(protocol, loss=loss, user=user, query=query)
        with self.lock:
            return self._publish(name, client, Feed(bitrate, tracks))

    def unpublish(self, name: str) -> None:
        """The publisher goes, and with it the stream and everyone who reads it."""
        with self.lock:
            self._unpublish(self._published(name))

    def reconnect(self, name: str) -> str:
        """Publisher and readers are back at once: only new ids and counters from 0 show it."""
        with self.lock:
            path = self._published(name)
            publisher, audience = path.publisher, path.audience()
            assert publisher is not None
            self._unpublish(path)
            session_id = self._publish(name, publisher.client, path.feed)
            self._return(name, audience)
            return session_id

    def freeze(self, name: str) -> None:
        """The publisher sends nothing more; the server drops it after its read timeout."""
        with self.lock:
            path = self._published(name)
            publisher, frozen_at = path.publisher, self.now
            path.frozen_at = frozen_at
            path.meter.stop(self.now)

            def drop() -> None:
                if path.publisher is publisher and path.frozen_at == frozen_at:
                    self._unpublish(path)

            self.agenda.after(READ_TIMEOUT_SECONDS, drop)

    def thaw(self, name: str) -> None:
        """Nothing happens if the publisher was dropped already."""
        with self.lock:
            path = self.paths.get(name)
            if path is not None and path.frozen_at is not None:
                path.frozen_at = None
                path.meter.run(self.now, path.feed.bitrate / 8)

    def read(
        self,
        name: str,
        protocol: str = "rtsp",
        *,
        loss: float = 0.0,
        slow: float = 0.0,
        user: str = "",
        query: str = "",
    ) -> str:
        """A reader joins; answers its session id."""
        with self.lock:
            return self._read(name, Client(protocol, loss, slow, user, query))

    def leave(self, session_id: str) -> None:
        """A reader or a publisher goes."""
        with self.lock:
            session = self.sessions[session_id]
            path = session.path
            if session.is_publisher:
                self._unpublish(path)
                return
            self._end(session)
            if path.conf.has("sourceOnDemand") and not path.readers:
                self.agenda.after(ON_DEMAND_CLOSE_AFTER_SECONDS, lambda: self._close_unread(path))

    def restart(self) -> None:
        """Everything starts anew; publishers and readers return at once."""
        with self.lock:
            cast = [(p.name, p.publisher, p.feed, p.audience()) for p in self.paths.values()]
            for path in list(self.paths.values()):
                self._close(path)
            self._boot()
            for name, publisher, feed, audience in cast:
                if publisher is not None:
                    self._publish(name, publisher.client, feed)
                self._return(name, audience)

    def is_published(self, name: str) -> bool:
        with self.lock:
            path = self.paths.get(name)
            return path is not None and path.publisher is not None

    def conf_for(self, name: str) -> PathConf:
        exact = self.confs.get(name)
        patterns = (c for c in self.confs.values() if c.name.startswith("~"))
        matching = (c for c in patterns if re.search(c.name[1:], name))
        return exact or next(matching, self.confs["all_others"])

    def recordings(self) -> dict[str, list[float]]:
        """The moments at which the segments of each recorded path start."""
        with self.lock:
            recording = (p.name for p in self.paths.values() if p.is_recording)
            return {name: self._segments(name) for name in sorted({*self._recorded, *recording})}

    @property
    def truth(self) -> Truth:
        with self.lock:
            truth = self._ended.copy()
            for path in self.paths.values():
                truth.add_path(path, self.now)
            for session in self.sessions.values():
                truth.add_session(session, self.now)
            return truth

    def _boot(self) -> None:
        self.started_at = self.now
        self.sessions.clear()
        self.paths.clear()
        for conf in self.confs.values():
            if not conf.is_pattern:
                self._start_unattended(self._add_path(conf.name))

    def _start_unattended(self, path: Path) -> None:
        """What needs no publisher: the offline clip and static sources."""
        conf = path.conf
        if conf.has("alwaysAvailable"):
            self._open(path, OFFLINE_CLIP_BITRATE)
        elif conf.is_static and conf.source not in conf.unreachable:
            if not conf.has("sourceOnDemand"):
                self._start_source(path)

    def _start_source(self, path: Path) -> None:
        path.online_at = self.now
        self._open(path, path.feed.bitrate)

    def _add_path(self, name: str) -> Path:
        conf = self.conf_for(name)
        path = Path(name, conf, Meter(self.random.uniform(0, 6)), conf.feed)
        for forward in conf.settings.get("forward", ()):
            dest = forward["dest"]
            path.forwards.append(Forward(self._id(), dest, self.now, dest in conf.unreachable))
        self.paths[name] = path
        return path

    def _publish(self, name: str, client: Client, feed: Feed) -> str:
        if self.is_published(name):
            self._unpublish(self.paths[name])
        path = self.paths.get(name) or self._add_path(name)
        path.feed, path.online_at = feed, self.now
        if path.available_at is None:
            self._open(path, feed.bitrate)
        else:
            path.meter.run(self.now, feed.bitrate / 8)
        path.publisher = self._begin(path, client, is_publisher=True)
        return path.publisher.id

    def _published(self, name: str) -> Path:
        if not self.is_published(name):
            raise LookupError(f"path {name!r} has no publisher")
        return self.paths[name]

    def _unpublish(self, path: Path) -> None:
        assert path.publisher is not None
        path.frozen_at = None
        if not path.conf.has("alwaysAvailable"):
            self._close(path)
            return
        self._end(path.publisher)
        path.publisher = path.online_at = None
        path.feed = path.conf.feed
        path.meter.run(self.now, OFFLINE_CLIP_BITRATE / 8)

    def _read(self, name: str, client: Client) -> str:
        path = self.paths.get(name)
        if path is not None and path.conf.has("sourceOnDemand") and path.available_at is None:
            self._start_source(path)
        if path is None or path.available_at is None:
            raise LookupError(f"path {name!r} has no stream to read")
        session = self._begin(path, client, is_publisher=False)
        path.readers[session.id] = session
        if client.protocol == "hls":
            path.muxer = path.muxer or Muxer(self.now)
            path.muxer.last_request_at = None
        return session.id

    def _return(self, name: str, audience: list[Client]) -> None:
        for client in audience:
            self._read(name, client)

    def _begin(self, path: Path, client: Client, *, is_publisher: bool) -> Session:
        joined = path.meter.read(self.now) if is_publisher else path.add_consumer(self.now)
        session = Session(
            id=self._id(),
            conn_id=self._id(),
            path=path,
            client=client,
            is_publisher=is_publisher,
            created_at=self.now,
            port=self.random.randrange(32768, 61000),
            joined=joined,
        )
        self.sessions[session.id] = session
        self._changed(path)
        return session

    def _end(self, session: Session) -> None:
        path = session.path
        self._ended.add_session(session, self.now)
        del self.sessions[session.id]
        if not session.is_publisher:
            del path.readers[session.id]
            path.remove_consumer(self.now)
        if path.muxer and not session.is_publisher and session.client.protocol == "hls":
            path.muxer.settled += carried(session, self.now)
            self._leave_muxer(path, path.muxer)
        self._changed(path)

    def _leave_muxer(self, path: Path, muxer: Muxer) -> None:
        if any(reader.client.protocol == "hls" for reader in path.readers.values()):
            return
        muxer.last_request_at = left_at = self.now

        def close() -> None:
            if path.muxer is muxer and muxer.last_request_at == left_at:
                path.muxer = None

        self.agenda.after(MUXER_CLOSE_AFTER_SECONDS, close)

    def _open(self, path: Path, bitrate: float) -> None:
        path.available_at = self.now
        path.meter.run(self.now, bitrate / 8)
        for forward in path.forwards:
            if not forward.is_failing:
                forward.joined = path.add_consumer(self.now)
        self._changed(path)

    def _close(self, path: Path) -> None:
        """The stream ends: counters fall to 0, and a path nobody configured leaves the list."""
        for session in [path.publisher, *path.readers.values()]:
            if session is not None:
                self._end(session)
        self._ended.add_path(path, self.now)
        if path.is_recording:
            self._recorded[path.name] = self._segments(path.name)
        path.publisher = path.available_at = path.muxer = None
        if not path.conf.is_static:
            path.online_at = None
        path.meter = Meter(path.meter.phase)
        path.consumers = path.outbound_offset = 0
        if path.conf.is_pattern:
            del self.paths[path.name]
        self._changed(path)

    def _close_unread(self, path: Path) -> None:
        if path.available_at is not None and not path.readers:
            self._close(path)

    def _segments(self, name: str) -> list[float]:
        segments = list(self._recorded.get(name, ()))
        path = self.paths.get(name)
        if path is not None and path.available_at is not None and path.is_recording:
            count = int((self.now - path.available_at) / SEGMENT_SECONDS) + 1
            segments += [path.available_at + i * SEGMENT_SECONDS for i in range(count)]
        return segments[-SEGMENTS_KEPT:]

    def _changed(self, path: Path) -> None:
        path.template = None
        self.revision += 1

    def _id(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))
