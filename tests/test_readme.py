"""README says what the code does."""

from __future__ import annotations

import re

from leitstand import cli
from tests import readme

_TEXT = readme.README.read_text(encoding="utf-8")


def test_the_tables_match_the_code() -> None:
    """After a change: `make docs`."""
    assert readme.filled(_TEXT) == _TEXT


def test_every_command_is_named() -> None:
    for command in cli.app.registered_commands:
        assert f"leitstand {command.name}" in _TEXT, command.name


def test_every_target_that_is_named_exists() -> None:
    makefile = (readme.README.parent / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"`make (\w+)`", _TEXT):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_dependency_is_explained() -> None:
    project = (readme.README.parent / "pyproject.toml").read_text(encoding="utf-8")
    block = project.partition("dependencies = [")[2].partition("]")[0]
    for name in re.findall(r'"([A-Za-z0-9-]+)', block):
        assert f"| {name} |" in _TEXT, name
