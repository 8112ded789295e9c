"""Secrets from files: any secret `key` may be given as `key_file`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr

from leitstand.config.environment import KeyPath
from leitstand.config.errors import ConfigError

_LARGEST = 65_536


@dataclass(frozen=True, slots=True)
class Where:
    """Where a key comes from: the file, or a variable that was laid over it."""

    file: str
    origins: dict[KeyPath, str]
    base: Path

    def name(self, at: KeyPath) -> str:
        """`leitstand.yml: mediamtx[0].url`, or the variable that set it."""
        for length in range(len(at), 0, -1):
            if at[:length] in self.origins:
                return f"{self.origins[at[:length]]}: {key(at)}"
        return f"{self.file}: {key(at)}" if self.file else key(at)


def key(at: KeyPath) -> str:
    """("mediamtx", 0, "url") -> mediamtx[0].url"""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in at)
    return text.removeprefix(".")


def fill_in(raw: Any, model: type[BaseModel], where: Where, at: KeyPath = ()) -> Any:
    """Replace each `key_file` of a secret by `key` with what the file holds."""
    if not isinstance(raw, dict):
        return raw
    filled = dict(raw)
    for name, field in model.model_fields.items():
        types = tuple(_types(field.annotation))
        if SecretStr in types and f"{name}_file" in filled:
            file = filled.pop(f"{name}_file")
            if name in filled:
                raise ConfigError(f"{where.name((*at, name))}: give it or {name}_file, not both")
            filled[name] = _read(file, where, (*at, f"{name}_file"))
        inner = section_of(field.annotation)
        if inner is not None and name in filled:
            filled[name] = _inside(filled[name], inner, where, (*at, name))
    return filled


def _inside(raw: Any, model: type[BaseModel], where: Where, at: KeyPath) -> Any:
    if isinstance(raw, list):
        return [fill_in(entry, model, where, (*at, place)) for place, entry in enumerate(raw)]
    return fill_in(raw, model, where, at)


def section_of(annotation: Any) -> type[BaseModel] | None:
    """The section in `X`, `X | None` or `list[X]`."""
    classes = (t for t in _types(annotation) if isinstance(t, type))
    return next((t for t in classes if issubclass(t, BaseModel)), None)


def _types(annotation: Any) -> Iterator[Any]:
    """The classes in `X | None` and `list[X]`; of a mapping's values none has a key_file."""
    if get_origin(annotation) in (Union, UnionType, list):
        for inner in get_args(annotation):
            yield from _types(inner)
    else:
        yield annotation


def _read(file: Any, where: Where, at: KeyPath) -> str:
    try:
        path = where.base / Path(str(file)).expanduser()
        if path.stat().st_size > _LARGEST:
            raise ConfigError(f"{where.name(at)}: {path} is too large for a secret")
        text = path.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise ConfigError(f"{where.name(at)}: {file} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{where.name(at)}: {file} is not UTF-8 text") from None
    if not text:
        raise ConfigError(f"{where.name(at)}: {file} is empty")
    return text
