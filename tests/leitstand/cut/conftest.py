"""Recordings to cut from, made once for all tests of this folder."""

from __future__ import annotations

import pytest

from tests.leitstand.cut.recordings import Library


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return Library(tmp_path_factory.mktemp("recordings"))
