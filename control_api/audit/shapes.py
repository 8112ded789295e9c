"""What goes out of /api/audit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from control_api.audit.service import Entry
from control_api.clock import local
from control_api.envelope import Shape


class EntryShape(Shape):
    id: int
    time: datetime
    who: str = Field(examples=["hall tablet"])
    """A token's name; empty if nobody knows who it was."""
    role: str = Field(examples=["operator"])
    """What it had then; empty if nobody knows who it was."""
    address: str = Field(examples=["192.0.2.7"])
    action: str = Field(examples=["POST /api/recordings/start"])
    """Method and path, its parameters by name."""
    status: int = Field(examples=[200])
    """How it was answered; 401 and 403 were refused."""
    detail: dict[str, Any]
    """The path's parameters, and what the action says of itself."""


def shape_of(entry: Entry) -> EntryShape:
    return EntryShape(
        id=entry.id,
        time=local(entry.time),
        who=entry.who,
        role=entry.role,
        address=entry.address,
        action=entry.action,
        status=entry.status,
        detail=dict(entry.detail),
    )
