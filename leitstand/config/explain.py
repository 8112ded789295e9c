"""A failed check -> one line that names file, key, value and what is allowed."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationError

from leitstand.config import keys
from leitstand.config.errors import ConfigError
from leitstand.config.keys import KeyPath
from leitstand.config.secrets import Where

_LONGEST_QUOTED = 80
# What an address may carry a password in.
_MAY_HIDE_A_SECRET = frozenset("@?#%")
_WORDS = {
    "missing": "is missing",
    "invalid_key": "is not a key; keys are text",
    "model_type": "must be a mapping of keys",
    "dict_type": "must be a mapping of keys",
    "list_type": "must be a list",
    "string_type": "must be text (in quotes, if it is a number)",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
}


def explain(error: ValidationError, model: type[BaseModel], where: Where) -> ConfigError:
    """The first thing that is wrong, and how many more there are."""
    first, *more = error.errors(include_url=False)
    at: KeyPath = tuple(step for step in first["loc"] if step != "[key]")
    rest = f" (and {len(more)} more)" if more else ""
    return ConfigError(f"{where.name(at)}: {_reason(first, at, model)}{rest}")


def _reason(problem: Any, at: KeyPath, model: type[BaseModel]) -> str:
    if problem["type"] == "extra_forbidden":
        section = keys.section_of(keys.type_at(model, at[:-1]))
        allowed = ", ".join(keys.names(section)) if section else "nothing"
        return f"unknown key; allowed here: {allowed}"
    message = problem["msg"].removeprefix("Value error, ").replace("Input should", "must")
    reason = _WORDS.get(problem["type"], message)
    value = _quotable(problem["input"], keys.type_at(model, at))
    return f"{value}: {reason}" if value else reason


def _quotable(value: Any, annotation: Any) -> str | None:
    """The value as it was given; never one that is, or may hold, a secret."""
    if annotation is None or keys.is_secret(annotation) or not keys.is_scalar(annotation):
        return None
    text = str(value)
    if not isinstance(value, str | int | float) or _MAY_HIDE_A_SECRET & set(text):
        return None
    return repr(text) if len(text) <= _LONGEST_QUOTED else None
