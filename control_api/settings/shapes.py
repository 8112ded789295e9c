"""The bodies of /api/settings."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, JsonValue

from control_api.envelope import Shape

_EXAMPLE = {"recording.max_duration": "6h", "studios.stage.camera_input": "Camera"}

Changes = Annotated[
    dict[Annotated[str, Field(min_length=1, max_length=200)], JsonValue],
    Field(min_length=1, max_length=1_000, examples=[_EXAMPLE]),
]
"""Dotted keys and their new values."""


class SettingShape(Shape):
    key: str = Field(examples=["recording.max_duration"])
    value: Any = Field(description="what holds now", examples=[43200.0])
    default: Any = Field(description="what holds if nobody sets it", examples=[43200.0])
    description: str
    changed_at: datetime | None
    """When it was set; null: never."""
    changed_by: str | None
    """The token by which it was set."""


class FixedShape(Shape):
    key: str = Field(examples=["control_api.listen"])
    """As it stands in the configuration file."""
    value: Any = Field(examples=["127.0.0.1:8080"])
    description: str
    variable: str
    """The environment variable that sets it too."""


class SettingsShape(Shape):
    settings: list[SettingShape]
    fixed: list[FixedShape]
    """What was fixed at start, and is not changed here."""
