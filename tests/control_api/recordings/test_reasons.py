"""The table of reason codes is whole, and its texts can be made from parameters."""

from __future__ import annotations

import string

import pytest

from control_api.recordings.reasons import BY_HAND, GAP_CODES, TEXTS, Code, Reason, Severity


def parameters(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("code", Code)
def test_every_code_has_a_text_in_both_languages_with_the_same_parameters(code: Code) -> None:
    text = TEXTS[code]
    assert text.english
    assert text.german
    assert parameters(text.english) == parameters(text.german)


def test_text_and_severity_of_a_reason() -> None:
    reason = Reason(Code.DISK_FULL, {"free_mb": 12})
    assert reason.text == "the disk of the record folder is full (12 MB free)"
    assert reason.severity is Severity.CRITICAL


def test_what_people_chose_is_a_gap_as_well() -> None:
    assert BY_HAND < GAP_CODES
