"""A message says what, since when, who is affected, where to read on, and calls nobody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.alertmanager import house
from tests.alertmanager.house import House
from tests.alertmanager.sinks import Hook, Mailbox, mail_server, webhook
from tests.running import eventually

LABELS = {"severity": "critical", "subject": "path", "server": "main", "host": "hall"}
ANNOTATIONS = {
    "summary": "A path is online, but no data comes in.",
    "description": "stage & <!channel> stands still.",
    "runbook_url": "runbooks.md#pathfrozen",
    "dashboard_url": "/d/leitstand-path?var-server=main&var-path=stage",
}
Scene = tuple[House, Mailbox, Hook]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with mail_server(tmp_path) as mail, webhook() as hook:
        notify = house.settings(mail, hook) | {"grafana": "https://g.example.org"}
        with house.running(tmp_path / "am", notify, factor=60) as running:
            yield running, mail, hook


def test_a_message_says_all_that_is_needed(scene: Scene) -> None:
    alertmanager, mail, hook = scene
    labels = LABELS | {"alertname": "PathFrozen", "path": "stage"}
    alertmanager.tell([labels], ANNOTATIONS)
    (message,) = eventually(lambda: mail.messages)
    assert message.title == "[critical] PathFrozen: server main path stage"
    plain, _, html = message.text.partition("<!DOCTYPE html>")
    for said in (
        "PathFrozen: A path is online, but no data comes in.",
        "stage & <!channel> stands still.",
        "Affected: server main path stage",
        "Time: since ",
        "What to do: https://docs.example.org/leitstand/runbooks.md#pathfrozen",
        "Dashboard: https://g.example.org/d/leitstand-path?var-server=main&var-path=stage",
    ):
        assert said in plain
    assert "stage &amp; &lt;!channel&gt; stands still." in html
    wanted = "https://g.example.org/d/leitstand-path?var-server=main&amp;var-path=stage"
    assert f'href="{wanted}"' in html
    (slack,) = eventually(lambda: hook.messages)
    assert slack.title == message.title
    # Or everybody in the channel would be called.
    assert "stage &amp; &lt;!channel&gt; stands still." in slack.text
    dashboard = "https://g.example.org/d/leitstand-path?var-server=main&var-path=stage"
    assert f"<{dashboard}|Dashboard>" in slack.text


def test_its_end_says_how_long_it_was(scene: Scene) -> None:
    alertmanager, mail, hook = scene
    labels = LABELS | {"alertname": "PathFrozen", "path": "stage"}
    alertmanager.tell([labels], ANNOTATIONS)
    eventually(lambda: mail.messages)
    alertmanager.tell([labels], ANNOTATIONS, is_over=True)
    _, over = eventually(lambda: len(mail.messages) == 2 and mail.messages, 20)
    assert over.title == "[resolved] PathFrozen: server main path stage"
    assert "Over:\nPathFrozen" in over.text
    assert eventually(lambda: len(hook.messages) == 2)


def test_many_are_counted_and_only_the_first_are_told(scene: Scene) -> None:
    alertmanager, mail, _ = scene
    many = [LABELS | {"alertname": "PathFrozen", "path": f"cam/{n:02}"} for n in range(30)]
    alertmanager.tell(many, ANNOTATIONS)
    (message,) = eventually(lambda: mail.messages)
    assert message.title == "[critical] PathFrozen (30): server main"
    assert message.text.partition("<!DOCTYPE")[0].count("Affected:") == 20
    assert "The first 20 of 30" in message.text


def test_several_kinds_are_named(scene: Scene) -> None:
    alertmanager, mail, _ = scene
    kinds = [LABELS | {"alertname": name, "path": "b"} for name in ("A", "B", "C", "D")]
    alertmanager.tell(kinds, ANNOTATIONS)
    (message,) = eventually(lambda: mail.messages)
    assert message.title == "[critical] A, B, C and more (4 in all): server main path b"
