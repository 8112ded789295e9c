"""How logs look outside."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from control_api.clock import local
from control_api.envelope import Shape
from control_api.logs.line import Line
from control_api.logs.service import LogFile

Level = Literal["debug", "info", "warning", "error", "critical"]


class LogFileOut(Shape):
    """One file; the one without a number is being written."""

    name: str
    size: int
    """Bytes."""
    changed: datetime

    @classmethod
    def of(cls, file: LogFile) -> LogFileOut:
        return cls(name=file.name, size=file.size, changed=local(file.changed_at))


class LineOut(Shape):
    """One line; what is no line of ours has only a message."""

    time: str | None
    level: str | None
    logger: str | None
    message: str
    """Text as it was logged: show it as text."""
    exception: str | None

    @classmethod
    def of(cls, line: Line) -> LineOut:
        return cls(
            time=line.time,
            level=line.level,
            logger=line.logger,
            message=line.message,
            exception=line.exception,
        )
