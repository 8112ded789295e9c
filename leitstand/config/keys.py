"""Key paths such as mediamtx[0].url, and what the schema says of the key that is there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from types import UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin

from pydantic import BaseModel, SecretStr

KeyPath = tuple[str | int, ...]


def text(at: KeyPath) -> str:
    """("mediamtx", 0, "url") -> mediamtx[0].url"""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in at)
    return "".join(steps).removeprefix(".")


def type_at(model: type[BaseModel], at: KeyPath) -> Any:
    """The annotation of what is at a key path; None if there is no such key."""
    return reduce(step_into, at, model)


def step_into(annotation: Any, step: str | int) -> Any:
    """The annotation of an entry or key of what has this annotation."""
    for kind in _alternatives(annotation):
        if get_origin(kind) is list and isinstance(step, int):
            return get_args(kind)[0]
        if get_origin(kind) is dict:
            return get_args(kind)[1]
        if _is_section(kind) and step in kind.model_fields:
            return kind.model_fields[step].annotation
    return None


def section_of(annotation: Any) -> type[BaseModel] | None:
    """The section in `X`, `X | None` or `list[X]`."""
    for kind in _alternatives(annotation):
        kind = get_args(kind)[0] if get_origin(kind) is list else kind
        if _is_section(kind):
            return cast(type[BaseModel], kind)
    return None


def is_secret(annotation: Any) -> bool:
    return SecretStr in _alternatives(annotation)


def is_scalar(annotation: Any) -> bool:
    """Whether a value is one word, not a section, list or mapping."""
    kinds = tuple(_alternatives(annotation))
    return not any(_is_section(kind) or get_origin(kind) in (list, dict) for kind in kinds)


def names(section: type[BaseModel]) -> Iterator[str]:
    """The keys that a section may have, with those that name a secret's file."""
    for name, field in section.model_fields.items():
        yield name
        if is_secret(field.annotation):
            yield f"{name}_file"


def _is_section(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _alternatives(annotation: Any) -> Iterator[Any]:
    """X and Y of `X | Annotated[Y, …] | None`."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _alternatives(arguments[0])
    elif origin in (Union, UnionType):
        for inner in arguments:
            yield from _alternatives(inner)
    elif annotation is not type(None):
        yield annotation
