"""Every query of every dashboard has an answer from a real Prometheus over the demo."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.grafana.reading import FILES, Query, expanded, load, queries
from tests.grafana.scene import Prometheus, scene
from tests.running import eventually

_ALL = dict.fromkeys(("job", "instance", "server", "path", "studio"), ".+")
VALUES = _ALL | {"__rate_interval": "8s", "__range": "60s"}
"""As Grafana fills them in, at the pace at which this Prometheus scrapes."""

PATIENCE_SECONDS = 40.0

ONLY_ON_SOME_MACHINES = {
    "host_temperature_celsius": "many virtual machines have no sensor",
    "host_disk_": "a container may see no disk of its own",
    "host_network_": "a sandbox may have no device but loopback",
}
"""What this machine may not have -> why; the panels say so instead of being empty."""


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    with scene(tmp_path_factory.mktemp("scene")) as made:
        yield made


def test_every_query_has_an_answer(prometheus: Prometheus) -> None:
    eventually(lambda: prometheus.values("host_load1"), within=PATIENCE_SECONDS)
    asked = [query for file in FILES for query in queries(load(file))]
    waiting = [query for query in asked if not _may_lack(prometheus, query)]
    assert len(waiting) > 180
    until = time.monotonic() + PATIENCE_SECONDS
    while waiting and time.monotonic() < until:
        waiting = [query for query in waiting if not _answered(prometheus, query)]
        time.sleep(0.5)
    assert [query.where for query in waiting] == []


def _answered(prometheus: Prometheus, query: Query) -> bool:
    expr = expanded(query.expr, VALUES)
    if query.label:
        return bool(prometheus.labels(expr, query.label))
    return bool(prometheus.values(expr))


def _may_lack(prometheus: Prometheus, query: Query) -> bool:
    """This machine has none of it at all: not a wrong query, but nothing to ask about."""
    lacks = [name for name in ONLY_ON_SOME_MACHINES if name in query.expr]
    return any(not prometheus.values(f'count({{__name__=~"{name}.*"}})') for name in lacks)
