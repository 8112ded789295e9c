"""The exporter's pages over HTTP; all of them from memory, none waits for a source."""

from __future__ import annotations

import html
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import anyio
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from exporter.auth import BasicAuth
from exporter.exposition import negotiate
from exporter.pages import Encoding, Pages
from exporter.snapshot import Report, SnapshotStore
from exporter.view import to_json
from leitstand import __version__

_WAIT_SECONDS = 25.0
_WAITERS = 100


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What the routes need; each method answers one of them."""

    store: SnapshotStore
    pages: Pages
    pollers_alive: Callable[[], bool]
    waiters: anyio.CapacityLimiter

    async def metrics(self, request: Request) -> Response:
        form = negotiate(request.headers.get("accept", ""))
        encoding = Encoding(form, gzip=_takes_gzip(request))
        body = self.pages.ready(encoding)
        if body is None:
            body = await anyio.to_thread.run_sync(self.pages.get, encoding)
        headers = {"Vary": "Accept, Accept-Encoding", "Cache-Control": "no-store"}
        if encoding.gzip:
            headers["Content-Encoding"] = "gzip"
        return Response(body, headers=headers | {"Content-Type": form.content_type})

    async def healthy(self, request: Request) -> Response:
        if self.pollers_alive():
            return PlainTextResponse("healthy\n")
        return PlainTextResponse("a poller has ended\n", 503)

    async def ready(self, request: Request) -> Response:
        """Ready once every source was asked, whatever it said."""
        reports = self.store.latest.reports.values()
        waiting = [str(report.source) for report in reports if not report.was_asked]
        if waiting:
            return PlainTextResponse(f"not asked yet: {', '.join(waiting)}\n", 503)
        return PlainTextResponse("ready\n")

    async def snapshot(self, request: Request) -> Response:
        """The latest snapshot; with ?after=SEQUENCE the first that is later."""
        after = request.query_params.get("after")
        if after is not None:
            if not after.isascii() or not after.isdigit() or len(after) > 18:
                return PlainTextResponse("after: must be a sequence number\n", 400)
            await anyio.to_thread.run_sync(
                self.store.wait,
                int(after),
                _WAIT_SECONDS,
                limiter=self.waiters,
                abandon_on_cancel=True,
            )
        body = await anyio.to_thread.run_sync(self._snapshot)
        headers = {"Cache-Control": "no-store"}
        return Response(body, headers=headers, media_type="application/json")

    def _snapshot(self) -> bytes:
        latest = self.store.latest
        view = to_json(latest, latest.live(time.monotonic()), time.time())
        return json.dumps(view, separators=(",", ":")).encode()

    async def landing(self, request: Request) -> Response:
        latest = self.store.latest
        live = latest.live(time.monotonic())
        rows = "".join(_row(r, up=r.source in live) for r in latest.reports.values())
        return HTMLResponse(_LANDING.format(version=__version__, rows=rows))


def create_app(
    store: SnapshotStore,
    pages: Pages,
    pollers_alive: Callable[[], bool],
    users: Mapping[str, str],
) -> Starlette:
    """The application; with `users` (name -> bcrypt hash) nothing of it is open."""
    endpoints = Endpoints(store, pages, pollers_alive, anyio.CapacityLimiter(_WAITERS))
    routes: Sequence[Route] = (
        Route("/", endpoints.landing),
        Route("/metrics", endpoints.metrics),
        Route("/-/healthy", endpoints.healthy),
        Route("/-/ready", endpoints.ready),
        Route("/snapshot", endpoints.snapshot),
    )
    guard = [Middleware(BasicAuth, users=users)] if users else []
    return Starlette(routes=routes, middleware=guard)


def _takes_gzip(request: Request) -> bool:
    for wish in request.headers.get("accept-encoding", "").lower().split(","):
        coding, *parameters = (part.strip() for part in wish.split(";"))
        if coding in ("gzip", "*"):
            return "q=0" not in parameters and "q=0.0" not in parameters
    return False


def _row(report: Report, *, up: bool) -> str:
    state = "up" if up else "down" if report.was_asked else "not asked yet"
    why = "" if up or report.error is None else report.error
    cells = (str(report.source), state, why)
    return f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in cells)}</tr>"


_LANDING = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Leitstand exporter</title>
<style>
body{{font:16px/1.5 system-ui;margin:2rem}}td,th{{padding:.2rem 1rem;text-align:left}}
</style>
<h1>Leitstand exporter {version}</h1>
<ul>
<li><a href="/metrics">/metrics</a> for Prometheus
<li><a href="/snapshot">/snapshot</a> the same as JSON; <code>?after=SEQUENCE</code> waits
<li><a href="/-/healthy">/-/healthy</a>, <a href="/-/ready">/-/ready</a>
</ul>
<table><tr><th>source<th>state<th>reason</tr>{rows}</table>
</html>
"""
