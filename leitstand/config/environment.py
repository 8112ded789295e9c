"""LEITSTAND_* variables: any key, levels parted by two underscores, lists by index."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from leitstand.config.errors import ConfigError

PREFIX = "LEITSTAND_"
KeyPath = tuple[str | int, ...]


@dataclass(slots=True)
class Laid:
    """The raw configuration with the variables in it, and which variable set which key."""

    raw: dict[str, Any]
    origins: dict[KeyPath, str] = field(default_factory=dict)


def lay_over(raw: dict[str, Any], env: Mapping[str, str]) -> Laid:
    """`LEITSTAND_MEDIAMTX__0__URL=…` sets mediamtx[0].url; variables win over the file."""
    laid = Laid(copy.deepcopy(raw))
    for variable in sorted(env):
        if variable.startswith(PREFIX):
            words = variable.removeprefix(PREFIX).lower().split("__")
            at = tuple(int(word) if word.isdigit() else word for word in words)
            _set(laid.raw, at, _value(env[variable]), variable)
            laid.origins[at] = variable
    return laid


def _value(text: str) -> Any:
    """Text as it is; a list or mapping where it is written as one (`[stage, "cam/*"]`)."""
    if not text.startswith(("[", "{")):
        return text
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text


def _set(raw: dict[str, Any], at: KeyPath, value: Any, variable: str) -> None:
    place: Any = raw
    for here, after in zip(at, (*at[1:], None), strict=True):
        last = after is None
        fresh: Any = value if last else [] if isinstance(after, int) else {}
        if isinstance(here, int):
            if not isinstance(place, list) or here > len(place):
                raise ConfigError(
                    f"{variable}: there is no list entry {here} to set (or before it)"
                )
            if here == len(place):
                place.append(fresh)
            elif last:
                place[here] = value
        elif not isinstance(place, dict):
            raise ConfigError(f"{variable}: {here!r} is not a key there")
        elif last or place.get(here) is None:
            place[here] = fresh
        place = place[here]
