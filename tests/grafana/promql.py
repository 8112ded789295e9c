"""As much of PromQL as a look at its selectors needs: which series, over what, inside of what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r'"(?:\\.|[^"\\])*"|\$?[A-Za-z_:][\w:]*|\$\w+|\d+(?:\.\d+)?(?:e[+-]?\d+)?\w*|=~|!~|!=|==|>=|<=|\S'
)
_LABEL_LISTS = ("by", "without", "on", "ignoring", "group_left", "group_right")
_WORDS = (*_LABEL_LISTS, "and", "or", "unless", "bool", "offset", "atan2", "inf", "nan")
_MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"((?:\\.|[^"\\])*)"')


@dataclass(frozen=True, slots=True)
class Selector:
    """`name{matchers}[window]` inside of a function, if it is in one."""

    name: str
    matchers: frozenset[tuple[str, str, str]]
    window: str | None
    function: str | None

    def has(self, label: str, operator: str, value: str) -> bool:
        return (label, operator, value) in self.matchers


def selectors(expr: str) -> Iterator[Selector]:
    """Every series that the expression names, from left to right."""
    tokens = [(found[0], found.start()) for found in _TOKEN.finditer(expr)]
    callers: list[str | None] = []
    place = 0
    while place < len(tokens):
        token, start = tokens[place]
        following = tokens[place + 1][0] if place + 1 < len(tokens) else ""
        if token in _LABEL_LISTS and following == "(":
            place = _after(tokens, place + 1, ")")
            continue
        if token == "(":
            callers.append(_caller(tokens, place))
        elif token == ")":
            callers.pop()
        elif token == "@":
            place = _after(tokens, place, ")")
            continue
        elif re.match(r"[A-Za-z_:]", token) and token not in _WORDS and following != "(":
            if not _is_aggregation(tokens, place):
                rest = expr[start + len(token) :]
                yield _selector(token, rest, callers[-1] if callers else None)
                place = _past(tokens, place, following)
                continue
        place += 1


def _selector(name: str, rest: str, function: str | None) -> Selector:
    found = re.match(r'\s*(\{(?:"(?:\\.|[^"\\])*"|[^}"])*\})?\s*(?:\[([^\]]+)\])?', rest)
    assert found is not None
    matchers = frozenset((m[1], m[2], m[3]) for m in _MATCHER.finditer(found[1] or ""))
    return Selector(name, matchers, found[2], function)


def _past(tokens: list[tuple[str, int]], place: int, following: str) -> int:
    """Where it goes on behind the matchers and the window."""
    if following == "{":
        place = _after(tokens, place + 1, "}") - 1
    if place + 1 < len(tokens) and tokens[place + 1][0] == "[":
        place = _after(tokens, place + 1, "]") - 1
    return place + 1


def _after(tokens: list[tuple[str, int]], place: int, closing: str) -> int:
    while tokens[place][0] != closing:
        place += 1
    return place + 1


def _caller(tokens: list[tuple[str, int]], place: int) -> str | None:
    """The function whose parenthesis this is; `sum by (…) (` is none that looks at a window."""
    before = tokens[place - 1][0] if place else ""
    is_name = re.fullmatch(r"[a-z_]\w*", before) and before not in _WORDS
    return before if is_name else None


def _is_aggregation(tokens: list[tuple[str, int]], place: int) -> bool:
    """`sum` of `sum by (…) (…)`."""
    following = tokens[place + 1][0] if place + 1 < len(tokens) else ""
    return following in ("by", "without")
