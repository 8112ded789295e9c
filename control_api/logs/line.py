"""One line of the log: a JSON object, whatever is in it."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass

from control_api.clock import local

LEVELS = ("debug", "info", "warning", "error", "critical")
_LONGEST_MESSAGE = 10_000
_LONGEST_EXCEPTION = 30_000


@dataclass(frozen=True, slots=True)
class Line:
    """`time` is ISO 8601; what is not one of our lines has only a message."""

    time: str | None
    level: str | None
    logger: str | None
    message: str
    exception: str | None


class JsonLines(logging.Formatter):
    """Everything is escaped: no message can begin a line of its own, or steer a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": local(record.created).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage()[:_LONGEST_MESSAGE],
        }
        if record.exc_info:
            # Its end says what happened.
            line["exception"] = self.formatException(record.exc_info)[-_LONGEST_EXCEPTION:]
        return json.dumps(line)


def parse(raw: bytes) -> Line:
    try:
        found = json.loads(raw)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("message"), str):
        return Line(None, None, None, raw.decode(errors="replace")[:_LONGEST_MESSAGE], None)
    time, level, logger = (_text(found.get(key)) for key in ("time", "level", "logger"))
    message = _text(found["message"]) or ""
    return Line(time, level, logger, message, _text(found.get("exception")))


def _text(value: object) -> str | None:
    """Without half characters, which JSON can hold and an answer cannot."""
    return value.encode(errors="replace").decode() if isinstance(value, str) else None


def is_wanted(line: Line, level: str | None, text: str | None) -> bool:
    """At least that bad, and with that text in it, upper and lower case alike."""
    if level is not None and (
        line.level not in LEVELS or LEVELS.index(line.level) < LEVELS.index(level)
    ):
        return False
    if text is None:
        return True
    said = f"{line.logger or ''}\n{line.message}\n{line.exception or ''}"
    return text.casefold() in said.casefold()
