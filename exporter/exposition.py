"""Metrics -> text: Prometheus 0.0.4 and OpenMetrics 1.0, byte for byte as prometheus_client.

A sample line is the same in both formats, so the lines of a family are rendered once a poll
(`body`) and shared by every format and every scrape (`page`).

Formats: https://prometheus.io/docs/instrumenting/exposition_formats/ and
https://prometheus.io/docs/specs/om/open_metrics_spec/
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from enum import Enum

from exporter.family import Family, Labels, Sample

_SERIES_KEPT = 50_000


class Format(Enum):
    """A text format, with the Content-Type that announces it."""

    PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"

    @property
    def content_type(self) -> str:
        return self.value


class SeriesTexts(dict[Labels, str]):
    """`name{a="x",b="y"} ` for label values: made once, since a series outlives many polls."""

    def __init__(self, family: Family) -> None:
        super().__init__()
        self._name = family.name
        self._places = sorted((label, place) for place, label in enumerate(family.labels))

    def __missing__(self, values: Labels) -> str:
        if len(self) >= _SERIES_KEPT:
            self.clear()
        pairs = ",".join(f'{label}="{_escape(values[place])}"' for label, place in self._places)
        text = self[values] = f"{self._name}{{{pairs}}} " if pairs else f"{self._name} "
        return text


class Renderer:
    """Renders the families of one source; remembers its series and what they last said.

    Used by one thread at a time.
    """

    def __init__(self) -> None:
        self._series: dict[Family, SeriesTexts] = {}
        self._last: dict[Family, tuple[Sequence[Sample], bytes]] = {}

    def body(self, family: Family, samples: Sequence[Sample]) -> bytes:
        """The lines of one family's samples, without its header.

        From one poll to the next most families say the same, which is quicker seen than written.
        """
        last = self._last.get(family)
        if last is not None and last[0] == samples:
            return last[1]
        body = self.lines(family, samples)
        self._last[family] = samples, body
        return body

    def lines(self, family: Family, samples: Sequence[Sample]) -> bytes:
        """The same, written anew."""
        texts = self._series.get(family)
        if texts is None:
            texts = self._series[family] = SeriesTexts(family)
        return "".join(
            [
                # Small whole numbers are most of all samples: spared the call.
                f"{texts[labels]}{value}.0\n"
                if value.__class__ is int and -1_000_000 < value < 1_000_000
                else f"{texts[labels]}{number(value)}\n"
                for labels, value in samples
            ]
        ).encode()


def page(bodies: Iterable[tuple[Family, Iterable[bytes]]], form: Format) -> bytes:
    """The whole page: each family's header and the bodies that all its sources gave."""
    openmetrics = form is Format.OPENMETRICS
    parts: list[bytes] = []
    for family, texts in bodies:
        parts.append(_header(family, openmetrics=openmetrics))
        parts.extend(texts)
    if openmetrics:
        parts.append(b"# EOF\n")
    return b"".join(parts)


def _header(family: Family, *, openmetrics: bool) -> bytes:
    name, text = family.name, family.help.replace("\\", r"\\").replace("\n", r"\n")
    if openmetrics:
        name, text = name.removesuffix("_total"), text.replace('"', r"\"")
    return f"# HELP {name} {text}\n# TYPE {name} {family.kind}\n".encode()


def _escape(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def number(value: float) -> str:
    """A value as prometheus_client writes it: Go's %g from a million on, else Python's repr."""
    if value.__class__ is not int:
        return _float(float(value))
    if -1_000_000 < value < 1_000_000:
        return f"{value}.0"
    if 0 < value < 10**15:
        # Most counters live here: the same digits without the way over a float.
        text = str(value)
        if text[-1] != "0":
            return f"{text[0]}.{text[1:]}{_EXPONENTS[len(text)]}"
    return _float(float(value))


_EXPONENTS = tuple(f"e+{digits - 1:02d}" for digits in range(16))


def _float(value: float) -> str:
    if value == math.inf:
        return "+Inf"
    if value == -math.inf:
        return "-Inf"
    if value != value:
        return "NaN"
    text = repr(value)
    dot = text.find(".")
    if value < 0 or dot <= 6:
        return text
    mantissa = f"{text[0]}.{text[1:dot]}{text[dot + 1 :]}".rstrip("0.")
    return f"{mantissa}e+{dot - 1:02d}"


def negotiate(accept: str) -> Format:
    """The format that an Accept header likes best (RFC 9110, 12.5.1); else Prometheus."""
    best, chosen = 0.0, Format.PROMETHEUS
    for wish in accept.split(","):
        media, *parameters = (part.strip().lower() for part in wish.split(";"))
        values = dict(part.split("=", 1) for part in parameters if "=" in part)
        form = _supported(media, values.get("version", "").strip('"'))
        quality = _quality(values.get("q", "1"))
        if form is not None and quality > best:
            best, chosen = quality, form
    return chosen


def _supported(media: str, version: str) -> Format | None:
    if media == "application/openmetrics-text" and version in ("", "1.0.0"):
        return Format.OPENMETRICS
    if media in ("text/plain", "text/*", "*/*") and version in ("", "0.0.4"):
        return Format.PROMETHEUS
    return None


def _quality(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
