"""mediamtx_info and what else concerns a whole server."""

from __future__ import annotations

from exporter.family import Metrics, gauge
from exporter.sources.mediamtx.state import MediaMTXState

_INFO = gauge("mediamtx_info", "1; the server's version, since v1.15.2.", "server", "version")
_STARTED = gauge(
    "mediamtx_start_time_seconds", "When the server started, Unix time; since v1.15.2.", "server"
)
_PATHS = gauge("mediamtx_paths", "Paths that the server lists.", "server")
_FOLDED = gauge(
    "mediamtx_paths_over_limit",
    'Paths beyond path_limit, which are summed into path="(other)".',
    "server",
)

FAMILIES = (_INFO, _STARTED, _PATHS, _FOLDED)


def collect(state: MediaMTXState) -> Metrics:
    at = (state.server,)
    if state.version is not None:
        yield _INFO, [((state.server, state.version), 1)]
    if state.started_at is not None:
        yield _STARTED, [(at, state.started_at)]
    yield _PATHS, [(at, state.paths_listed)]
    yield _FOLDED, [(at, state.paths_folded)]
