"""Find the file, lay the environment over it, fill the secrets in, and check it all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from leitstand.config import environment, secrets
from leitstand.config.errors import ConfigError
from leitstand.config.explain import explain
from leitstand.config.schema import Config

PLACES = (Path("leitstand.yml"), Path("/etc/leitstand/leitstand.yml"))


def find(given: Path | None) -> Path | None:
    """The file to read: the one given, else the first that exists; None if there is none."""
    if given is not None:
        return given
    return next((place for place in PLACES if place.is_file()), None)


def load(given: Path | None = None, env: Mapping[str, str] | None = None) -> Config:
    """The configuration. Without file and variables: the MediaMTX on this machine.

    Raises ConfigError.
    """
    file = find(given)
    raw = read(file) if file is not None else {}
    base = file.absolute().parent if file is not None else Path.cwd()
    laid = environment.lay_over(raw, os.environ if env is None else env)
    where = secrets.Where(str(file) if file else "", laid.origins, base)
    if file is None:
        laid.raw.setdefault("mediamtx", [{}])
    filled = secrets.fill_in(laid.raw, Config, where)
    try:
        return Config.model_validate(filled, context={"base": base})
    except ValidationError as error:
        raise explain(error, Config, where) from None


def read(file: Path) -> dict[str, Any]:
    """The YAML of the file as a mapping."""
    try:
        text = file.read_text(encoding="utf-8")
        raw = yaml.load(text, Loader=_StrictLoader)
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file}: is not UTF-8 text") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{file}: is not YAML ({_yaml_problem(error)})") from None
    if raw is None:
        return {}
    if not isinstance(raw, dict):
        raise ConfigError(f"{file}: must be a mapping of sections such as exporter: and mediamtx:")
    return raw


class _StrictLoader(yaml.SafeLoader):
    """Refuses a key that is there twice, of which YAML would silently take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} is there twice", node.start_mark
                )
        return super().construct_mapping(node, deep)


def _yaml_problem(error: yaml.YAMLError) -> str:
    """What and where, without the quoted text: it may hold a secret."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"line {error.problem_mark.line + 1}: {error.problem}"
    return type(error).__name__
