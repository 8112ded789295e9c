"""The values that a configuration is made of: durations, addresses, names, files, secrets."""

from __future__ import annotations

import re
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, SecretStr, ValidationInfo

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,9})?", re.ASCII)
_PART = re.compile(rf"({_NUMBER.pattern})(ms|s|m|h|d)", re.ASCII)
_LISTEN = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):([0-9]{1,5})")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
# The last character of the salt has only two bits.
_BCRYPT = re.compile(r"\$2[aby]\$(0[4-9]|1[0-6])\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{31}")
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}


@dataclass(frozen=True, slots=True)
class Listen:
    """An address to listen on; port 0 takes a free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def from_here(self) -> Listen:
        """The same as this machine reaches it."""
        return Listen(_ANYWHERE.get(self.host, self.host), self.port)


def parse_duration(value: Any) -> float:
    """`500ms`, `2s`, `1h30m` or a number of seconds -> seconds."""
    text = str(value).strip()
    if _NUMBER.fullmatch(text):
        return float(text)
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError("must be a duration such as 500ms, 2s or 1h30m")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def parse_listen(value: Any) -> Listen:
    """`127.0.0.1:9896`, `[::1]:9896` or `0.0.0.0:9896` -> Listen."""
    found = _LISTEN.fullmatch(str(value))
    if found is None or int(found[3]) > 65535:
        raise ValueError("must be ADDRESS:PORT, such as 127.0.0.1:9896 or [::1]:9896")
    return Listen(found[1] or found[2], int(found[3]))


def check_url(value: str) -> str:
    """A server's address: http or https, a host, and nothing secret in it."""
    try:
        parts = urlsplit(value)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        sound = False
    if not sound or not value.isprintable() or " " in value:
        raise ValueError("must be http://HOST:PORT or https://HOST:PORT")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold credentials; use username and password_file")
    if parts.query or parts.fragment:
        raise ValueError("must end before ? or #")
    return value.rstrip("/")


def check_name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError("must be letters, digits, '_', '.' or '-', at most 63")
    return value


def this_machine() -> str:
    """The machine's name as a name of ours."""
    return re.sub(r"[^A-Za-z0-9_.-]", "-", socket.gethostname())[:63].lstrip("_.-") or "exporter"


def check_secret(value: SecretStr) -> SecretStr:
    if not value.get_secret_value():
        raise ValueError("must not be empty")
    if not value.get_secret_value().isprintable():
        raise ValueError("must be one line without control characters")
    return value


def check_token(value: SecretStr) -> SecretStr:
    secret = check_secret(value).get_secret_value()
    if not secret.isascii() or " " in secret:
        raise ValueError("must be ASCII without spaces, as a header needs it")
    return value


def check_bcrypt(value: SecretStr) -> SecretStr:
    if not _BCRYPT.fullmatch(value.get_secret_value()):
        raise ValueError("must be a bcrypt hash ($2b$…), as `htpasswd -nBC 10 NAME` prints")
    return value


def from_file(value: Path, info: ValidationInfo) -> Path:
    """Relative paths count from the configuration file."""
    base: Path = (info.context or {}).get("base", Path.cwd())
    return base / value.expanduser()


def check_folder(value: Path, info: ValidationInfo) -> Path:
    # Not whether it is there: a mount may come later, and `leitstand doctor` says so.
    if not (info.context or {}).get("any_folder") and value.is_file():
        raise ValueError("must be a folder")
    return value


def check_readable(value: Path) -> Path:
    try:
        with value.open("rb"):
            return value
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from None


def check_ca(value: Path) -> Path:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(value)
    except OSError:
        raise ValueError("must hold one or more certificates, PEM") from None
    return value


def check_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise ValueError("must be a time zone such as Europe/Berlin") from None
    return value


def check_database(value: SecretStr) -> SecretStr:
    url = value.get_secret_value()
    if not url.startswith(("sqlite:///", "postgresql://")) or not url.isprintable():
        raise ValueError("must be sqlite:///FILE or postgresql://USER@HOST/DATABASE")
    return value


def check_redis(value: str) -> str:
    """An address of Redis without a secret in it."""
    try:
        parts = urlsplit(value)
        sound = parts.scheme in ("redis", "rediss") and parts.hostname and parts.port != 0
    except ValueError:
        sound = False
    if not sound or not value.isprintable() or " " in value:
        raise ValueError(
            "must be redis://HOST:PORT or rediss://HOST:PORT, and /DATABASE if need be"
        )
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold credentials; use username and password_file")
    if parts.query or parts.fragment or not re.fullmatch(r"(/\d{0,4})?", parts.path, re.ASCII):
        raise ValueError("must end after the port, or after /DATABASE, a number")
    return value.rstrip("/")


def check_feed(value: str) -> str:
    return check_redis(value) if value.startswith("redis") else check_url(value)


def check_origin(value: str) -> str:
    parts = urlsplit(check_url(value))
    if parts.path:
        raise ValueError("must be an origin, scheme and host alone, such as https://example.org")
    return value.rstrip("/")


Duration = Annotated[float, BeforeValidator(parse_duration)]
ListenAddress = Annotated[Listen, BeforeValidator(parse_listen)]
Url = Annotated[str, AfterValidator(check_url)]
Name = Annotated[str, AfterValidator(check_name)]
Zone = Annotated[str, AfterValidator(check_zone)]
RedisUrl = Annotated[str, AfterValidator(check_redis)]
FeedUrl = Annotated[str, AfterValidator(check_feed)]
Origin = Annotated[str, AfterValidator(check_origin)]
DatabaseUrl = Annotated[SecretStr, AfterValidator(check_database)]
Secret = Annotated[SecretStr, AfterValidator(check_secret)]
Token = Annotated[SecretStr, AfterValidator(check_token)]
BcryptHash = Annotated[SecretStr, AfterValidator(check_bcrypt)]
ReadableFile = Annotated[Path, AfterValidator(from_file), AfterValidator(check_readable)]
Folder = Annotated[Path, AfterValidator(from_file), AfterValidator(check_folder)]
CaFile = Annotated[ReadableFile, AfterValidator(check_ca)]
