"""The shipped rules and routes with every duration divided by one factor.

Hours of waiting, windows and repeats become minutes, in the same proportions.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from leitstand.config.values import parse_duration

ROOT = Path(__file__).parents[2]
_DURATIONS = {
    *("for", "keep_firing_for", "interval", "scrape_interval", "evaluation_interval"),
    *("scrape_timeout", "group_wait", "group_interval", "repeat_interval", "resolve_timeout"),
}
_RANGE = re.compile(r"(?<=[\[:])(\d+[a-z]+)(?=[\]:])|(?<=offset )(\d+[a-z]+)")
# Of an age only: what is compared with a rate or a ratio does not depend on the pace.
_POLLS = re.compile(r"(poll_failures_total\[[^\]]*\]\) > )([\d.]+)")
_AGE = re.compile(r"(time\(\) - [^>]*> )(\d+)")


def hurried(value: Any, factor: float, key: str = "") -> Any:
    """A copy of what YAML held."""
    if isinstance(value, dict):
        return {name: hurried(each, factor, name) for name, each in value.items()}
    if isinstance(value, list):
        return [hurried(each, factor, key) for each in value]
    if key in _DURATIONS:
        return shorter(value, factor)
    return expression(value, factor) if key == "expr" else value


def shorter(duration: str, factor: float) -> str:
    return f"{max(0, round(parse_duration(duration) / factor * 1000))}ms"


def expression(text: str, factor: float) -> str:
    """Range selectors, offsets, and the seconds that an age is compared with."""
    # So many polls a second are that many times more.
    text = _POLLS.sub(lambda found: f"{found[1]}{float(found[2]) * factor:g}", text)
    text = _RANGE.sub(lambda found: shorter(found[0], factor), text)
    return _AGE.sub(lambda found: f"{found[1]}{float(found[2]) / factor:g}", text)


def rules(folder: Path, factor: float) -> list[str]:
    """Hurried copies of every shipped rule file in `folder`; their paths."""
    written = []
    for kind in ("rules", "alerts"):
        for file in sorted((ROOT / "prometheus" / kind).glob("*.yml")):
            copy = folder / f"{kind}-{file.name}"
            copy.write_text(yaml.safe_dump(hurried(yaml.safe_load(file.read_text()), factor)))
            written.append(str(copy))
    return written
