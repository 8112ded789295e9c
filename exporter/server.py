"""The exporter's pages over HTTP; all of them from memory, none waits for a source."""

from __future__ import annotations

import html
import json
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import anyio
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from exporter.auth import BasicAuth, Open
from exporter.exposition import negotiate
from exporter.pages import Encoding, Pages
from exporter.snapshot import Report, SnapshotStore
from exporter.view import to_json
from leitstand import __version__
from leitstand.serving import STOPPING

_WAIT_SECONDS = 25.0
# Between two looks at whether the server is to end.
_WAIT_STEP_SECONDS = 0.3
_WAITERS = 100
_SEQUENCE = re.compile(r"[0-9]{1,18}")
# The landing page has no script, loads nothing, and is framed by nobody.
_LANDING_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What the routes need; each method answers one of them."""

    store: SnapshotStore
    pages: Pages
    pollers_alive: Callable[[], bool]
    waiters: anyio.CapacityLimiter

    async def metrics(self, request: Request) -> Response:
        form = negotiate(request.headers.get("accept", ""))
        encoding = Encoding(form, gzip=_takes_gzip(request.headers.get("accept-encoding", "")))
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
        """Ready once every source was asked, whatever it said.

        What is part of another is not waited for: nobody asks it while its owner is down.
        """
        owners = [r for r in self.store.latest.reports.values() if r.part_of is None]
        waiting = [str(report.source) for report in owners if not report.was_asked]
        if waiting:
            return PlainTextResponse(f"not asked yet: {', '.join(waiting)}\n", 503)
        return PlainTextResponse("ready\n")

    async def snapshot(self, request: Request) -> Response:
        """The latest snapshot; with ?after=SEQUENCE not before it is another one."""
        after = request.query_params.get("after")
        if after is not None:
            if not _SEQUENCE.fullmatch(after):
                return PlainTextResponse("after: must be a sequence number\n", 400)
            await self._wait_for_another(int(after), request.scope[STOPPING])
        body = await anyio.to_thread.run_sync(self._snapshot)
        headers = {"Cache-Control": "no-store"}
        return Response(body, headers=headers, media_type="application/json")

    async def _wait_for_another(self, sequence: int, stopping: threading.Event) -> None:
        """A higher sequence than the latest is another one, too: of an exporter before this one."""
        until = time.monotonic() + _WAIT_SECONDS
        while (
            self.store.latest.sequence == sequence
            and time.monotonic() < until
            and not stopping.is_set()
        ):
            await anyio.to_thread.run_sync(
                self.store.wait, sequence, _WAIT_STEP_SECONDS, limiter=self.waiters
            )

    def _snapshot(self) -> bytes:
        latest = self.store.latest
        view = to_json(latest, latest.live(time.monotonic()), time.time())
        return json.dumps(view, separators=(",", ":")).encode()

    async def landing(self, request: Request) -> Response:
        latest = self.store.latest
        live = latest.live(time.monotonic())
        rows = "".join(_row(r, up=r.source in live) for r in latest.reports.values())
        page = _LANDING.format(version=__version__, rows=rows)
        return HTMLResponse(page, headers={"Content-Security-Policy": _LANDING_POLICY})


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
    guard = [Middleware(BasicAuth, users=users) if users else Middleware(Open)]
    app = Starlette(routes=routes, middleware=guard)
    # /metrics/ is not there; a redirect would repeat whatever Host header it was asked with.
    app.router.redirect_slashes = False
    return app


def _takes_gzip(accept_encoding: str) -> bool:
    """Whether gzip may be sent (RFC 9110, 12.5.3)."""
    wishes = [wish.partition(";") for wish in accept_encoding.lower().replace(" ", "").split(",")]
    weights = {coding: _weight(parameters) for coding, _, parameters in wishes}
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _weight(parameters: str) -> float:
    try:
        return float(parameters.removeprefix("q=") or 1)
    except ValueError:
        return 0.0


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
