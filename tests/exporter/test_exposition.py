"""The text is prometheus_client's, byte for byte, in both formats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from exporter.exposition import Format, Renderer, negotiate, page
from exporter.family import Family, Sample, counter, gauge

Metrics = Sequence[tuple[Family, Sequence[Sample]]]

_VALUES = st.one_of(
    st.integers(-(10**20), 10**20),
    st.floats(),
    st.booleans(),
    st.sampled_from([0, 1, 999_999, 1_000_000, 1e6, 999_999.9, 1e15, 1e16, 123456789.25, 1e-7]),
)
_FAMILIES = (
    gauge("a_bytes", 'A "quoted" help \\ with\nodd characters.', "server", "path"),
    counter("b_things_total", "A counter.", "path", "codec", "alpha"),
    gauge("c_ratio", "Without labels."),
)


class Yardstick:
    """The same metrics as prometheus_client holds them."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        for family, samples in self._metrics:
            kind = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
            metric = kind(family.name, family.help, labels=family.labels)
            for labels, value in samples:
                metric.add_metric(labels, value)
            yield metric


def ours(metrics: Metrics, form: Format) -> bytes:
    renderer = Renderer()
    return page(((f, [renderer.body(f, samples)]) for f, samples in metrics), form)


@st.composite
def metrics(draw: st.DrawFn) -> Metrics:
    return [
        (
            family,
            draw(
                st.lists(
                    st.tuples(st.tuples(*(st.text() for _ in family.labels)), _VALUES), max_size=5
                )
            ),
        )
        for family in _FAMILIES
    ]


# A label value with half a surrogate pair cannot be encoded by anybody.
@given(metrics().filter(lambda m: "\\ud" not in ascii(m)))
def test_byte_identical_to_prometheus_client(metrics: Metrics) -> None:
    assert ours(metrics, Format.PROMETHEUS) == generate_latest(Yardstick(metrics))
    assert ours(metrics, Format.OPENMETRICS) == generate_openmetrics(Yardstick(metrics))


def test_rendering_again_uses_the_same_labels_for_new_values() -> None:
    renderer, family = Renderer(), _FAMILIES[0]
    labels = ("main", "stage")
    assert renderer.body(family, [(labels, 1)]) == b'a_bytes{path="stage",server="main"} 1.0\n'
    assert renderer.body(family, [(labels, 2)]) == b'a_bytes{path="stage",server="main"} 2.0\n'


def test_families_with_the_same_label_names_do_not_mix() -> None:
    renderer = Renderer()
    one, other = gauge("one", "One.", "x"), gauge("other", "Other.", "x")
    assert renderer.body(one, [(("a",), 1)]) + renderer.body(other, [(("a",), 1)]) == (
        b'one{x="a"} 1.0\nother{x="a"} 1.0\n'
    )


def test_openmetrics_parses_strictly() -> None:
    text = ours([(_FAMILIES[1], [(("p", "H264", "x"), 5)])], Format.OPENMETRICS).decode()
    (family,) = text_string_to_metric_families(text)
    assert (family.name, family.type, family.samples[0].value) == ("b_things", "counter", 5.0)


def test_names_say_what_kind_they_are() -> None:
    with pytest.raises(ValueError, match="must end in _total"):
        counter("bytes", "No.")
    with pytest.raises(ValueError, match="must not end in _total"):
        gauge("bytes_total", "No.")


_PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
_PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;"
    "escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", Format.PROMETHEUS),
        ("*/*", Format.PROMETHEUS),
        ("text/html", Format.PROMETHEUS),
        (_PROMETHEUS_2, Format.OPENMETRICS),
        (_PROMETHEUS_3, Format.OPENMETRICS),
        ("text/plain;version=0.0.4", Format.PROMETHEUS),
        ("application/openmetrics-text", Format.OPENMETRICS),
        ("application/openmetrics-text;q=0.1,text/plain;q=0.9", Format.PROMETHEUS),
        ("application/openmetrics-text;q=0", Format.PROMETHEUS),
        ("application/openmetrics-text;version=2.0.0,text/plain;q=0.1", Format.PROMETHEUS),
        ("application/openmetrics-text;q=rubbish", Format.PROMETHEUS),
    ],
)
def test_negotiation(accept: str, form: Format) -> None:
    assert negotiate(accept) is form
