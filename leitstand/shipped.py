"""Where the files for the programs around Leitstand are: alertmanager/, prometheus/."""

from __future__ import annotations

from pathlib import Path

from leitstand.config import ConfigError

PLACES = (Path(__file__).resolve().parent.parent, Path("/usr/share/leitstand"))
"""A checkout, then where an installation puts them."""


def folder(name: str, key: str, places: tuple[Path, ...] = PLACES) -> Path:
    """The folder of that name. Raises ConfigError that names `key`, whatever needs it."""
    for place in places:
        if (place / name / f"{name}.yml").is_file():
            return place / name
    looked = " nor ".join(str(place / name) for place in places)
    raise ConfigError(f"{key}: there is no {name}.yml in {looked}; copy the folder {name}/ there")
