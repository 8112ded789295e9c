"""Every key that the configuration may have, with its default and what it means."""

from __future__ import annotations

import base64
import ssl
from pathlib import Path
from typing import TypeVar

from pydantic import Field, field_validator, model_validator
from tzlocal import get_localzone_name

from leitstand.config.notify import NotifyConfig
from leitstand.config.recorder import RecorderConfig
from leitstand.config.section import Section
from leitstand.config.values import (
    BcryptHash,
    CaFile,
    DatabaseUrl,
    Duration,
    FeedUrl,
    Folder,
    ListenAddress,
    Name,
    Origin,
    ReadableFile,
    RedisUrl,
    Secret,
    Token,
    Url,
    Zone,
    parse_listen,
    this_machine,
)


class Tls(Section):
    cert: ReadableFile = Field(description="certificate chain, PEM")
    key: ReadableFile = Field(description="private key, PEM")

    @model_validator(mode="after")
    def _belong_together(self) -> Tls:
        try:
            # With a password, even a wrong one, OpenSSL does not ask for it on the terminal.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.cert, self.key, password="")
        except OSError:
            raise ValueError(
                f"{self.cert} and {self.key} must be a certificate and its key, PEM, not encrypted"
            ) from None
        return self


class RedisConfig(Section):
    url: RedisUrl = Field(description="redis://HOST:PORT, or rediss:// with TLS")
    username: str | None = Field(None, description="of Redis's ACL; none: the default user")
    password: Secret | None = Field(None, description="its password")
    ca_file: CaFile | None = Field(None, description="CA that signed its certificate, PEM")
    instance: Name = Field(
        default_factory=this_machine,
        validate_default=True,
        description="this exporter among those that write there",
        json_schema_extra={"default": "the machine's name"},
    )


class ExporterConfig(Section):
    listen: ListenAddress = Field(
        default_factory=lambda: parse_listen("127.0.0.1:9896"),
        description="address of /metrics; port 0 takes a free one",
        json_schema_extra={"default": "127.0.0.1:9896"},
    )
    poll_interval: Duration = Field(
        2.0, ge=0.1, le=300, description="how often each source is asked"
    )
    slow_interval: Duration = Field(
        30.0,
        ge=0.1,
        le=3600,
        description="the same for what is costly: recordings, forwards, configuration",
    )
    tls: Tls | None = Field(None, description="serve HTTPS")
    redis: RedisConfig | None = Field(
        None, description="write every snapshot to Redis too, for control APIs elsewhere"
    )
    users: dict[Name, BcryptHash] = Field(
        {}, description="basic authentication: name and bcrypt hash; none: open"
    )

    @model_validator(mode="after")
    def _slow_is_slower(self) -> ExporterConfig:
        if self.slow_interval < self.poll_interval:
            raise ValueError(
                f"slow_interval ({self.slow_interval:g} s) must not be shorter than "
                f"poll_interval ({self.poll_interval:g} s)"
            )
        return self

    @property
    def url(self) -> str:
        """How this machine reaches it, unless the port is left to chance."""
        return f"{'https' if self.tls else 'http'}://{self.listen.from_here()}"


class HostConfig(Section):
    mounts: list[str] = Field(
        ["/"], description="mount points whose space is watched", max_length=100
    )
    devices: list[str] | None = Field(
        None, description="network devices; default: all but loopback", max_length=100
    )

    @field_validator("mounts")
    @classmethod
    def _absolute(cls, mounts: list[str]) -> list[str]:
        for mount in mounts:
            if not mount.startswith("/"):
                raise ValueError(f"{mount!r} must begin with /")
        return list(dict.fromkeys(mounts))


class MediaMTXConfig(Section):
    name: Name = Field("main", description="the `server` label")
    url: Url = Field(
        "http://127.0.0.1:9997", description="address of its API (`api: true` in mediamtx.yml)"
    )
    username: str | None = Field(None, description="basic authentication, with password")
    password: Secret | None = Field(None, description="its password")
    token: Token | None = Field(None, description="bearer token (JWT), instead of both")
    ca_file: CaFile | None = Field(None, description="CA that signed its certificate, PEM")
    expected_paths: list[str] = Field(
        [], description="paths that should be online; * ? [] match any characters, / too"
    )
    path_limit: int = Field(
        2_000, ge=1, le=100_000, description='paths with series of their own; the rest is "(other)"'
    )

    @model_validator(mode="after")
    def _one_way_in(self) -> MediaMTXConfig:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password belong together")
        if self.token is not None and self.username is not None:
            raise ValueError("either token, or username and password")
        return self

    def authorization(self) -> str | None:
        """The value of the Authorization header."""
        if self.token is not None:
            return f"Bearer {self.token.get_secret_value()}"
        if self.username is None or self.password is None:
            return None
        pair = f"{self.username}:{self.password.get_secret_value()}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"


