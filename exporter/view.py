"""The snapshot as JSON: for the control API, integrators and people.

One schema, `{sequence, time, servers, studios, host}`, without session ids, addresses, users or
secrets: none of them is in a state to begin with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import to_builtins

from exporter.snapshot import Report, Snapshot
from exporter.sources.mediamtx import state as mediamtx
from exporter.sources.obs import state as obs
from exporter.sources.source import SourceId

Json = dict[str, Any]

_UNKNOWN_STUDIO: Json = {
    **dict.fromkeys(field for field in obs.StudioState.__struct_fields__ if field != "studio"),
    "scenes": [],
    "program_scene": None,
    "inputs": [],
}


def to_json(snapshot: Snapshot, live: frozenset[SourceId], time: float) -> Json:
    """The whole snapshot.

    `error` is why the last poll failed. After three such a server is down: `up` is false, and
    there is nothing else to say of it.
    """
    reports = snapshot.reports
    servers = [_server(r, reports, live) for s, r in reports.items() if s.kind == "mediamtx"]
    hosts = [r for s, r in reports.items() if s.kind == "host" and s in live]
    return {
        "sequence": snapshot.sequence,
        "time": time,
        "servers": servers,
        "studios": [_studio(r, up=s in live) for s, r in reports.items() if s.kind == "obs"],
        "host": to_builtins(hosts[0].state) if hosts else None,
    }


def _server(report: Report, reports: Mapping[SourceId, Report], live: frozenset[SourceId]) -> Json:
    name = report.source.name
    known = {
        "name": name,
        "up": report.source in live,
        "error": report.error,
        "version": None,
        "started_at": None,
        "polled": report.good_time,
        "paths": [],
    }
    if report.source not in live:
        return known
    state: mediamtx.MediaMTXState = report.state
    return known | {
        "version": state.version,
        "started_at": state.started_at,
        "paths": _paths(state, _by_path(name, reports, live)),
    }


def _studio(report: Report, *, up: bool) -> Json:
    known = {"name": report.source.name, "up": up, "error": report.error, **_UNKNOWN_STUDIO}
    if not up:
        return known
    state: obs.StudioState = report.state
    return (
        known
        | _without(to_builtins(state), "studio")
        | {
            "scenes": [name for name, _ in state.scenes],
            "program_scene": next((name for name, active in state.scenes if active), None),
        }
    )


def _paths(state: mediamtx.MediaMTXState, extras: Mapping[str, Json]) -> list[Json]:
    paths = {path.name: to_builtins(path) | {"sessions": []} for path in state.paths}
    counts: dict[tuple[str, str], Json] = {}
    for count in state.session_counts:
        at = counts.setdefault((count.path, count.protocol), {})
        at[count.role] = {"now": count.now, "opened": count.opened}
    for totals in state.session_totals:
        summed = _without(to_builtins(totals), "path")
        summed["roles"] = counts.get((totals.path, totals.protocol), {})
        paths[totals.path]["sessions"].append(summed)
    for srt in state.srt:
        paths[srt.path].setdefault("srt", []).append(_without(to_builtins(srt), "path"))
    return [path | extras.get(name, {}) for name, path in paths.items()]


def _by_path(
    server: str, reports: Mapping[SourceId, Report], live: frozenset[SourceId]
) -> dict[str, Json]:
    """What the slower sources of a server know of its paths."""
    extras: dict[str, Json] = {}
    for kind, add in _ADDITIONS.items():
        source = SourceId(kind, server)
        if source in live:
            add(reports[source].state, extras)
    return extras


def _add_forwards(state: mediamtx.ForwardsState, extras: dict[str, Json]) -> None:
    for forward in state.forwards:
        at = extras.setdefault(forward.path, {})
        at.setdefault("forwards", []).append(_without(to_builtins(forward), "path"))


def _add_recordings(state: mediamtx.RecordingsState, extras: dict[str, Json]) -> None:
    for recording in state.recordings:
        extras.setdefault(recording.path, {})["recording"] = _without(
            to_builtins(recording), "path"
        )


_ADDITIONS: Mapping[str, Callable[[Any, dict[str, Json]], None]] = {
    "mediamtx_forwards": _add_forwards,
    "mediamtx_recordings": _add_recordings,
}


def _without(fields: Json, name: str) -> Json:
    return {key: value for key, value in fields.items() if key != name}
