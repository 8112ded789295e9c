"""What can go wrong in a request. Each error carries its HTTP status; one handler renders it.

ApiError
    BadInput 422 · Unauthorized 401 · Forbidden 403 · NotFound 404 · Conflict 409
    TooMany 429 · BadGateway 502 · Unavailable 503
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

DATABASE_AWAY = "the database does not answer; try again"


class ApiError(Exception):
    """`detail` is a sentence for the client: it names the thing, the value and the way out.

    `code` is the same for programs, where there is one, with the values that the sentence has.
    """

    status = 500

    def __init__(self, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = dict(headers or {})
        self.code = ""
        self.params: Mapping[str, Any] = {}

    def coded(self, code: str, params: Mapping[str, Any]) -> Self:
        """The same with a code."""
        self.code, self.params = code, params
        return self


class BadInput(ApiError):
    status = 422


class Unauthorized(ApiError):
    status = 401

    def __init__(self, detail: str) -> None:
        super().__init__(detail, {"WWW-Authenticate": 'Bearer realm="leitstand"'})


class Forbidden(ApiError):
    status = 403


class NotFound(ApiError):
    status = 404


class Conflict(ApiError):
    status = 409


class TooMany(ApiError):
    """Asked too often; `retry_after` is in seconds."""

    status = 429

    def __init__(self, detail: str, retry_after: float) -> None:
        super().__init__(detail, {"Retry-After": str(max(1, round(retry_after + 0.5)))})


class BadGateway(ApiError):
    """What we asked on somebody's behalf refused."""

    status = 502


class Unavailable(ApiError):
    """What is needed for it does not answer now."""

    status = 503
