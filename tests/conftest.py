"""What every test may use: hypothesis profiles, and the real programs or a reason to skip."""

from __future__ import annotations

import os
import shutil

import hypothesis
import pytest

hypothesis.settings.register_profile(
    "sample", derandomize=True, max_examples=100, deadline=None, database=None
)
hypothesis.settings.register_profile("soak", max_examples=5_000, deadline=None, database=None)
hypothesis.settings.load_profile("sample")


def program(name: str) -> str:
    """The path of a real program; without it the test is skipped, in CI it fails."""
    path = shutil.which(name)
    if path is None:
        reason = f"{name} is not installed (as root on Debian: make components)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


@pytest.fixture(scope="session")
def promtool() -> str:
    return program("promtool")


@pytest.fixture(scope="session")
def prometheus() -> str:
    return program("prometheus")
