"""The units: clean, hardened, and about commands and files that exist."""

from __future__ import annotations

import re
import subprocess
from configparser import RawConfigParser
from pathlib import Path

import pytest

from leitstand import cli, config
from leitstand.config import load
from tests.conftest import program

ROOT = Path(__file__).parents[2]
SYSTEMD = ROOT / "deploy" / "systemd"
UNITS = sorted(SYSTEMD.glob("*.service"))
RUNTIME = "RUNTIME_DIRECTORY"
_EXPOSURE_TENTHS = "30"


class Options(dict[str, str]):
    """A unit may say a key more than once."""

    def __setitem__(self, key: str, value: str) -> None:
        both = [*self[key], *value] if key in self and isinstance(value, list) else value
        super().__setitem__(key, both)  # type: ignore[assignment]


def section(unit: Path, name: str) -> dict[str, str]:
    parser = RawConfigParser(strict=False, dict_type=Options, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(unit)
    return dict(parser[name])


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units, with a program that is there as what they start."""
    for unit in UNITS:
        text = unit.read_text().replace("/opt/leitstand/current/bin/leitstand", "/bin/true")
        (tmp_path / unit.name).write_text(text)
    return tmp_path


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_systemd_finds_nothing_wrong(unit: Path, installed: Path) -> None:
    verify = ["verify", "--man=no", "--recursive-errors=yes", str(installed / unit.name)]
    done = _systemd_analyze(*verify)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_the_exposure_is_small(unit: Path) -> None:
    threshold = f"--threshold={_EXPOSURE_TENTHS}"
    done = _systemd_analyze("security", "--offline=true", "--no-pager", threshold, str(unit))
    assert done.returncode == 0, done.stdout[-300:] + done.stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_a_unit_starts_a_command_as_the_user_of_its_own(unit: Path) -> None:
    service = section(unit, "Service")
    launcher, subcommand, option, file = service["ExecStart"].split()
    assert (ROOT / "deploy/bin" / Path(launcher).name).is_file()
    known = {each.name for each in cli.app.registered_commands}
    assert subcommand in known
    assert (option, file) == ("--config", "/etc/leitstand/leitstand.yml")
    assert service["User"] == service["Group"] == "leitstand"
    assert f"u {service['User']} " in (SYSTEMD / "leitstand.sysusers.conf").read_text()


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_systemd_is_told_only_by_commands_that_tell_it(unit: Path) -> None:
    service = section(unit, "Service")
    command = service["ExecStart"].split()[1]
    function = next(c.callback for c in cli.app.registered_commands if c.name == command)
    tells = "watchdog" in function.__wrapped__.__code__.co_names  # type: ignore[union-attr]
    assert (service["Type"] == "notify") == tells
    assert ("WatchdogSec" in service) == tells


def test_a_wrong_configuration_is_not_tried_again() -> None:
    for unit in UNITS:
        service = section(unit, "Service")
        assert service["Restart"] == "always"
        assert service["RestartPreventExitStatus"] == str(cli._CONFIG_ERROR)


RECORDER, API = (SYSTEMD / f"leitstand-{name}.service" for name in ("recorder", "api"))


def test_the_recorder_waits_for_nobody_and_is_ended_last() -> None:
    unit, service = section(RECORDER, "Unit"), section(RECORDER, "Service")
    assert unit["After"] == "network.target"
    assert not {"Wants", "Requires", "BindsTo", "PartOf", "Requisite"} & set(unit)
    assert unit["StartLimitIntervalSec"] == "0", "tried again for ever"
    assert (service["OOMScoreAdjust"], service["RestartSec"]) == ("-900", "500ms")
    assert int(service["LimitNOFILE"]) >= 4096


def test_the_api_wants_the_recorder_and_does_not_end_it() -> None:
    unit = section(API, "Unit")
    assert "leitstand-recorder.service" in unit["Wants"].split()
    assert "leitstand-recorder.service" not in unit["After"].split()
    assert not {"Requires", "BindsTo", "PartOf", "Upholds", "PropagatesStopTo"} & set(unit)


def test_both_find_the_socket_in_one_folder_that_stays() -> None:
    keys = ("RuntimeDirectory", "RuntimeDirectoryMode", "RuntimeDirectoryPreserve", "User")
    recorder, api = (section(unit, "Service") for unit in (RECORDER, API))
    assert [recorder[key] for key in keys] == ["leitstand", "0700", "yes", "leitstand"]
    assert [api[key] for key in keys] == [recorder[key] for key in keys]
    settings = load(SYSTEMD / "leitstand.yml", {})
    folder = "/run/leitstand"
    found = settings.recorder.runtime_folder(settings.control_api.state, {RUNTIME: folder})
    assert found == Path(folder)


def test_the_recorder_may_write_where_it_keeps_what_it_must_not_lose() -> None:
    service = section(RECORDER, "Service")
    assert service["ProtectSystem"] == "strict"
    assert service["StateDirectory"] == "leitstand"
    assert service["ReadWritePaths"] == section(API, "Service")["ReadWritePaths"]


def test_the_first_configuration_is_good_and_keeps_its_state_where_the_unit_may_write() -> None:
    made = load(SYSTEMD / "leitstand.yml", {})
    assert made.control_api.state == Path("/var/lib/leitstand")
    assert section(SYSTEMD / "leitstand-api.service", "Service")["StateDirectory"] == "leitstand"
    folders = re.findall(r"^d (\S+)", (SYSTEMD / "leitstand.tmpfiles.conf").read_text(), re.M)
    assert str(made.control_api.state) in folders


def test_the_first_configurations_comments_are_good_too(tmp_path: Path) -> None:
    text = (SYSTEMD / "leitstand.yml").read_text()
    below = text.partition("\n\n")[2]
    file = tmp_path / "leitstand.yml"
    file.write_text(re.sub(r"^(\s*)# ", r"\1", below, flags=re.M))
    for name in ("mediamtx", "obs"):
        (tmp_path / f"{name}.password").write_text("secret")
    made = load(file, {})
    assert made.obs == [
        config.ObsConfig(name="stage", password="secret", recordings=Path("/srv/recordings"))
    ]
    assert made.recorder.fallback == Path("/srv/recordings/.leitstand")


@pytest.mark.parametrize("kind", ["sysusers", "tmpfiles"])
def test_the_users_and_folders_can_be_made(kind: str, tmp_path: Path) -> None:
    made = program(f"systemd-{kind}")
    (tmp_path / "etc").mkdir()
    for name in ("passwd", "group"):
        (tmp_path / "etc" / name).write_text("")
    user = SYSTEMD / "leitstand.sysusers.conf"
    create = ["--create"] if kind == "tmpfiles" else ["--dry-run"]
    if kind == "tmpfiles":
        (tmp_path / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\nleitstand:x:9:9::/:/bin/sh\n")
        (tmp_path / "etc/group").write_text("root:x:0:\nleitstand:x:9:\n")
        user = SYSTEMD / "leitstand.tmpfiles.conf"
    done = subprocess.run(
        [made, f"--root={tmp_path}", *create, str(user)], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


def _systemd_analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [program("systemd-analyze"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)
