"""Who is told when something is wrong: the part of the configuration that Alertmanager needs."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from leitstand.config.section import Section
from leitstand.config.values import CaFile, Secret, Url, check_secret, parse_listen

OFF = "off"
_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+", re.ASCII)
_TIME = r"(?:[01]\d|2[0-3]):[0-5]\d"
_HOURS = re.compile(rf"({_TIME})-({_TIME})", re.ASCII)


def check_address(value: str) -> str:
    # It is written between others into one line, and must not bring any of its own.
    if not _ADDRESS.fullmatch(value):
        raise ValueError("must be an e-mail address such as crew@example.org")
    return value


def check_smarthost(value: str) -> str:
    try:
        if parse_listen(value).port:
            return value
    except ValueError:
        pass
    raise ValueError("must be HOST:PORT of a mail server, such as mail.example.org:587")


def check_hours(value: str) -> str:
    found = _HOURS.fullmatch(value)
    if value != OFF and (found is None or found[1] == found[2]):
        raise ValueError("must be START-END, such as 23:00-08:00, or off")
    return value


def check_secret_url(value: SecretStr) -> SecretStr:
    """The address itself lets in who knows it; so no error says it."""
    text = check_secret(value).get_secret_value()
    try:
        parts = urlsplit(text)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        sound = False
    if not sound or " " in text:
        raise ValueError("must be an address that begins with https:// or http://")
    return value


Address = Annotated[str, AfterValidator(check_address)]
Smarthost = Annotated[str, AfterValidator(check_smarthost)]
Hours = Annotated[str, AfterValidator(check_hours)]
SecretUrl = Annotated[SecretStr, AfterValidator(check_secret_url)]


class EmailConfig(Section):
    smarthost: Smarthost = Field(description="mail server, HOST:PORT; 587 or 465")
    sender: Address = Field(description="address that messages come from")
    to: list[Address] = Field(
        description="who is told of streams and recordings", min_length=1, max_length=50
    )
    admins: list[Address] = Field(
        [], description="who is told of machines and monitoring; default: `to`", max_length=50
    )
    username: str | None = Field(None, description="login at the mail server", min_length=1)
    password: Secret | None = Field(None, description="its password")
    require_tls: bool = Field(True, description="send nothing over a connection without TLS")
    ca_file: CaFile | None = Field(None, description="CA that signed its certificate, PEM")

    @model_validator(mode="after")
    def _belong_together(self) -> EmailConfig:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password belong together")
        return self


class SlackConfig(Section):
    url: SecretUrl = Field(description="incoming webhook of a Slack channel")


class NotifyConfig(Section):
    email: EmailConfig | None = Field(None, description="messages by e-mail")
    slack: SlackConfig | None = Field(None, description="messages by Slack")
    heartbeat_url: SecretUrl | None = Field(
        None, description="called once a minute; who listens there tells when that stops"
    )
    quiet_hours: Hours = Field(
        "01:00-08:00", description="no warnings then, in control_api.timezone; or off"
    )
    grafana: Url = Field(
        "http://127.0.0.1:3000", description="where those who are told reach the dashboards"
    )
    runbooks: Url | None = Field(
        None, description="where they reach prometheus/runbooks.md: the address of its folder"
    )
    alertmanager: Url = Field("http://127.0.0.1:9093", description="where Alertmanager is")
