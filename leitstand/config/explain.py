"""A failed check -> one line that names file, key, value and what is allowed."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationError

from leitstand.config.environment import KeyPath
from leitstand.config.errors import ConfigError
from leitstand.config.secrets import Where, section_of

_QUOTED = 80


def explain(error: ValidationError, model: type[BaseModel], where: Where) -> ConfigError:
    """The first thing that is wrong, and how many more there are."""
    first, *more = error.errors(include_url=False)
    at: KeyPath = tuple(step for step in first["loc"] if step != "[key]")
    rest = f" (and {len(more)} more)" if more else ""
    return ConfigError(f"{where.name(at)}: {_reason(first, at, model)}{rest}")


def _reason(problem: Any, at: KeyPath, model: type[BaseModel]) -> str:
    owner = _owner(model, at)
    if problem["type"] == "extra_forbidden":
        allowed = ", ".join(owner.model_fields) if owner else "nothing"
        return f"unknown key; allowed here: {allowed}"
    if problem["type"] == "missing":
        return "is missing"
    message = problem["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    value = _quotable(problem["input"], at, owner)
    return f"{value}: {message}" if value else message


def _quotable(value: Any, at: KeyPath, owner: type[BaseModel] | None) -> str | None:
    """The value as it was given; never one that is, or may hold, a secret."""
    if not isinstance(value, str | int | float | bool) or owner is None:
        return None
    named = [step for step in at if isinstance(step, str)]
    field = owner.model_fields.get(named[-1])
    text = str(value)
    if field is None or "SecretStr" in str(field.annotation) or "@" in text:
        return None
    return repr(text) if len(text) <= _QUOTED else None


def _owner(model: type[BaseModel], at: KeyPath) -> type[BaseModel] | None:
    """The section whose key the problem is about; None inside a mapping of the user's own keys."""
    owner = model
    named = [step for step in at if isinstance(step, str)]
    for step in named[:-1]:
        field = owner.model_fields.get(step)
        inner = section_of(field.annotation) if field else None
        if inner is None:
            return None
        owner = inner
    return owner
