"""The rules and alerts as they are shipped, and the promtool tests beside them."""

from __future__ import annotations

import functools
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

TESTS = Path(__file__).parent
FOLDER = TESTS.parents[1] / "prometheus"
SUBJECTS = sorted(file.stem for file in (FOLDER / "alerts").glob("*.yml"))

Rule = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shipped:
    """A rule, where it stands: `place` is its file's folder and name, group and number."""

    folder: str
    subject: str
    group: int
    number: int
    rule: Rule

    @property
    def name(self) -> str:
        return str(self.rule.get("alert") or self.rule["record"])


def rules(folder: str) -> Iterator[Shipped]:
    """Every rule of `rules` or `alerts`."""
    for file in sorted((FOLDER / folder).glob("*.yml")):
        for g, group in enumerate(read(file)["groups"]):
            for n, rule in enumerate(group["rules"]):
                yield Shipped(folder, file.stem, g, n, rule)


def alerts() -> dict[str, Shipped]:
    return {each.name: each for each in rules("alerts")}


def files(subject: str) -> list[Path]:
    """The promtool test files of a subject; what takes long windows has one of its own."""
    return sorted(TESTS.glob(f"{subject}*.test.yml"))


def cases(subject: str) -> list[Any]:
    """Every test in them."""
    return [test for file in files(subject) for test in read(file)["tests"]]


@functools.cache
def read(file: Path) -> Any:
    """Not to be changed by who reads it."""
    return yaml.load(
        file.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    )


def promtool_test(promtool: str, file: Path) -> subprocess.CompletedProcess[str]:
    command = [promtool, "test", "rules", str(file)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


_ASIDE = re.compile(
    r"""
    "[^"]*" | \[[^]]*\]                                       # words in quotes, ranges
  | \b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)
    """,
    re.VERBOSE,
)
_MATCHERS = re.compile(r"\{[^}]*\}")
_NAME = re.compile(r"[A-Za-z_:][\w:]*(?![\w:]*\s*\()")
_WORDS = {"and", "or", "unless", "bool", "offset", "by", "without", "on", "ignoring"}


def metrics(expr: str) -> set[str]:
    """The metrics that an expression names."""
    bare = _MATCHERS.sub(" ", _ASIDE.sub(" ", expr))
    without_numbers = re.sub(r"(?<![\w:])\d[\w.]*", " ", bare)
    return set(_NAME.findall(without_numbers)) - _WORDS
