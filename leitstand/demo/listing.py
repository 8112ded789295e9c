"""The items of each list of the API, as JSON texts: templates filled with numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from leitstand.demo import objects
from leitstand.demo.counters import conn_numbers, numbers
from leitstand.demo.entities import Path, Session
from leitstand.demo.simulation import Simulation
from leitstand.demo.srt import srt_numbers

Lister = Callable[[Simulation], list[str]]


def paths(world: Simulation) -> list[str]:
    return [_path(world, path) for _, path in sorted(world.paths.items())]


def _path(world: Simulation, path: Path) -> str:
    if path.template is None:
        path.template = objects.template(objects.path(path, _stamp(world)))
    now = world.now
    return path.template % {"in": path.meter.read(now), "out": path.outbound(now)}


def config_paths(world: Simulation) -> list[str]:
    return [objects.compact(objects.path_conf(conf)) for _, conf in sorted(world.confs.items())]


def sessions(protocol: str) -> Lister:
    fill = srt_numbers if protocol == "srt" else numbers

    def items(world: Simulation) -> list[str]:
        stamp, now = _stamp(world), world.now
        found = []
        for session in _of(world, protocol):
            if session.template is None:
                session.template = objects.template(objects.session(session, stamp))
            found.append(session.template % fill(session, now))
        return found

    return items


def conns(protocol: str) -> Lister:
    def items(world: Simulation) -> list[str]:
        stamp, now = _stamp(world), world.now
        found = []
        for session in _of(world, protocol):
            if session.conn_template is None:
                session.conn_template = objects.template(objects.rtsp_conn(session, stamp))
            found.append(session.conn_template % conn_numbers(session, now))
        return found

    return items


def muxers(world: Simulation) -> list[str]:
    found = [(path.muxer, path) for path in world.paths.values() if path.muxer]
    found.sort(key=lambda muxed: muxed[0].created_at)
    stamp, now = _stamp(world), world.now
    return [objects.compact(objects.hls_muxer(path, muxer, now, stamp)) for muxer, path in found]


def recordings(world: Simulation) -> list[str]:
    return [recording(world, name) for name in world.recordings()]


def recording(world: Simulation, name: str) -> str:
    stamp = _stamp(world)
    starts = world.recordings().get(name, [])
    return objects.compact({"name": name, "segments": [{"start": stamp(s)} for s in starts]})


def forwards(world: Simulation, path: Path) -> list[str]:
    stamp, now = _stamp(world), world.now
    return [objects.compact(objects.forward(f, path, now, stamp)) for f in path.forwards]


def info(world: Simulation) -> str:
    started = _stamp(world)(world.started_at)
    return objects.compact({"version": "demo", "started": started})


def _of(world: Simulation, protocol: str) -> Iterator[Session]:
    return (s for s in world.sessions.values() if s.client.protocol == protocol)


def _stamp(world: Simulation) -> objects.Stamp:
    return lambda moment: objects.rfc3339(world.agenda.wall(moment))


LISTS: dict[str, Lister] = {
    "paths": paths,
    "config/paths": config_paths,
    "hlsmuxers": muxers,
    "hlssessions": sessions("hls"),
    "rtspconns": conns("rtsp"),
    "rtspsessions": sessions("rtsp"),
    "rtspsconns": conns("rtsps"),
    "rtspssessions": sessions("rtsps"),
    "rtmpconns": sessions("rtmp"),
    "rtmpsconns": sessions("rtmps"),
    "srtconns": sessions("srt"),
    "webrtcsessions": sessions("webrtc"),
    "moqsessions": sessions("moq"),
    "recordings": recordings,
}
