"""What an event looks like outside."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import ConfigDict

from control_api.clock import local
from control_api.envelope import Shape
from control_api.events.service import Event, Kind


class EventOut(Shape):
    """One thing that happened."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": 412,
                "time": "2026-11-20T18:50:00.214Z",
                "kind": "recording_started",
                "studio": "stage",
                "message": "recording started by the schedule Friday",
                "data": {"file": "2026-11-20 19-50-00.mkv"},
            }
        }
    )

    id: int
    """Grows with each event."""
    time: datetime
    kind: Kind
    studio: str | None
    """Null where it concerns no studio."""
    message: str
    """A sentence for people."""
    data: dict[str, Any]
    """The same for programs; which keys there are depends on the kind."""

    @classmethod
    def of(cls, event: Event) -> EventOut:
        return cls(
            id=event.id,
            time=local(event.time),
            kind=event.kind,
            studio=event.studio,
            message=event.message,
            data=event.data,
        )
