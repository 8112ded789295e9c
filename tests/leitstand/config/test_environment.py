"""Any key from the environment, over what the file says."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from leitstand import config
from leitstand.config import ConfigError

HASH = "$2b$04$5Tq7YYkB/kLzvcIGAlNbCe1UmmsL7y1FgAPjTWAsnU1aNijbXpmwm"
FILE = {
    "exporter": {"listen": "127.0.0.1:1000", "poll_interval": "5s"},
    "mediamtx": [{"name": "one"}, {"name": "two", "url": "http://two:9997"}],
}


def load(folder: Path, **variables: str) -> config.Config:
    file = folder / "leitstand.yml"
    file.write_text(yaml.safe_dump(FILE))
    return config.load(file, {f"LEITSTAND_{k}": v for k, v in variables.items()})


def alone(folder: Path, monkeypatch: pytest.MonkeyPatch, **variables: str) -> config.Config:
    """Without a file."""
    monkeypatch.chdir(folder)
    return config.load(None, {f"LEITSTAND_{k}": v for k, v in variables.items()})


def test_a_variable_wins_over_the_file_and_leaves_the_rest(tmp_path: Path) -> None:
    exporter = load(tmp_path, EXPORTER__LISTEN="0.0.0.0:2000").exporter
    assert (str(exporter.listen), exporter.poll_interval) == ("0.0.0.0:2000", 5.0)


def test_a_key_of_a_list_entry_that_the_file_has(tmp_path: Path) -> None:
    servers = load(tmp_path, MEDIAMTX__1__PATH_LIMIT="7").mediamtx
    assert [(s.name, s.path_limit) for s in servers] == [("one", 2000), ("two", 7)]
    assert servers[1].url == "http://two:9997"


def test_a_new_list_entry_after_those_of_the_file(tmp_path: Path) -> None:
    found = load(tmp_path, MEDIAMTX__2__NAME="three", MEDIAMTX__2__URL="http://three:1")
    assert [s.name for s in found.mediamtx] == ["one", "two", "three"]


def test_entries_are_counted_as_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {f"MEDIAMTX__{n}__NAME": f"n{n}" for n in range(12)}
    found = alone(tmp_path, monkeypatch, **variables)
    assert [s.name for s in found.mediamtx] == [f"n{n}" for n in range(12)]


def test_without_a_file_variables_name_the_servers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = alone(tmp_path, monkeypatch, MEDIAMTX__0__URL="http://other:9997")
    assert [s.url for s in found.mediamtx] == ["http://other:9997"]
    found = alone(tmp_path, monkeypatch, EXPORTER__POLL_INTERVAL="1")
    assert [s.name for s in found.mediamtx] == ["main"]
    assert found.exporter.poll_interval == 1.0


def test_a_list_or_mapping_is_written_as_yaml(tmp_path: Path) -> None:
    found = load(
        tmp_path,
        HOST__MOUNTS="[/, /srv]",
        HOST__DEVICES="- eth0\n- eth1",
        MEDIAMTX="[{name: three}]",
        MEDIAMTX__0__EXPECTED_PATHS__0="stage",
        EXPORTER__USERS=f"{{anna: {HASH}}}",
    )
    assert found.host.mounts == ["/", "/srv"]
    assert found.host.devices == ["eth0", "eth1"]
    assert [(s.name, s.expected_paths) for s in found.mediamtx] == [("three", ["stage"])]
    assert list(found.exporter.users) == ["anna"]


@pytest.mark.parametrize("secret", ["[abc]", "{a: b}", "12345", "null", "true", "a: b", " x "])
def test_a_secret_is_taken_as_it_is(tmp_path: Path, secret: str) -> None:
    found = load(tmp_path, MEDIAMTX__0__USERNAME="1", MEDIAMTX__0__PASSWORD=secret)
    server = found.mediamtx[0]
    assert server.username == "1"
    assert server.password is not None
    assert server.password.get_secret_value() == secret


def test_a_secret_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("hunter2\n")
    (tmp_path / "hash").write_text(f"{HASH}\n")
    found = load(tmp_path, MEDIAMTX__0__TOKEN_FILE="token", EXPORTER__USERS__ANNA_FILE="hash")
    assert found.mediamtx[0].authorization() == "Bearer hunter2"
    assert found.exporter.users["anna"].get_secret_value() == HASH


def test_the_admin_token_has_a_short_name(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("lst_filed\n")
    for variables in ({"ADMIN_TOKEN": "lst_filed"}, {"ADMIN_TOKEN_FILE": "token"}):
        token = load(tmp_path, **variables).control_api.admin_token
        assert token is not None
        assert token.get_secret_value() == "lst_filed"


def test_a_short_name_and_the_long_one_are_not_both_given(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, ADMIN_TOKEN="hunter2", CONTROL_API__ADMIN_TOKEN="hunter3")
    assert "LEITSTAND_ADMIN_TOKEN" in str(raised.value)
    assert "LEITSTAND_CONTROL_API__ADMIN_TOKEN" in str(raised.value)
    assert "hunter" not in str(raised.value)


ONLY_LISTEN = "exporter.lisen: unknown key; allowed here: listen, poll_interval, slow_interval, "
WRONG = [
    ({"EXPORTER__LISEN": "x"}, f"LEITSTAND_EXPORTER__LISEN: {ONLY_LISTEN}tls, redis, users"),
    ({"TESTS": "soak"}, "LEITSTAND_TESTS: tests: unknown key; allowed here: exporter, host, medi"),
    ({"": "x"}, "LEITSTAND_: : unknown key; allowed here: exporter"),
    ({"MEDIAMTX__3__URL": "x"}, "LEITSTAND_MEDIAMTX__3__URL: there is no entry 2 yet for 3"),
    ({"MEDIAMTX__URL": "x"}, "LEITSTAND_MEDIAMTX__URL: there can be no 'url' there"),
    ({"MEDIAMTX__²__URL": "x"}, "LEITSTAND_MEDIAMTX__²__URL: there can be no '²' there"),
    ({"EXPORTER__0": "x"}, "LEITSTAND_EXPORTER__0: there can be no 0 there"),
    ({"EXPORTER__LISTEN__X": "1"}, "LEITSTAND_EXPORTER__LISTEN__X: there can be no 'x' there"),
    ({"HOST__MOUNTS": "/srv"}, "LEITSTAND_HOST__MOUNTS: host.mounts: must be a list"),
    ({"HOST__MOUNTS": "[/srv"}, "LEITSTAND_HOST__MOUNTS: is not YAML (line 1: expected ',' or ']'"),
    ({"MEDIAMTX__0__PATH_LIMIT": "many"}, "mediamtx[0].path_limit: 'many': must be a whole num"),
    ({"MEDIAMTX__0__TOKEN": ""}, "LEITSTAND_MEDIAMTX__0__TOKEN: mediamtx[0].token: must not be e"),
    ({"MEDIAMTX__0__TOKEN_FILE": "no"}, "token_file: no cannot be read (No such file or directo"),
]


@pytest.mark.parametrize(("variables", "reason"), WRONG)
def test_what_is_wrong_names_the_variable(
    tmp_path: Path, variables: dict[str, str], reason: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, **variables)
    assert reason in str(raised.value)
    assert f"LEITSTAND_{next(iter(variables))}: " in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_variable_is_named_when_only_part_of_the_problem_came_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError) as raised:
        alone(tmp_path, monkeypatch, MEDIAMTX__0__USERNAME="x")
    expected = "LEITSTAND_MEDIAMTX__0__USERNAME: mediamtx[0]: username and password belong together"
    assert str(raised.value) == expected


def test_broken_yaml_is_not_quoted(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, MEDIAMTX="[{password: hunter2")
    assert "hunter2" not in str(raised.value)
