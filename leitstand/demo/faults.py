"""The ways in which a demo server can be made to misbehave."""

from __future__ import annotations

import enum

from leitstand.demo.api import NOT_OFFERED, Answer, failure


class Fault(enum.Enum):
    NONE = "none"
    HANG = "accepts the request and never answers"
    SLOW = "answers byte by byte, far longer than a client waits"
    GARBAGE = "answers 200 with something that is not JSON"
    UNAUTHORIZED = "answers 401 whatever the credentials"
    SERVER_ERROR = "answers 500"
    HALF_BODY = "closes the connection in the middle of the body"
    NOT_FOUND = "answers 404 in plain text, as to an unknown URL"


REPLACEMENTS = {
    Fault.GARBAGE: Answer(200, b"<html>\xff\xfe\x00 not what you asked for", "text/html"),
    Fault.UNAUTHORIZED: failure(401, "authentication error"),
    Fault.SERVER_ERROR: failure(500, "internal server error"),
    Fault.NOT_FOUND: NOT_OFFERED,
}
