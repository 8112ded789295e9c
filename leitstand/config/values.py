"""The values that a configuration is made of: durations, addresses, names, paths."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, ValidationInfo

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_BCRYPT = re.compile(r"\$2[aby]\$(0[4-9]|1[0-6])\$[./A-Za-z0-9]{53}")


@dataclass(frozen=True, slots=True)
class Listen:
    """An address to listen on; port 0 takes a free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_duration(value: Any) -> float:
    """`500ms`, `2s`, `1h30m` or a number of seconds -> seconds."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    text = str(value).strip()
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError("must be a duration such as 500ms, 2s or 1h30m")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def parse_listen(value: Any) -> Listen:
    """`127.0.0.1:9896`, `[::1]:9896` or `0.0.0.0:9896` -> Listen."""
    if isinstance(value, Listen):
        return value
    host, colon, port = str(value).rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError("must be ADDRESS:PORT, such as 127.0.0.1:9896")
    return Listen(host, int(port))


def check_url(value: str) -> str:
    """A server's address: http or https, a host, and nothing secret in it."""
    try:
        parts = urlsplit(value)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        port_is_fine = False
    if not port_is_fine or parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must begin with http:// or https:// and name a host")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold credentials; use username and password_file")
    if parts.query or parts.fragment:
        raise ValueError("must end before ? or #")
    return value.rstrip("/")


def check_name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError("must be letters, digits, '_', '.' or '-', at most 63")
    return value


def check_bcrypt(value: str) -> str:
    if not _BCRYPT.fullmatch(value):
        raise ValueError("must be a bcrypt hash ($2b$…), as `htpasswd -nBC 10 NAME` prints")
    return value


def from_file(value: Path, info: ValidationInfo) -> Path:
    """Relative paths count from the configuration file."""
    base: Path = (info.context or {}).get("base", Path.cwd())
    return base / value.expanduser()


def readable(value: Path) -> Path:
    try:
        with value.open("rb"):
            return value
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from None


Duration = Annotated[float, BeforeValidator(parse_duration)]
ListenAddress = Annotated[Listen, BeforeValidator(parse_listen)]
Url = Annotated[str, AfterValidator(check_url)]
Name = Annotated[str, AfterValidator(check_name)]
ReadableFile = Annotated[Path, AfterValidator(from_file), AfterValidator(readable)]
