"""All demo servers together, and the configuration that watches them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from leitstand.demo.mediamtx import DemoMediaMTX


@contextlib.contextmanager
def running() -> Iterator[Mapping[str, Any]]:
    """The demo servers run; gives the settings that name them."""
    with DemoMediaMTX() as server:
        mediamtx = {
            "name": "demo",
            "url": server.url,
            "expected_paths": ["stage", "cam/left", "cam/right", "cam/balcony"],
        }
        yield {"mediamtx": [mediamtx]}
