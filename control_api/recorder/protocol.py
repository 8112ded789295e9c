"""What the API and the recorder say to each other: one line of JSON each way.

A request is `{"secret": …, "command": …, "body": {…}}`, an answer `{"data": …}` or
`{"error": …, "status": …}` with the HTTP status that says the same.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

LONGEST_LINE = 4 << 20

Name = Annotated[str, Meta(max_length=200)]
Title = Annotated[str, Meta(max_length=1_000)]
Seconds = Annotated[float, Meta(gt=0, le=7 * 86_400)]
Moment = Annotated[float, Meta(ge=0, le=1e11)]
"""Unix seconds. None of these can be infinite, which no journal could hold."""


class Request(msgspec.Struct):
    """`secret` is needed on a loopback address only."""

    command: str
    body: dict[str, Any] = {}
    secret: str = ""


class Answer(msgspec.Struct, omit_defaults=True):
    """`status` is 0 for a success."""

    data: Any = None
    error: str = ""
    status: int = 0


class OfStudio(msgspec.Struct):
    """The body of a command for one studio, by an operator."""

    studio: Name
    by: Name


class Start(msgspec.Struct):
    """`seconds` at most; None: as the settings say."""

    studio: Name
    by: Name
    title: Title = ""
    seconds: Seconds | None = None


class Pause(msgspec.Struct):
    studio: Name
    by: Name
    paused: bool


class Extend(msgspec.Struct):
    """Until a moment (Unix seconds), or by `seconds` from the present end."""

    studio: Name
    by: Name
    until: Moment | None = None
    seconds: Seconds | None = None


class Refresh(msgspec.Struct):
    """Read the plan again, waiting at most `seconds` for the database."""

    seconds: float = 1.0


class Audit(msgspec.Struct):
    """An entry of the audit log that the database did not take; written once for each `uid`."""

    uid: str
    time: float
    who: str
    role: str
    address: str
    action: str
    status: int
    detail: dict[str, Any] = {}


class Stopped(msgspec.Struct):
    """What a stop came to: the recording that was stopped, None if nothing ran yet."""

    recording: dict[str, Any] | None
    is_over: bool


def encoded(message: Any) -> bytes:
    return msgspec.json.encode(message) + b"\n"
