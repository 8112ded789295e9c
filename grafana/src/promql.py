"""Queries: plain PromQL in, the same with the dashboard's variables as matchers out."""

from __future__ import annotations

import re

_TARGET = ("job", "instance")
_SCOPES = (
    (r"mediamtx_(?:path_|session|srt_|hls_|forward|recording_)", ("server", "path")),
    (r"mediamtx_", ("server",)),
    (r"obs_|leitstand_(?:recording|schedule)", ("studio",)),
)
"""How a name begins -> which variables beside $job and $instance choose among its series."""

_SELECTOR = re.compile(
    r"(?<![\w$:])(?P<name>up|(?:mediamtx|obs|leitstand|host|process|prometheus|alertmanager|scrape)_\w+)"
    r"(?!\w)(?:\{(?P<given>[^}]*)\})?"
)


def select(expr: str) -> str:
    """Every metric of the expression with the matchers that its name asks for.

    `ALERTS` is left as it is: an alert need not be about one target, and says itself about what.
    """
    return _SELECTOR.sub(_chosen, " ".join(expr.split()))


def _chosen(found: re.Match[str]) -> str:
    name, given = found["name"], found["given"]
    scope = next((labels for begin, labels in _SCOPES if re.match(begin, name)), ())
    matchers = [f'{label}=~"${label}"' for label in (*_TARGET, *scope)]
    return f"{name}{{{', '.join([*matchers, *([given] if given else [])])}}}"


def counted(what: str, among: str) -> str:
    """How many series; 0 only if `among` has any, so that no series is never a good sign."""
    return f"count({what}) or 0 * count({among})"


def rate(counter: str, by: str = "") -> str:
    """Per second, summed by labels, or over all."""
    grouped = f"sum by ({by})" if by else "sum"
    return f"{grouped} (rate({counter}[$__rate_interval]))"


def share(part: str, whole: str, by: str = "") -> str:
    """A part of a whole, both counters, over the rate interval; gone where nothing came."""
    return f"{rate(part, by)} / ({rate(whole, by)} > 0)"


def lost(direction: str, by: str = "") -> str:
    """Packets lost of all that should have come; `direction` is inbound or outbound."""
    gone = rate(f"mediamtx_session_{direction}_packets_lost_total", by)
    came = rate(f"mediamtx_session_{direction}_packets_total", by)
    return f"{gone} / ({came} + {gone} > 0)"
