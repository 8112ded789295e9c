"""Find the configuration, read it, lay the variables over it, fill the secrets in, check it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from leitstand.config import environment, secrets
from leitstand.config.errors import ConfigError
from leitstand.config.explain import explain
from leitstand.config.schema import Config
from leitstand.config.strict_yaml import NotYaml, parse
from leitstand.places import PLACES


def find(given: Path | None, places: Iterable[Path] = PLACES) -> Path | None:
    """The file to read: the one given, else the first that exists; None if there is none."""
    return given or next((place for place in places if _exists(place)), None)


def _exists(place: Path) -> bool:
    try:
        place.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        # It may well be there; reading it will say why it cannot be used.
        return True
    return True


def load(
    given: Path | None = None, env: Mapping[str, str] | None = None, *, any_folder: bool = False
) -> Config:
    """The configuration. Without file and variables: the MediaMTX on this machine.

    `any_folder`: what is named as a folder is not looked at, for who goes on without it.
    Raises ConfigError.
    """
    file = find(given)
    raw = read(file) if file is not None else {}
    base = file.absolute().parent if file is not None else Path.cwd()
    laid = environment.lay_over(raw, os.environ if env is None else env, Config)
    where = secrets.Where(str(file) if file else "", laid.origins, base)
    if file is None:
        laid.raw.setdefault("mediamtx", [{}])
    filled = secrets.fill_in(laid.raw, Config, where)
    try:
        return Config.model_validate(filled, context={"base": base, "any_folder": any_folder})
    except ValidationError as error:
        raise explain(error, Config, where) from None


def read(file: Path) -> dict[str, Any]:
    """The YAML of the file as a mapping."""
    try:
        raw = parse(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file}: is not UTF-8 text") from None
    except NotYaml as error:
        raise ConfigError(f"{file}: is not YAML ({error})") from None
    if raw is None:
        return {}
    if not isinstance(raw, dict):
        raise ConfigError(f"{file}: must be a mapping of sections such as exporter: and mediamtx:")
    return raw
