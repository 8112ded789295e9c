"""How a shutdown looks outside."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict

from control_api.envelope import Shape
from control_api.values import Lasting

_DAY = 86_400.0


class ShutdownIn(Shape):
    """When it is to happen."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"delay": "5m"}]})

    delay: Annotated[float, Lasting(0, _DAY)] | None = None
    """Seconds, or words such as 5m; as the setting `shutdown.grace` says unless given."""


class ShutdownOut(Shape):
    """What is planned."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "allowed": True,
                "state": "planned",
                "at": "2026-11-20T23:31:00+01:00",
                "who": "the daily time",
                "waits_for": None,
                "daily": "23:30",
                "last": None,
            }
        }
    )

    allowed: bool
    """Whether a command is configured (`control_api.shutdown_command`)."""
    state: Literal["none", "planned", "waiting", "running"]
    at: datetime | None
    """When it happens; null while it waits."""
    who: str | None
    """The token that asked for it, or the daily time."""
    waits_for: str | None
    daily: str | None
    """The time of day from the settings; null: none."""
    last: str | None
    """What became of the last one."""
