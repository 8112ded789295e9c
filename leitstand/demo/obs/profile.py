"""The profile: where recordings go, what they are called, and in which format."""

from __future__ import annotations

import itertools
import time
from pathlib import Path
from typing import Any

TOKENS = {"%CCYY": "%Y", "%MM": "%m", "%DD": "%d", "%hh": "%H", "%mm": "%M", "%ss": "%S"}
DEFAULTS = {
    ("SimpleOutput", "FilePath"): "",
    ("SimpleOutput", "RecFormat"): "mkv",
    ("SimpleOutput", "RecQuality"): "Stream",
    ("Output", "Mode"): "Simple",
    ("Output", "FilenameFormatting"): "%CCYY-%MM-%DD_%hh-%mm-%ss",
}


class Profile:
    """Kept from one start of the demo to the next; values are text, as in OBS."""

    def __init__(self, recordings: Path) -> None:
        self.defaults = {**DEFAULTS, ("SimpleOutput", "FilePath"): str(Path.home())}
        self.values = {
            ("SimpleOutput", "FilePath"): str(recordings),
            ("SimpleOutput", "RecFormat"): "mkv",
        }
        self.persistent: dict[tuple[str, str], dict[str, Any]] = {}
        """What clients had OBS keep, by realm and slot."""

    def get(self, category: str, name: str) -> str | None:
        key = (category, name)
        return self.values.get(key, self.defaults.get(key))

    @property
    def directory(self) -> Path:
        return Path(self.get("SimpleOutput", "FilePath") or "")

    def next_file(self, directory: Path | None = None) -> Path:
        """A name that is not taken, in the record directory or the one that is given."""
        folder = directory or self.directory
        pattern = self.get("Output", "FilenameFormatting") or ""
        for token, directive in TOKENS.items():
            pattern = pattern.replace(token, directive)
        stem = time.strftime(pattern)
        suffix = self.get("SimpleOutput", "RecFormat")
        for number in itertools.count(1):
            file = folder / f"{stem}{f' ({number})' if number > 1 else ''}.{suffix}"
            if not file.exists():
                return file
        raise AssertionError
