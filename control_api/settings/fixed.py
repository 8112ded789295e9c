"""What was fixed at start: shown beside the settings, named when somebody tries to change it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from leitstand.config import Config

FILE = "leitstand.yml"
_SECTIONS = ("control_api.", "exporter.", "host.", "mediamtx", "obs.", "obs[")
_STUDIO_ENDS = ("host", "port", "password", "recordings", "name")


@dataclass(frozen=True, slots=True)
class Fixed:
    """`key` as it stands in the configuration file."""

    key: str
    value: Any
    description: str
    variable: str


def fixed(config: Config) -> Sequence[Fixed]:
    """No secret, and nothing that may hold one, such as the database's URL."""
    api = config.control_api
    values: list[tuple[str, Any, str]] = [
        ("control_api.listen", str(api.listen), "address of the API and its page"),
        ("control_api.state", str(api.state), "folder for database, jobs, trash"),
        ("control_api.library", api.library and str(api.library), "folder of videos"),
        ("control_api.timezone", api.timezone, "zone of clock times where none is given"),
        ("control_api.cors", list(api.cors), "origins whose pages may use the API"),
        ("control_api.tls", api.tls is not None, "whether it serves HTTPS"),
    ]
    for number, studio in enumerate(config.obs):
        at = f"obs[{number}]"
        values += [
            (f"{at}.name", studio.name, "name of the studio"),
            (f"{at}.host", studio.host, "where its OBS runs"),
            (f"{at}.port", studio.port, "port of its OBS's websocket server"),
        ]
    return [Fixed(key, value, text, _variable(key)) for key, value, text in values]


def where_fixed(key: str, fixed_ones: Sequence[Fixed]) -> str | None:
    """A sentence that says where it is set, if the key is one that is fixed at start."""
    end = key.rpartition(".")[2]
    for one in fixed_ones:
        if key == one.key or (key == end and one.key == f"control_api.{end}"):
            return f"is fixed at start: set {one.key} in {FILE}, or {one.variable}, and start again"
    if key.startswith("studios.") and end in _STUDIO_ENDS:
        return f"is fixed at start: set obs[].{end} in {FILE} and start again"
    if key.startswith(_SECTIONS):
        return f"is fixed at start: set it in {FILE} and start again"
    return None


def _variable(key: str) -> str:
    """`obs[0].host` -> `LEITSTAND_OBS__0__HOST`"""
    steps = key.replace("[", ".").replace("]", "")
    return f"LEITSTAND_{steps.replace('.', '__').upper()}"
