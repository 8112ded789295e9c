"""Dotted keys such as `studios.stage.title`: all that there are, and the nearest to a wrong one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from control_api.settings.model import Settings, StudioSettings

KeyPath = tuple[str, ...]
_NEAR = 3


@dataclass(frozen=True, slots=True)
class Key:
    """`path` are the steps to it; the name of a studio, one step, may have dots of its own."""

    name: str
    path: KeyPath
    description: str


def keys(studios: Iterable[str]) -> dict[str, Key]:
    """By name, in the order of the model."""
    paths: list[tuple[KeyPath, type[BaseModel]]] = [
        ((group,), type(field.default))
        for group, field in Settings.model_fields.items()
        if group != "studios"
    ]
    paths += [(("studios", studio), StudioSettings) for studio in studios]
    found = [
        Key(".".join((*path, name)), (*path, name), field.description or "")
        for path, model in paths
        for name, field in model.model_fields.items()
    ]
    return {key.name: key for key in found}


def build(studios: Iterable[str], values: Mapping[KeyPath, Any]) -> Settings:
    """The settings with these values and the default of every other.

    Raises pydantic's ValidationError.
    """
    tree: dict[str, Any] = {"studios": {studio: {} for studio in studios}}
    for (*groups, name), value in values.items():
        inner = tree
        for group in groups:
            inner = inner.setdefault(group, {})
        inner[name] = value
    return Settings.model_validate(tree)


def value_at(settings: Settings, path: KeyPath) -> Any:
    found: Any = settings
    for step in path:
        found = found[step] if isinstance(found, dict) else getattr(found, step)
    return found


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """The known keys most like it; by their ends too, so that `width` finds `preview.width`."""
    known = list(known)
    ends = [key for key in known if key.rpartition(".")[2] == name.rpartition(".")[2]]
    near = difflib.get_close_matches(name[:100], known, _NEAR, cutoff=0.4)
    return list(dict.fromkeys([*near, *ends]))[:_NEAR] or known[:_NEAR]
