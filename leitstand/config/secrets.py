"""Secrets from files: any secret `key` may be given as `key_file`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from leitstand.config import keys
from leitstand.config.errors import ConfigError
from leitstand.config.keys import KeyPath, section_of

_LARGEST = 65_536
_FILE = "_file"


@dataclass(frozen=True, slots=True)
class Where:
    """Where a key comes from: the file, or a variable that was laid over it."""

    file: str
    origins: dict[KeyPath, str]
    base: Path

    def name(self, at: KeyPath) -> str:
        """`leitstand.yml: mediamtx[0].url`, or the variable that set it or a part of it."""
        for length in range(len(at), 0, -1):
            if at[:length] in self.origins:
                return f"{self.origins[at[:length]]}: {keys.text(at)}"
        parts = (name for key, name in self.origins.items() if key[: len(at)] == at)
        origin = self.file or next(parts, "")
        return ": ".join(part for part in (origin, keys.text(at)) if part)


def fill_in(raw: Any, model: type[BaseModel], where: Where, at: KeyPath = ()) -> Any:
    """Replace each `key_file` of a secret by `key` with what the file holds."""
    if not isinstance(raw, dict):
        return raw
    types = {name: field.annotation for name, field in model.model_fields.items()}
    secrets = [name for name, kind in types.items() if keys.is_secret(kind)]
    filled = _from_files(raw, secrets, where, at)
    for name, annotation in types.items():
        if name in filled:
            filled[name] = _inside(filled[name], annotation, where, (*at, name))
    return filled


def _inside(raw: Any, annotation: Any, where: Where, at: KeyPath) -> Any:
    section = section_of(annotation)
    if section and isinstance(raw, list):
        return [fill_in(entry, section, where, (*at, place)) for place, entry in enumerate(raw)]
    if section:
        return fill_in(raw, section, where, at)
    if isinstance(raw, dict) and keys.is_secret(keys.step_into(annotation, "")):
        names = [str(name).removesuffix(_FILE) for name in raw]
        return _from_files(raw, names, where, at)
    return raw


def _from_files(
    raw: dict[str, Any], secrets: Iterable[str], where: Where, at: KeyPath
) -> dict[str, Any]:
    filled = dict(raw)
    for name in secrets:
        given = f"{name}{_FILE}"
        file = filled.pop(given, None)
        if file is None:
            continue
        if filled.get(name) is not None:
            raise ConfigError(f"{where.name((*at, name))}: give it or {given}, not both")
        filled[name] = _read(file, where, (*at, given))
    return filled


def _read(file: Any, where: Where, at: KeyPath) -> str:
    try:
        path = where.base / Path(str(file)).expanduser()
        with path.open("rb") as opened:
            content = opened.read(_LARGEST + 1)
        text = content.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise ConfigError(f"{where.name(at)}: {file} is not UTF-8 text") from None
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"{where.name(at)}: {file} cannot be read ({reason})") from None
    if len(content) > _LARGEST:
        raise ConfigError(f"{where.name(at)}: {file} is too large for a secret")
    if not text:
        raise ConfigError(f"{where.name(at)}: {file} is empty")
    return text
