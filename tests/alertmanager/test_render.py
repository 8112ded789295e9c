"""`leitstand alertmanager-config`: what is configured is in it, what is secret is in files."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from leitstand import cli
from leitstand.config import Config
from leitstand.notify import render
from tests.alertmanager.hurry import ROOT
from tests.conftest import program

EMAIL = {
    "smarthost": "mail.example.org:587",
    "sender": "hall@example.org",
    "to": ["anna@example.org", "ben@example.org"],
    "username": "hall",
    "password": "the-password",
}
SLACK = {"url": "https://hooks.example.org/services/the-hook"}
BEAT = "https://beats.example.org/the-beat"
SECRETS = ("the-password", "the-hook", "the-beat")


def made(folder: Path, **notify: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """alertmanager.yml as read, and all files."""
    config = Config.model_validate({"control_api": {"timezone": "Asia/Tokyo"}, "notify": notify})
    files = render.files(ROOT / "alertmanager", config, folder)
    return yaml.safe_load(files[render.FILE]), files


def receiver(config: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in config["receivers"] if each["name"] == name)


def test_everything_that_is_configured_is_in_it(tmp_path: Path) -> None:
    email = {**EMAIL, "admins": ["admin@example.org"]}
    config, files = made(tmp_path, email=email, slack=SLACK, heartbeat_url=BEAT)
    assert config["global"] == {
        "resolve_timeout": "5m",
        "smtp_smarthost": "mail.example.org:587",
        "smtp_from": "hall@example.org",
        "smtp_require_tls": True,
        "smtp_auth_username": "hall",
        "smtp_auth_password_file": str(tmp_path / "email.password"),
        "slack_api_url_file": str(tmp_path / "slack.url"),
    }
    assert receiver(config, "crew")["email_configs"][0]["to"] == "anna@example.org, ben@example.org"
    assert receiver(config, "admins")["email_configs"][0]["to"] == "admin@example.org"
    assert receiver(config, "heartbeat")["webhook_configs"][0]["url"] == BEAT
    assert files["email.password"] == "the-password"
    assert files["slack.url"].endswith("/the-hook")
    assert "the-password" not in files[render.FILE]
    assert "the-hook" not in files[render.FILE]


def test_what_is_not_configured_is_left_out(tmp_path: Path) -> None:
    config, files = made(tmp_path)
    assert config["global"] == {"resolve_timeout": "5m"}
    assert all(list(each) == ["name"] for each in config["receivers"])
    assert set(files) == {render.FILE, render.LINKS, "templates/leitstand.tmpl"}


def test_admins_are_the_crew_where_nobody_else_is_named(tmp_path: Path) -> None:
    config, _ = made(tmp_path, email={**EMAIL, "username": None, "password": None})
    assert receiver(config, "admins")["email_configs"][0]["to"].startswith("anna@")
    assert "smtp_auth_username" not in config["global"]


@pytest.mark.parametrize(
    ("hours", "spans"),
    [
        ("01:00-08:00", [("01:00", "08:00")]),
        ("23:00-08:00", [("23:00", "24:00"), ("00:00", "08:00")]),
        ("22:00-00:00", [("22:00", "24:00")]),
    ],
)
def test_quiet_hours_are_those_of_the_clock_there(hours: str, spans: list[Any]) -> None:
    times = [{"start_time": start, "end_time": end} for start, end in spans]
    assert render.quiet(hours, "Asia/Tokyo") == [{"times": times, "location": "Asia/Tokyo"}]


@pytest.mark.parametrize(
    "notify",
    [
        {},
        {"email": EMAIL},
        {"slack": SLACK},
        {"email": EMAIL, "slack": SLACK, "heartbeat_url": BEAT, "quiet_hours": "off"},
        {"grafana": "https://g.example.org/a{{b}}", "runbooks": "https://r.example.org/x"},
        {"quiet_hours": "23:00-00:00"},
    ],
)
def test_alertmanager_takes_it(tmp_path: Path, notify: dict[str, Any]) -> None:
    config = Config.model_validate({"notify": notify})
    file = render.write(render.files(ROOT / "alertmanager", config, tmp_path), tmp_path)
    command = [program("amtool"), "check-config", str(file)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


def test_the_command_writes_for_its_owner_alone_and_prints_no_secret(tmp_path: Path) -> None:
    file = tmp_path / "leitstand.yml"
    notify = {"email": EMAIL, "slack": SLACK, "heartbeat_url": BEAT}
    file.write_text(yaml.safe_dump({"notify": notify}))
    out = tmp_path / "out"
    arguments = ["alertmanager-config", "--config", str(file), "--output", str(out)]
    said = CliRunner().invoke(cli.app, arguments)
    assert (said.exit_code, said.stdout) == (0, f"alertmanager --config.file={out}/{render.FILE}\n")
    written = [each for each in out.rglob("*") if each.is_file()]
    assert len(written) == 5
    assert {stat.S_IMODE(each.stat().st_mode) for each in written} == {0o600}
    assert not [secret for secret in SECRETS if secret in said.output]
    file.write_text("notify: {}")
    assert CliRunner().invoke(cli.app, arguments).exit_code == 0
    assert not (out / "email.password").exists()
    assert not (out / "slack.url").exists()


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("heartbeat_url", "the-beat", "must be an address that begins with https:// or http://"),
        ("quiet_hours", "8-9", "must be START-END, such as 23:00-08:00, or off"),
        ("email", {**EMAIL, "to": ["a@b, c@d"]}, "must be an e-mail address such as crew@"),
        ("email", {**EMAIL, "smarthost": "mail"}, "must be HOST:PORT of a mail server"),
        ("email", {**EMAIL, "password": None}, "username and password belong together"),
    ],
)
def test_what_is_wrong_is_said_without_the_secret(
    tmp_path: Path, key: str, value: Any, said: str
) -> None:
    file = tmp_path / "leitstand.yml"
    file.write_text(yaml.safe_dump({"notify": {key: value}}))
    result = CliRunner().invoke(cli.app, ["check-config", "--config", str(file)])
    assert result.exit_code == 2
    assert f"notify.{key}" in result.stderr
    assert said in result.stderr
    assert not [secret for secret in SECRETS if secret in result.stderr]
