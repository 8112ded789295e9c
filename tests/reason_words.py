"""The reason codes as words of the page and as a table of README. `make docs` writes them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from control_api.library.reasons import FILE_TEXTS
from control_api.recordings.reasons import GAP_CODES, TEXTS, Severity, Text
from control_api.web.files import PAGE

_WORDS = PAGE / "words"
_ALL: Mapping[str, Text] = {**TEXTS, **FILE_TEXTS}
_HEAD = "export default { // Made by `make docs` from the tables of reasons."


def files() -> Mapping[Path, str]:
    """The page's files, one a language, and what they contain."""
    return {
        _WORDS / "de" / "reasons.js": _module({code: t.german for code, t in _ALL.items()}),
        _WORDS / "en" / "reasons.js": _module({code: t.english for code, t in _ALL.items()}),
    }


def table() -> str:
    """One row a code, in the order of the table."""
    rows = ["| code | English | German | a gap | a fault |", "|---|---|---|---|---|"]
    rows += [_row(code, text) for code, text in _ALL.items()]
    return "\n".join(rows)


def _module(words: Mapping[str, str]) -> str:
    lines = [
        f'  "reason.{code}": {json.dumps(text, ensure_ascii=False)},'
        for code, text in words.items()
    ]
    return "\n".join([_HEAD, *lines, "};", ""])


def _row(code: str, text: Text) -> str:
    gap = "yes" if code in GAP_CODES else ""
    fault = "" if text.severity is Severity.INFO else text.severity.name.lower()
    return f"| `{code}` | {text.english} | {text.german} | {gap} | {fault} |"
