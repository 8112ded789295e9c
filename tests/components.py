"""Components of the tests that are no programs in PATH: where they are, or a reason to skip."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_SET_CLOCK = Path(__file__).parent / "e2e" / "set_clock"
_ROOT = Path(__file__).parent.parent


def faketime(offset: Path) -> dict[str, str]:
    """The environment of a process whose wall clock follows a file such as `+60`.

    The monotonic clock goes on as it does.
    """
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    if not found:
        reason = "libfaketime is not installed (as root on Debian: make components)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return {
        "LD_PRELOAD": str(found[0]),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DONT_RESET": "1",
        "PYTHONPATH": f"{_ROOT}:{_SET_CLOCK}",
    }
