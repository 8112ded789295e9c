"""The table of dashboards, and what each is as JSON. A new dashboard is one line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from grafana.src import control_room, host, monitoring, path, recordings, studio
from grafana.src.frame import RECORDINGS_SHOWN

FOLDER = Path(__file__).parent.parent / "dashboards"

DASHBOARDS: dict[str, Callable[[], Dashboard]] = {
    "control-room": control_room.dashboard,
    "path": path.dashboard,
    "studio": studio.dashboard,
    "recordings": recordings.dashboard,
    "host": host.dashboard,
    "monitoring": monitoring.dashboard,
}
"""File name -> who makes it."""


def pages() -> Iterator[tuple[str, str]]:
    """Every dashboard: its file name and its text."""
    for name, make in DASHBOARDS.items():
        text = json.dumps(as_json(make()), indent=2, sort_keys=True, ensure_ascii=False)
        yield f"{name}.json", f"{text}\n"


def as_json(made: Dashboard) -> dict[str, Any]:
    model = made.build()
    for number, panel in enumerate(model.panels or (), start=1):
        panel.id_val = number
    encoded: dict[str, Any] = json.loads(json.dumps(model, cls=JSONEncoder))
    for annotation in encoded["annotations"].setdefault("list", []):
        annotation |= RECORDINGS_SHOWN
    return encoded
