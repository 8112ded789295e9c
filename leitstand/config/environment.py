"""LEITSTAND_* variables: any key, levels parted by two underscores, lists by index."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from pydantic import BaseModel

from leitstand.config import keys
from leitstand.config.errors import ConfigError
from leitstand.config.keys import KeyPath
from leitstand.config.strict_yaml import NotYaml, parse

PREFIX = "LEITSTAND_"
_INDEX = re.compile(r"[0-9]{1,4}")
_ALIASES: Mapping[str, KeyPath] = {
    f"{PREFIX}ADMIN_TOKEN": ("control_api", "admin_token"),
    f"{PREFIX}ADMIN_TOKEN_FILE": ("control_api", "admin_token_file"),
}
"""Short names of what containers are given most often."""


@dataclass(slots=True)
class Laid:
    """The raw configuration with the variables in it, and which variable set which key."""

    raw: dict[str, Any]
    origins: dict[KeyPath, str] = field(default_factory=dict)


def lay_over(raw: dict[str, Any], env: Mapping[str, str], model: type[BaseModel]) -> Laid:
    """`LEITSTAND_MEDIAMTX__0__URL=…` sets mediamtx[0].url; variables win over the file."""
    laid = Laid(copy.deepcopy(raw))
    variables = [name for name in env if name.startswith(PREFIX)]
    # A list before its entries, and entry 2 before entry 10.
    for variable in sorted(variables, key=lambda name: [_rank(step) for step in key_of(name)]):
        at = key_of(variable)
        if at in laid.origins:
            raise ConfigError(f"{variable}: {laid.origins[at]} says the same; give one of them")
        _set(laid.raw, at, _value(env[variable], keys.type_at(model, at), variable), variable)
        laid.origins[at] = variable
    return laid


def key_of(variable: str) -> KeyPath:
    """LEITSTAND_MEDIAMTX__0__URL -> ("mediamtx", 0, "url")"""
    if variable in _ALIASES:
        return _ALIASES[variable]
    steps = variable.removeprefix(PREFIX).lower().split("__")
    return tuple(int(step) if _INDEX.fullmatch(step) else step for step in steps)


def _rank(step: str | int) -> tuple[bool, str | int]:
    return isinstance(step, str), step


def _value(text: str, annotation: Any, variable: str) -> Any:
    """Text as it is, even if it looks like more; YAML where a list or mapping belongs."""
    if keys.is_scalar(annotation):
        return text
    try:
        return parse(text)
    except NotYaml as error:
        raise ConfigError(f"{variable}: is not YAML ({error})") from None


def _set(raw: dict[str, Any], at: KeyPath, value: Any, variable: str) -> None:
    place: Any = raw
    for here, after in pairwise(at):
        if _get(place, here) is None:
            _put(place, here, [] if isinstance(after, int) else {}, variable)
        place = _get(place, here)
    _put(place, at[-1], value, variable)


def _get(place: Any, step: str | int) -> Any:
    if isinstance(place, list) and isinstance(step, int):
        return place[step] if step < len(place) else None
    return place.get(step) if isinstance(place, dict) else None


def _put(place: Any, step: str | int, value: Any, variable: str) -> None:
    if isinstance(place, list) and isinstance(step, int):
        if step > len(place):
            raise ConfigError(f"{variable}: there is no entry {step - 1} yet for {step} to follow")
        place[step : step + 1] = [value]
    elif isinstance(place, dict) and isinstance(step, str):
        place[step] = value
    else:
        raise ConfigError(f"{variable}: there can be no {step!r} there")
