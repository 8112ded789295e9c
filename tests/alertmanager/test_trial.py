"""`leitstand notify --test`: what arrives is said to, what does not is told with the way out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from leitstand import cli
from tests.alertmanager import house
from tests.alertmanager.sinks import PASSWORD, Hook, Mailbox, mail_server, webhook
from tests.running import free_port


@dataclass
class Sinks:
    mail: Mailbox
    hook: Hook
    folder: Path
    notify: dict[str, Any]

    def test(self, **other: Any) -> Result:
        """The command, with an Alertmanager that was told `notify` changed by `other`."""
        notify = {**self.notify, **other}
        with house.running(self.folder / "am", notify):
            return self.ask(notify)

    def ask(self, notify: dict[str, Any]) -> Result:
        file = self.folder / "leitstand.yml"
        file.write_text(yaml.safe_dump({"notify": notify}))
        said = CliRunner().invoke(cli.app, ["notify", "--test", "--config", str(file)])
        assert PASSWORD not in said.output
        assert self.hook.url not in said.output
        return said


@pytest.fixture
def sinks(tmp_path: Path) -> Iterator[Sinks]:
    with mail_server(tmp_path) as mail, webhook() as hook:
        yield Sinks(mail, hook, tmp_path, house.settings(mail, hook))


def test_one_through_every_receiver(sinks: Sinks) -> None:
    said = sinks.test()
    assert said.exit_code == 0, said.output
    assert sorted(said.stdout.splitlines()) == [
        "5 of 5 delivered",
        "admins     email    delivered",
        "admins     slack    delivered",
        "crew       email    delivered",
        "crew       slack    delivered",
        "heartbeat  webhook  delivered",
    ]
    assert [message.to for message in sinks.mail.messages] == [
        *("crew@example.org", "admins@example.org"),
    ]
    assert len(sinks.hook.messages) == 2
    assert len(sinks.hook.beats) == 1
    assert {message.title for message in sinks.mail.messages} == {"[test] NotificationTest"}


def lines(said: Result) -> dict[str, str]:
    """`receiver integration` -> what is said of it."""
    split = (line.split(maxsplit=2) for line in said.stdout.splitlines()[:-1])
    return {f"{receiver} {by}": text for receiver, by, text in split}


def test_a_login_that_is_refused(sinks: Sinks) -> None:
    said = sinks.test(email={**sinks.notify["email"], "password": "another"})
    assert said.exit_code == 1
    found = lines(said)
    assert found["crew slack"] == "delivered"
    assert "refuses the login (535); see notify.email.username" in found["crew email"]
    assert "another" not in said.output


def test_a_certificate_that_is_not_trusted(sinks: Sinks) -> None:
    said = sinks.test(email={**sinks.notify["email"], "ca_file": None})
    assert said.exit_code == 1
    assert "has a certificate that is not trusted" in lines(said)["admins email"]


def test_a_mail_server_that_is_not_there(sinks: Sinks) -> None:
    nobody = f"localhost:{free_port()}"
    said = sinks.test(email={**sinks.notify["email"], "smarthost": nobody})
    assert said.exit_code == 1
    assert f"{nobody} cannot be used (Connection refused); see" in lines(said)["crew email"]


def test_a_slack_address_that_was_revoked(sinks: Sinks) -> None:
    sinks.hook.answer = (404, b"no_service")
    said = sinks.test(heartbeat_url=None)
    assert said.exit_code == 1
    found = lines(said)
    assert found["crew email"] == "delivered"
    wanted = "not delivered: the answer there is 404 'no_service'; make a new address, into"
    assert found["crew slack"].startswith(wanted)
    assert said.stdout.splitlines()[-1] == "2 of 4 delivered"


def test_nobody_to_tell(sinks: Sinks) -> None:
    said = sinks.test(email=None, slack=None, heartbeat_url=None)
    assert said.exit_code == 1
    assert said.stdout.startswith("nobody would be told: give notify.email or notify.slack")


def test_no_alertmanager(sinks: Sinks) -> None:
    said = sinks.ask(sinks.notify)
    assert said.exit_code == 1
    assert "does not answer (ConnectionError); start it, or see notify.alertmanager" in said.stdout


def test_it_sends_only_when_it_is_told_to() -> None:
    said = CliRunner().invoke(cli.app, ["notify"])
    assert said.exit_code == 2
    assert "--test" in said.stderr
