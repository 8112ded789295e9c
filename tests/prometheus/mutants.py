"""Every rule with one thing changed: a number, a comparison, a word, a duration."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.prometheus.needs import asked, only, targets
from tests.prometheus.shipped import FOLDER, Shipped, files, promtool_test, read, rules

# Neither within names, ranges, durations and words in quotes.
_TOKEN = re.compile(
    r"""
    (?P<aside> "[^"]*" | \[[^]]*\] | offset\s+\w+ )
  | (?P<word> [A-Za-z_:][\w:]* )
  | (?P<number> \d+(?:\.\d+)?(?:e\d+)? )
  | (?P<comparison> (?<![=!<>]) (?: == | != | >= | <= | > | < ) (?![=~]) )
    """,
    re.VERBOSE,
)
_WORDS = {"and": ("or", "unless"), "or": ("and", "unless"), "unless": ("and",)}
_COMPARISONS = {"==": "!=", "!=": "==", ">": "<", "<": ">", ">=": "<", "<=": ">"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """A rule and what stands in its place; `change` says it in words."""

    origin: Shipped
    change: str
    key: str
    value: str

    def __str__(self) -> str:
        return f"{self.origin.subject}: {self.origin.name}: {self.change}"

    @property
    def _file(self) -> str:
        return f"{self.origin.folder}/{self.origin.subject}.yml"

    def file(self) -> Any:
        """The whole rule file with the one change."""
        at = self.origin
        document = copy.deepcopy(read(FOLDER / self._file))
        document["groups"][at.group]["rules"][at.number][self.key] = self.value
        return document

    def is_noticed(self, promtool: str, folder: Path) -> bool:
        """Whether some promtool test of its subject breaks; in a folder of its own."""
        return any(self._breaks(file, promtool, folder) for file in files(self.origin.subject))

    def _breaks(self, file: Path, promtool: str, folder: Path) -> bool:
        tests = [mine for test in read(file)["tests"] if (mine := asked(test, self.origin))]
        names = [name.removeprefix("../../prometheus/") for name in read(file)["rule_files"]]
        if not tests or self._file not in names:
            return False
        kept = frozenset().union(*map(targets, tests))
        for name in names:
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            document = self.file() if name == self._file else read(FOLDER / name)
            target.write_text(json.dumps(only(document, kept)), encoding="utf-8")
        copied = folder / file.name
        test = read(file) | {"rule_files": names, "tests": tests}
        copied.write_text(json.dumps(test), encoding="utf-8")
        return promtool_test(promtool, copied).returncode != 0


def mutants() -> Iterator[Mutant]:
    for folder in ("rules", "alerts"):
        for shipped in rules(folder):
            yield from _of(shipped)


def _of(shipped: Shipped) -> Iterator[Mutant]:
    expr = str(shipped.rule["expr"])
    for found in _TOKEN.finditer(expr):
        for other in _others(found):
            changed = expr[: found.start()] + other + expr[found.end() :]
            line = expr.count("\n", 0, found.start()) + 1
            change = f"{found[0]} becomes {other} in line {line}, column {found.start()}"
            yield Mutant(shipped, change, "expr", changed)
    for key in ("for", "keep_firing_for"):
        if duration := shipped.rule.get(key):
            for other in _durations(duration):
                yield Mutant(shipped, f"{key} {duration} becomes {other}", key, other)


def _others(found: re.Match[str]) -> tuple[str, ...]:
    text = found[0]
    if found["number"]:
        return _numbers(text)
    if found["comparison"]:
        return (_COMPARISONS[text],)
    return _WORDS.get(text, ()) if found["word"] else ()


def _numbers(text: str) -> tuple[str, ...]:
    """One more and one less of what is counted, a fifth of what is measured."""
    if text == "0":
        # An increase of one is extrapolated to a little above it.
        return "(-1)", "2"
    if text.isdigit() and len(text) == 1:
        return str(int(text) + 1), str(int(text) - 1)
    return f"{float(text) * 1.2:g}", f"{float(text) / 1.2:g}"


def _durations(text: str) -> tuple[str, str]:
    seconds = int(text[:-1]) * {"s": 1, "m": 60, "h": 3600}[text[-1]]
    return f"{seconds * 2}s", f"{seconds // 2}s"
