"""The recorder's settings, and studios that are the same OBS."""

from __future__ import annotations

from pathlib import Path

import pytest

from leitstand import config
from leitstand.config import ConfigError, RecorderConfig


def load(folder: Path, text: str) -> config.Config:
    file = folder / "leitstand.yml"
    file.write_text(text)
    return config.load(file)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1", "localhost"),
        ("LOCALHOST", "::1"),
        ("obs.example.org", "OBS.example.org."),
    ],
)
def test_one_obs_under_two_names_is_refused(tmp_path: Path, first: str, second: str) -> None:
    text = f"obs: [{{name: stage, host: '{first}'}}, {{name: foyer, host: '{second}'}}]"
    with pytest.raises(ConfigError) as error:
        load(tmp_path, text)
    assert "'stage' and 'foyer'" in str(error.value)


def test_two_ports_of_one_machine_are_two_studios(tmp_path: Path) -> None:
    found = load(tmp_path, "obs: [{name: stage, port: 4455}, {name: foyer, port: 4456}]")
    assert [studio.name for studio in found.obs] == ["stage", "foyer"]


@pytest.mark.parametrize(
    "section",
    [
        "{listen: 127.0.0.1:8091}",
        "{secret: s}",
        "{listen: '0.0.0.0:8091', secret: s}",
        "{listen: 10.0.0.1:8091, secret: s}",
    ],
)
def test_a_way_to_the_recorder_that_is_open_to_others_is_refused(
    tmp_path: Path, section: str
) -> None:
    with pytest.raises(ConfigError):
        load(tmp_path, f"recorder: {section}")


def test_recorder_and_api_of_one_state_folder_meet_in_one_place(tmp_path: Path) -> None:
    settings = RecorderConfig()
    state = tmp_path / "state"
    assert settings.runtime_folder(state, {}) == settings.runtime_folder(state, {})
    assert settings.runtime_folder(state, {}) != settings.runtime_folder(tmp_path, {})
    systemd = {"RUNTIME_DIRECTORY": "/run/leitstand:/run/other"}
    assert settings.runtime_folder(state, systemd) == Path("/run/leitstand")
    given = RecorderConfig(runtime=tmp_path / "run")
    assert given.runtime_folder(state, systemd) == tmp_path / "run"
