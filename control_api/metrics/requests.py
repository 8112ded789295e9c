"""Requests, counted and timed by route template: as many series as there are routes, no more."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator

from fastapi.routing import iter_route_contexts
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from control_api.metrics.times import Times

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_NO_ROUTE = "(none)"


class Requests(Collector):
    """What was answered so far."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answered: Counter[tuple[str, str, str]] = Counter()
        self._times: dict[str, Times] = {}

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        known = method if method in _METHODS else "other"
        with self._lock:
            self._answered[known, route, f"{status // 100}xx"] += 1
            self._times.setdefault(route, Times(_BUCKETS)).add(seconds)

    def collect(self) -> Iterator[Metric]:
        answered = CounterMetricFamily(
            "leitstand_http_requests_total",
            "Requests answered, by class of status and template of the route.",
            labels=("method", "route", "status"),
        )
        took = HistogramMetricFamily(
            "leitstand_http_request_duration_seconds",
            "From the request to the end of its answer.",
            labels=("route",),
        )
        with self._lock:
            for labels, count in sorted(self._answered.items()):
                answered.add_metric(labels, count)
            for route, times in sorted(self._times.items()):
                took.add_metric((route,), times.buckets(), times.total)
        yield answered
        yield took


class Measured:
    """Middleware, the outermost: counts and times every HTTP request."""

    def __init__(self, app: ASGIApp, requests: Requests) -> None:
        self._app = app
        self._requests = requests
        self._templates: dict[object, str] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # Of an application that breaks before it has answered.
        status = 500

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        began = time.monotonic()
        try:
            await self._app(scope, receive, seen)
        finally:
            route = self._template(scope)
            self._requests.count(scope["method"], route, status, time.monotonic() - began)

    def _template(self, scope: Scope) -> str:
        endpoint = scope.get("endpoint")
        if endpoint is None:
            return _NO_ROUTE
        if self._templates is None:
            # Not the route's own path, which lacks the prefix of its router.
            contexts = iter_route_contexts(scope["app"].routes)
            self._templates = {each.endpoint: str(each.path) for each in contexts}
        return self._templates.get(endpoint, _NO_ROUTE)
