"""Snapshots as an exporter sends them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Json = dict[str, Any]


def a_path(name: str, **changes: Any) -> Json:
    path: Json = {
        "name": name,
        "source_type": "rtspSession",
        "online": True,
        "expected": False,
        "online_since": 1.0,
        "last_data": 1_000.0,
        "readers": {},
        "video": {"codec": "H264", "width": 1280, "height": 720},
        "audio": None,
        "inbound_bytes": 0,
        "outbound_bytes": 0,
        "sessions": [],
    }
    return path | changes


def a_snapshot(sequence: int, time: float, *paths: Json, **changes: Any) -> Json:
    server = {"name": "main", "up": True, "error": None, "polled": time, "paths": list(paths)}
    snapshot: Json = {
        "sequence": sequence,
        "time": time,
        "servers": [server],
        "studios": [],
        "host": None,
    }
    return snapshot | changes


@pytest.fixture
def path() -> Callable[..., Json]:
    return a_path


@pytest.fixture
def snapshot() -> Callable[..., Json]:
    return a_snapshot
