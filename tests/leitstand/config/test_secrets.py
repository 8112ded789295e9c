"""Secrets from files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from leitstand import config
from leitstand.config import ConfigError


def server(folder: Path, **keys: Any) -> config.MediaMTXConfig:
    file = folder / "leitstand.yml"
    file.write_text(yaml.safe_dump({"mediamtx": [keys]}))
    return config.load(file, {}).mediamtx[0]


def refusal(folder: Path, **keys: Any) -> str:
    with pytest.raises(ConfigError) as raised:
        server(folder, **keys)
    return str(raised.value).removeprefix(f"{folder}/leitstand.yml: mediamtx[0].")


@pytest.mark.parametrize("content", ["hunter2", "hunter2\n", "hunter2\r\n"])
def test_the_line_break_at_the_end_is_not_part_of_it(tmp_path: Path, content: str) -> None:
    (tmp_path / "token").write_text(content)
    assert server(tmp_path, token_file="token").authorization() == "Bearer hunter2"


def test_spaces_are(tmp_path: Path) -> None:
    (tmp_path / "password").write_text(" hunter 2 ")
    password = server(tmp_path, username="a", password_file="password").password
    assert password is not None
    assert password.get_secret_value() == " hunter 2 "


FILES: list[tuple[Callable[[Path], object], str]] = [
    (lambda file: None, "cannot be read (No such file or directory)"),
    (lambda file: file.mkdir(), "cannot be read (Is a directory)"),
    (lambda file: file.write_text("\n"), "is empty"),
    (lambda file: file.write_bytes(b"\xff"), "is not UTF-8 text"),
    (lambda file: file.write_text("x" * 70_000), "is too large for a secret"),
]


@pytest.mark.parametrize(("make", "reason"), FILES)
def test_a_file_that_holds_none_is_refused(
    tmp_path: Path, make: Callable[[Path], object], reason: str
) -> None:
    make(tmp_path / "password")
    found = refusal(tmp_path, username="a", password_file="password")
    assert found == f"password_file: password {reason}"


def test_both_ways_at_once_are_refused(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("hunter2")
    found = refusal(tmp_path, token="hunter3", token_file="token")
    assert found == "token: give it or token_file, not both"


WRONG = [
    ({"token": ""}, "token: must not be empty"),
    ({"token": "hunter2\nX-Header: 1"}, "token: must be one line without control characters"),
    ({"token": "hunter—2"}, "token: must be ASCII without spaces, as a header needs it"),
    ({"username": "a", "password": ""}, "password: must not be empty"),
    ({"username": "a", "password": 1234}, "password: must be text (in quotes, if it is a number)"),
    ({"username": "a", "password": ["hunter2"]}, "password: must be text (in quotes, if it is a n"),
]


@pytest.mark.parametrize(("keys", "reason"), WRONG)
def test_what_is_wrong_with_a_secret_does_not_quote_it(
    tmp_path: Path, keys: dict[str, Any], reason: str
) -> None:
    found = refusal(tmp_path, **keys)
    assert found.startswith(reason)
    assert "hunter" not in found
    assert "1234" not in found
