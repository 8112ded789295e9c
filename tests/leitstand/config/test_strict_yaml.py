"""YAML's traps are refused, and no error repeats the text."""

from __future__ import annotations

import pytest

from leitstand.config.strict_yaml import NotYaml, parse

SECRET = "hunter2"
BAD = [
    ("a: 1\na: 2", "line 2: key a is there twice"),
    ("x: {a: 1, b: 2, a: 3}", "line 1: key a is there twice"),
    ("a: b: c", "line 1: mapping values are not allowed here"),
    ("a:\n\tb: 1", r"line 2: found character '\t' that cannot start any token"),
    ("a: %x", "line 1: found character '%' that cannot start any token"),
    (f"a: *{SECRET}", "line 1: found undefined alias …"),
    (f"a: !{SECRET} x", "line 1: could not determine a constructor for the tag …"),
    (f"a: !{SECRET}'{SECRET} x", "line 1: could not determine a constructor for the tag …"),
    (f"a: '{SECRET}", "line 1: found unexpected end of stream"),
    (f"a: {SECRET}\n  b\nc", "line 3: could not find expected ':'"),
    ("a: \x00", "character 4: special characters are not allowed"),
    ("a: 2020-13-45", "a value in it is impossible (ValueError)"),
    (f"a: {'1' * 5000}", "a value in it is impossible (ValueError)"),
    ("[" * 1000, "a value in it is impossible (RecursionError)"),
    ("? [a, b]\n: 1", "line 1: found unhashable key"),
]


@pytest.mark.parametrize(("text", "reason"), BAD)
def test_it_says_what_and_where(text: str, reason: str) -> None:
    with pytest.raises(NotYaml) as raised:
        parse(text)
    assert str(raised.value) == reason
    assert SECRET not in str(raised.value)


def test_what_is_good_is_as_yaml_has_it() -> None:
    assert parse("a: &x {b: 1}\nc: {<<: *x, b: 2}\nd: {b: 1}\n1: '1'\n'1': 1") == {
        "a": {"b": 1},
        "c": {"b": 2},
        "d": {"b": 1},
        1: "1",
        "1": 1,
    }
