"""Both languages say the same, every word that is asked for is there, and none for nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from control_api.web.files import PAGE
from tests import reason_words

_KEY = re.compile(r'^  (?:"([^"]+)"|(\w+)): "((?:[^"\\]|\\.)*)",$', re.MULTILINE)
_WORD = re.compile(r"[\"'`]((?:[a-z][a-z0-9_]*\.)*[a-z][a-z0-9_]*)[\"'`]")
_ASKED = re.compile(r"\bt\(\s*[\"']([^\"']+)[\"']")
_MADE = re.compile(r"`((?:[a-z][a-z0-9_]*\.)+)\$\{[^}`]*\}((?:\.[a-z]+)*)`")


def words(language: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for file in sorted((PAGE / "words" / language).glob("*.js")):
        for quoted, plain, text in _KEY.findall(file.read_text()):
            key = quoted or plain
            assert key not in found, f"{key} is there twice"
            found[key] = text
    return found


def sources() -> Iterator[tuple[Path, str]]:
    for file in sorted(PAGE.rglob("*.js")):
        if "words" not in file.relative_to(PAGE).parts:
            yield file, file.read_text()


def test_every_line_is_understood() -> None:
    for file in PAGE.glob("words/*/*.js"):
        lines = file.read_text().splitlines()[1:-1]
        assert len(_KEY.findall(file.read_text())) == len(lines), file


def test_reasons_are_those_of_the_table() -> None:
    """After a change of the table: `make docs`."""
    for file, text in reason_words.files().items():
        assert file.read_text(encoding="utf-8") == text, file


def test_both_languages_have_the_same_keys() -> None:
    assert words("de").keys() == words("en").keys()


def test_both_fill_in_the_same() -> None:
    german, english = words("de"), words("en")
    for key in english:
        holes = [sorted(re.findall(r"\{\w+\}", each[key])) for each in (german, english)]
        assert holes[0] == holes[1], key


def test_every_word_that_is_asked_for_is_there() -> None:
    known = words("en")
    for file, text in sources():
        for key in _ASKED.findall(text):
            assert key in known, f"{file.name}: {key}"
        for begin, end in _MADE.findall(text):
            fits = [key for key in known if key.startswith(begin) and key.endswith(end)]
            assert fits, f"{file.name}: {begin}…{end}"


def test_no_word_is_there_for_nothing() -> None:
    """A key is used if it stands in a source as text, or begins as one that is put together."""
    texts = [text for _, text in sources()]
    plain = {key for text in texts for key in _WORD.findall(text)}
    made = {begin for text in texts for begin, _ in _MADE.findall(text)}
    made |= {f"{key}." for text in texts for key in re.findall(r", \"([a-z]+\.[a-z]+)\"\)", text)}
    unused = {
        key
        for key in words("en")
        if key.removesuffix(".one") not in plain and not key.startswith(tuple(made))
    }
    assert unused == set()


def test_text_only_ever_becomes_text() -> None:
    for file, text in sources():
        for forbidden in (
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "eval(",
            "document.write",
        ):
            assert forbidden not in text, f"{file.name}: {forbidden}"
