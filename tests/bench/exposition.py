"""Text exposition against prometheus_client, the same families in the same run."""

from __future__ import annotations

import gc
import random
from collections.abc import Iterator, Sequence

from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.samples import Sample as ClientSample

from exporter import collectors
from exporter.exposition import Format, Renderer, page
from exporter.family import Family, Sample
from exporter.sources.mediamtx.source import MediaMTXSource, Watch
from leitstand.clients.mediamtx import Access, MediaMTXClient
from leitstand.demo.mediamtx import DemoMediaMTX, World
from tests.bench.rows import ROUNDS, Row, median, seconds

Families = Sequence[tuple[Family, Sequence[Sample]]]


class Ready:
    """The families as prometheus_client holds them, made beforehand."""

    def __init__(self, families: Families) -> None:
        self._metrics = [_metric(family, samples) for family, samples in families]

    def collect(self) -> Iterator[Metric]:
        yield from self._metrics


def rows() -> Iterator[Row]:
    with DemoMediaMTX(World.large(1000, 1000)) as demo:
        client = MediaMTXClient(Access(demo.url, lambda: None))
        source = MediaMTXSource(Watch(name="main"), client)
        source.poll()
        families = [(f, list(s)) for f, s in collectors.collect("mediamtx", source.poll()) if s]
        source.close()
    renderer, rng = Renderer(), random.Random(1)
    ours, theirs = [], []
    for _ in range(ROUNDS):
        # What a poll changes: every counter and time, and none of the labels.
        families = [(f, [(at, _next(v, rng)) for at, v in samples]) for f, samples in families]
        ready = Ready(families)
        gc.collect()
        ours.append(seconds(lambda families=families: _render(renderer, families)))
        theirs.append(seconds(lambda ready=ready: generate_latest(ready)))
    if _render(renderer, families) != generate_latest(Ready(families)):
        raise SystemExit("the exposition differs from prometheus_client's")
    samples = sum(len(samples) for _, samples in families)
    ratio = median(b / a for a, b in zip(ours, theirs, strict=True))
    yield Row("exposition, samples a second", samples / median(ours), "1/s", 1_000_000, True)
    yield Row("exposition, times as fast as prometheus_client", ratio, "x", 8, True)


def _render(renderer: Renderer, families: Families) -> bytes:
    # Every line anew: what did not change would otherwise not be rendered at all.
    bodies = ((family, [renderer.lines(family, samples)]) for family, samples in families)
    return page(bodies, Format.PROMETHEUS)


def _next(value: float, rng: random.Random) -> float:
    return value if value in (0, 1) else value + rng.randrange(1000)


def _metric(family: Family, samples: Sequence[Sample]) -> Metric:
    kind = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    metric = kind(family.name, family.help, labels=family.labels)
    metric.samples = [
        ClientSample(family.name, dict(zip(family.labels, at, strict=True)), value)
        for at, value in samples
    ]
    return metric
