"""Tokens by command."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from control_api.auth.command import (
    create_token,
    keep_token,
    list_tokens,
    revoke_token,
)
from control_api.instance import Instance
from leitstand.config import Config, ConfigError


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config.model_validate({"control_api": {"state": str(tmp_path)}})


def test_made_listed_revoked(config: Config) -> None:
    secret = create_token(config, "hall tablet", "Operator")
    assert secret.startswith("lst_")
    listed = list_tokens(config)
    assert "operator  hall tablet" in listed
    assert "in use" in listed
    assert secret not in listed
    assert revoke_token(config, 1) == "hall tablet (token 1, operator) is revoked"
    assert "revoked 20" in list_tokens(config)


@pytest.mark.parametrize(
    ("name", "role", "reason"),
    [("x", "boss", "--role: 'boss' is not one of viewer"), ("a\x1bb", "admin", r"NAME: 'a\\x1bb'")],
)
def test_what_is_wrong_is_one_line(config: Config, name: str, role: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        create_token(config, name, role)


def test_what_cannot_be_is_one_line(config: Config) -> None:
    create_token(config, "boss", "admin")
    with pytest.raises(ConfigError, match="in use"):
        create_token(config, "boss", "viewer")
    with pytest.raises(ConfigError, match="last admin"):
        revoke_token(config, 1)
    with pytest.raises(ConfigError, match="there is no token 7"):
        revoke_token(config, 7)


def test_a_file_is_kept_as_long_as_its_token_is_good(config: Config, tmp_path: Path) -> None:
    file = tmp_path / "made" / "viewer.token"
    said = keep_token(config, "prometheus", "viewer", file)
    first = file.read_text()
    assert first.startswith("lst_")
    assert first.strip() not in said
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    keep_token(config, "prometheus", "viewer", file)
    assert file.read_text() == first
    revoke_token(config, 1)
    keep_token(config, "prometheus", "viewer", file)
    assert file.read_text() != first
    assert list_tokens(config).count("in use") == 1


def test_a_file_with_the_token_of_another_is_left_alone(config: Config, tmp_path: Path) -> None:
    file = tmp_path / "admin.token"
    file.write_text(create_token(config, "boss", "admin"))
    with pytest.raises(ConfigError, match=r"holds the token of boss \(admin\)"):
        keep_token(config, "prometheus", "viewer", file)
    file.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="cannot be used"):
        keep_token(config, "prometheus", "viewer", file)


def test_no_new_database_is_made_beside_a_service(config: Config, tmp_path: Path) -> None:
    create_token(config, "boss", "admin")
    service = Instance(config.control_api)
    for file in tmp_path.glob("leitstand.db*"):
        if not file.name.endswith(".lock"):
            file.unlink()
    for act in (
        lambda: create_token(config, "hall", "viewer"),
        lambda: keep_token(config, "hall", "viewer", tmp_path / "hall.token"),
        lambda: list_tokens(config),
    ):
        with pytest.raises(ConfigError, match=r"is gone.*process \d+.*put the file back, or rest"):
            act()
    assert not (tmp_path / "leitstand.db").exists()
    service.release()
    assert create_token(config, "hall", "viewer").startswith("lst_")