_THIS_MACHINE = {"localhost", "::1", "0.0.0.0", "::", "0:0:0:0:0:0:0:1", "localhost.localdomain"}


class ObsConfig(Section):
    name: Name = Field("stage", description="the `studio` label")
    host: str = Field("127.0.0.1", description="where OBS runs", min_length=1)
    port: int = Field(4455, ge=1, le=65535, description="port of its websocket server")
    password: Secret | None = Field(None, description="password of its websocket server")
    recordings: Folder | None = Field(
        None, description="where this machine sees the folder that OBS records into"
    )

    @property
    def place(self) -> tuple[str, int]:
        """Where it is, with all names of this machine taken for one."""
        host = self.host.strip("[]").rstrip(".").casefold()
        is_here = host.startswith("127.") or host in _THIS_MACHINE
        return ("localhost" if is_here else host), self.port


Named = TypeVar("Named", MediaMTXConfig, ObsConfig)


class ControlApiConfig(Section):
    listen: ListenAddress = Field(
        default_factory=lambda: parse_listen("127.0.0.1:8080"),
        description="address of the API; port 0 takes a free one",
        json_schema_extra={"default": "127.0.0.1:8080"},
    )
    state: Folder = Field(
        Path("var"), validate_default=True, description="folder for database, jobs, trash"
    )
    database: DatabaseUrl | None = Field(
        None, description="sqlite:///FILE or postgresql://…; default: leitstand.db in `state`"
    )
    library: Folder | None = Field(
        None, description="folder of videos, beside every obs[].recordings"
    )
    timezone: Zone = Field(
        default_factory=get_localzone_name,
        description="zone of clock times where none is given",
        json_schema_extra={"default": "that of this machine"},
    )
    admin_token: Token | None = Field(
        None, description="the first admin's token; left out, one is made and told once"
    )
    tls: Tls | None = Field(None, description="serve HTTPS")
    cors: list[Origin] = Field([], description="origins whose pages may use the API; none: closed")
    snapshot: FeedUrl | None = Field(
        None,
        description="where the streams come from: http(s)://… of an exporter, or redis(s)://…; "
        "default: the exporter of this file",
    )
    snapshot_username: str | None = Field(None, description="what the exporter or Redis asks for")
    snapshot_password: Secret | None = Field(None, description="its password")
    snapshot_ca_file: CaFile | None = Field(None, description="CA that signed its certificate, PEM")
    shutdown_command: list[str] = Field(
        [], description="shuts this machine down, as [systemctl, poweroff]; none: not allowed"
    )

    @property
    def url(self) -> str:
        """How this machine reaches it, unless the port is left to chance."""
        return f"{'https' if self.tls else 'http'}://{self.listen.from_here()}"

    @property
    def database_url(self) -> str:
        """With its password, if there is one."""
        if self.database is not None:
            return self.database.get_secret_value()
        return f"sqlite:///{self.state / 'leitstand.db'}"


class Config(Section):
    exporter: ExporterConfig = ExporterConfig()
    host: HostConfig = HostConfig()
    mediamtx: list[MediaMTXConfig] = []
    obs: list[ObsConfig] = []
    control_api: ControlApiConfig = Field(default_factory=ControlApiConfig)
    recorder: RecorderConfig = RecorderConfig()
    notify: NotifyConfig = NotifyConfig()

    @field_validator("mediamtx", "obs")
    @classmethod
    def _names_differ(cls, named: list[Named]) -> list[Named]:
        names = [one.name for one in named]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"name {name!r} is given to more than one; each needs its own")
        return named

    @field_validator("obs")
    @classmethod
    def _addresses_differ(cls, studios: list[ObsConfig]) -> list[ObsConfig]:
        first: dict[tuple[str, int], str] = {}
        for studio in studios:
            other = first.setdefault(studio.place, studio.name)
            if other != studio.name:
                raise ValueError(
                    f"{other!r} and {studio.name!r} are both the OBS at {studio.host}:"
                    f"{studio.port}; remove one, or correct its host or port"
                )
        return studios
