"""The first admin's token: configured, told on a terminal, or in a file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from control_api.auth.access import Role
from control_api.auth.first_admin import ensure_admin
from control_api.auth.service import AuthService
from control_api.errors import Conflict
from leitstand.config import ConfigError
from tests.control_api.auth.house import House


@pytest.fixture
def auth(houses: House) -> AuthService:
    return houses.auth


def role_of(auth: AuthService, secret: str) -> Role | None:
    token = auth.by_token(secret)
    return token.role if token else None


def test_one_is_made_and_only_its_file_is_in_the_log(
    auth: AuthService, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    state = tmp_path / "new" / "state"
    with caplog.at_level("DEBUG"):
        ensure_admin(auth, None, state, None)
    file = state / "admin.token"
    secret = file.read_text().strip()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert os.listdir(state) == ["admin.token"]
    assert role_of(auth, secret) is Role.ADMIN
    assert str(file) in caplog.text
    assert secret not in caplog.text


def test_a_file_that_was_left_open_to_all_is_not_kept(auth: AuthService, tmp_path: Path) -> None:
    (tmp_path / "admin.token").write_text("old")
    (tmp_path / ".admin.token.new").write_text("half")
    os.link(tmp_path / ".admin.token.new", tmp_path / "elsewhere")
    ensure_admin(auth, None, tmp_path, None)
    assert stat.S_IMODE((tmp_path / "admin.token").stat().st_mode) == 0o600
    assert (tmp_path / "elsewhere").read_text() == "half"


def test_on_a_terminal_it_is_told_once_and_not_kept(
    auth: AuthService, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []
    with caplog.at_level("DEBUG"):
        ensure_admin(auth, None, tmp_path, told.append)
        ensure_admin(auth, None, tmp_path, told.append)
    assert len(told) == 1
    secret = next(word for word in told[0].split() if word.startswith("lst_"))
    assert role_of(auth, secret) is Role.ADMIN
    assert not (tmp_path / "admin.token").exists()
    assert secret not in caplog.text


def test_what_cannot_be_told_is_not_made(auth: AuthService, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"control_api.state: .*admin.token cannot be written"):
        ensure_admin(auth, None, tmp_path / "file", None)
    assert auth.tokens() == []


def test_the_configured_one_is_kept_in_step(
    auth: AuthService, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = auth.create("other", Role.ADMIN, "test").secret
    steps = [("first", "first"), ("second", "second"), ("first", "first"), ("first", "first")]
    with caplog.at_level("DEBUG"):
        for configured, works in steps:
            ensure_admin(auth, SecretStr(configured), tmp_path, None)
            good = [secret for secret in ("first", "second") if role_of(auth, secret)]
            assert good == [works]
    ensure_admin(auth, None, tmp_path, None)
    assert role_of(auth, "first") is None
    assert role_of(auth, other) is Role.ADMIN
    assert list(tmp_path.glob("admin*")) == []
    assert "'first'" not in caplog.text
    assert "second" not in caplog.text


def test_a_configured_one_without_effect_writes_nothing(auth: AuthService, tmp_path: Path) -> None:
    for _ in range(2):
        ensure_admin(auth, SecretStr("configured"), tmp_path, None)
    assert [(token.name, token.created_by) for token in auth.tokens()] == [
        ("admin", "configuration")
    ]
    assert role_of(auth, "configured") is Role.ADMIN


def test_the_configured_one_is_changed_where_it_is_said(auth: AuthService, tmp_path: Path) -> None:
    auth.create("other", Role.ADMIN, "test")
    ensure_admin(auth, SecretStr("configured"), tmp_path, None)
    with pytest.raises(Conflict, match=r"control_api\.admin_token"):
        auth.revoke(auth.tokens()[0].id)
