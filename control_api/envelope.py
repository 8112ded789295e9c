"""The one shape of every answer: `{"success": true, "data": …, "message": …}`."""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

T = TypeVar("T")


class Answer(BaseModel, Generic[T]):
    """What a call gave; errors are `{"detail": "…"}` with their status instead."""

    success: Literal[True] = True
    data: T
    message: str = ""


class Shape(BaseModel):
    """The base of every body that comes in or goes out: a key that is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Failure(BaseModel):
    """What every error looks like."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    detail: str
    code: str | None = None
    """What programs compare, where there is such a code."""
    params: dict[str, Any] | None = None
    """The values that the sentence has, with a code."""
