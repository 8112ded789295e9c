"""The shipped alertmanager.yml with the addresses of `notify:`, and the secrets as files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from leitstand import atomicfile
from leitstand.config import Config, ConfigError, EmailConfig, NotifyConfig
from leitstand.config.notify import OFF

FILE = "alertmanager.yml"
PASSWORD = "email.password"
SLACK_URL = "slack.url"
LINKS = "templates/links.tmpl"
ADMINS = "admins"
HEARTBEAT = "heartbeat"
QUIET_HOURS = "quiet-hours"

Yaml = dict[str, Any]


def files(shipped: Path, config: Config, folder: Path) -> dict[str, str]:
    """Name -> text of all that Alertmanager reads, for `folder`, where it is to lie."""
    notify = config.notify
    with (shipped / FILE).open(encoding="utf-8") as opened:
        raw = yaml.safe_load(opened)
    text = rendered(raw, notify, config.control_api.timezone, folder.absolute())
    made = {FILE: yaml.safe_dump(text, sort_keys=False, allow_unicode=True)}
    if notify.email and notify.email.password:
        made[PASSWORD] = notify.email.password.get_secret_value()
    if notify.slack:
        made[SLACK_URL] = notify.slack.url.get_secret_value()
    for template in sorted((shipped / "templates").glob("*.tmpl")):
        made[f"templates/{template.name}"] = template.read_text(encoding="utf-8")
    made[LINKS] = links(notify)
    return made


def links(notify: NotifyConfig) -> str:
    """The template that goes before the links of alerts, which name only a page."""
    before = {"grafana": notify.grafana, "runbooks": f"{notify.runbooks or ''}/".lstrip("/")}
    lines = (
        f'{{{{ define "leitstand.{name}" }}}}{{{{ {json.dumps(url)} }}}}{{{{ end }}}}\n'
        for name, url in before.items()
    )
    return "".join(lines)


def write(made: Mapping[str, str], folder: Path) -> Path:
    """Put the files there, for nobody else to read; answers alertmanager.yml.

    Raises ConfigError.
    """
    try:
        for name, text in made.items():
            atomicfile.write_private(folder / name, text)
        for name in {PASSWORD, SLACK_URL} - made.keys():
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(
            f"--output: {folder} cannot be written ({error.strerror}); name another folder"
        ) from None
    return folder / FILE


def rendered(shipped: Yaml, notify: NotifyConfig, zone: str, folder: Path) -> Yaml:
    """What is configured is filled in, what is not is left out."""
    # Through JSON: what YAML's anchors share becomes a copy each.
    made: Yaml = json.loads(json.dumps(shipped))
    top = made["global"]
    for name in [name for name in top if name.startswith(("smtp_", "slack_"))]:
        del top[name]
    if notify.email:
        top.update(_mail_server(notify.email, folder))
    if notify.slack:
        top["slack_api_url_file"] = str(folder / SLACK_URL)
    for receiver in made["receivers"]:
        _fill_in(receiver, notify)
    for interval in made.get("time_intervals", ()):
        if interval["name"] == QUIET_HOURS:
            interval["time_intervals"] = quiet(notify.quiet_hours, zone)
    return made


def _mail_server(email: EmailConfig, folder: Path) -> Yaml:
    server: Yaml = {
        "smtp_smarthost": email.smarthost,
        "smtp_from": email.sender,
        "smtp_require_tls": email.require_tls,
    }
    if email.username is not None:
        server["smtp_auth_username"] = email.username
        server["smtp_auth_password_file"] = str(folder / PASSWORD)
    return server


def _fill_in(receiver: Yaml, notify: NotifyConfig) -> None:
    if notify.email is None:
        receiver.pop("email_configs", None)
    if notify.slack is None:
        receiver.pop("slack_configs", None)
    for mail in receiver.get("email_configs", ()):
        assert notify.email is not None
        is_admins = receiver["name"] == ADMINS and notify.email.admins
        mail["to"] = ", ".join(notify.email.admins if is_admins else notify.email.to)
        if notify.email.ca_file is not None:
            mail["tls_config"] = {"ca_file": str(notify.email.ca_file.absolute())}
    if receiver["name"] == HEARTBEAT:
        if notify.heartbeat_url is None:
            receiver.pop("webhook_configs", None)
        for hook in receiver.get("webhook_configs", ()):
            assert notify.heartbeat_url is not None
            hook["url"] = notify.heartbeat_url.get_secret_value()


def quiet(hours: str, zone: str) -> list[Yaml]:
    """`23:00-08:00` as Alertmanager has it, whose ranges end with the day; `off` is never."""
    if hours == OFF:
        return []
    start, end = hours.split("-")
    if end == "00:00":
        end = "24:00"
    spans = [(start, end)] if start < end else [(start, "24:00"), ("00:00", end)]
    times = [{"start_time": start, "end_time": end} for start, end in spans]
    return [{"times": times, "location": zone}]
