"""What the tests of the command share: a clean environment and a place for configurations."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

Write = Callable[[Any], Path]
"""Text, or what is to become YAML -> the file that holds it."""


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every LEITSTAND_* variable is a key of the configuration, here and in children."""
    for variable in [name for name in os.environ if name.startswith("LEITSTAND_")]:
        monkeypatch.delenv(variable)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_(content: Any) -> Path:
        file = tmp_path / "leitstand.yml"
        text = content if isinstance(content, str) else yaml.safe_dump(content)
        file.write_text(text, encoding="utf-8")
        return file

    return write_
