"""Every key that the configuration may have, with its default and what it means."""

from __future__ import annotations

import base64
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from leitstand.config.values import (
    Duration,
    ListenAddress,
    Name,
    ReadableFile,
    Url,
    check_bcrypt,
    parse_listen,
)


class Section(BaseModel):
    """Strict and frozen: an unknown key is an error, and nothing changes after the start."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Tls(Section):
    cert: ReadableFile = Field(description="certificate chain, PEM")
    key: ReadableFile = Field(description="private key, PEM")


def _hash(value: SecretStr) -> SecretStr:
    check_bcrypt(value.get_secret_value())
    return value


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
    users: dict[Name, Annotated[SecretStr, AfterValidator(_hash)]] = Field(
        {}, description="basic authentication: name and bcrypt hash; none: open"
    )

    @model_validator(mode="after")
    def _slow_is_slower(self) -> ExporterConfig:
        if self.slow_interval < self.poll_interval:
            raise ValueError("slow_interval must not be shorter than poll_interval")
        return self


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
    password: SecretStr | None = Field(None, description="its password")
    token: SecretStr | None = Field(None, description="bearer token (JWT), instead of both")
    ca_file: ReadableFile | None = Field(None, description="CA that signed its certificate, PEM")
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


class Config(Section):
    exporter: ExporterConfig = ExporterConfig()
    host: HostConfig = HostConfig()
    mediamtx: list[MediaMTXConfig] = []

    @field_validator("mediamtx")
    @classmethod
    def _names_differ(cls, servers: list[MediaMTXConfig]) -> list[MediaMTXConfig]:
        names = [server.name for server in servers]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"name {name!r} is given to more than one")
        return servers
