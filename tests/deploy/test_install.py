"""install.sh and upgrade.sh below a folder: twice, upgraded, rolled back, cut off."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.machine import ROOT, Machine, changed
from tests.running import eventually


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Nothing is installed, and no service runs."""
    return Machine(tmp_path)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """One that runs; every test leaves it running, if in another version."""
    made = Machine(tmp_path_factory.mktemp("machine"))
    try:
        done = made.run(made.source(), "install.sh")
        assert done.returncode == 0, done.stdout + done.stderr
        assert made.is_healthy()
        made.keep("before")
        yield made
    finally:
        made.end()


def copies(machine: Machine) -> list[Path]:
    return sorted((machine.state / "backups").glob("*.db"))


def broken(tree: Path, database: Path) -> Path:
    """Another version: its control API changes the database, and then does not run."""
    file = changed(tree) / "leitstand/__main__.py"
    lines = [
        "import sqlite3, sys",
        "if 'api' in sys.argv:",
        f"    database = sqlite3.connect({str(database)!r})",
        "    database.execute(\"INSERT INTO kept VALUES ('by the new one')\")",
        "    database.commit()",
        "    sys.exit(1)",
    ]
    file.write_text("\n".join([*lines, file.read_text().replace("from __future__", "#")]))
    return tree


def test_installed_twice_is_installed_once(installed: Machine) -> None:
    before = sorted(installed.root.rglob("*"))
    log = (installed.folder / "leitstand-api.service.log").read_text()
    done = installed.run(installed.folder / "source-1", "install.sh")
    assert done.returncode == 0, done.stderr
    assert [p for p in sorted(installed.root.rglob("*")) if p not in before] == []
    assert len(installed.releases()) == 1
    assert (installed.folder / "leitstand-api.service.log").read_text() == log, "nobody restarted"
    assert "mediamtx: []" in (installed.root / "etc/leitstand/leitstand.yml").read_text()
    command = installed.root / "usr/local/bin/leitstand"
    assert subprocess.run([command, "version"], check=False).returncode == 0


def test_without_a_configuration_one_is_made(machine: Machine) -> None:
    file = machine.root / "etc/leitstand/leitstand.yml"
    file.unlink()
    environment = {**machine.environment, "SYSTEMCTL": ""}
    machine.environment = environment
    done = machine.run(machine.source(), "install.sh")
    assert done.returncode == 0, done.stderr
    assert "no systemd runs here" in done.stdout
    assert file.read_text() == (ROOT / "deploy/systemd/leitstand.yml").read_text()
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_configuration_that_the_new_version_refuses_changes_nothing(installed: Machine) -> None:
    first = installed.current()
    config = installed.root / "etc/leitstand/leitstand.yml"
    good = config.read_text()
    config.write_text(good + "nonsense: 1\n")
    done = installed.run(changed(installed.source()), "upgrade.sh")
    config.write_text(good)
    assert done.returncode == 1
    assert "nothing was changed" in done.stderr
    assert installed.current() == first
    assert installed.is_healthy()


def test_an_upgrade_keeps_everything_and_a_copy(installed: Machine) -> None:
    first = installed.current()
    tree = changed(installed.source())
    done = installed.run(tree, "upgrade.sh")
    assert done.returncode == 0, done.stdout + done.stderr
    assert installed.current().startswith("9.")
    assert installed.is_healthy()
    assert installed.rows() == ["before"]
    (copy,) = copies(installed)
    assert copy.stat().st_mode & 0o777 == 0o600
    assert installed.releases() == {first, installed.current()}
    again = installed.run(tree, "upgrade.sh")
    assert again.returncode == 0
    assert "is installed already" in again.stdout
    assert copies(installed) == [copy]


def test_an_unhealthy_version_is_rolled_back_with_its_database(installed: Machine) -> None:
    first = installed.current()
    tree = broken(installed.source(), installed.database)
    done = installed.run(tree, "upgrade.sh", PATIENCE="6")
    assert done.returncode == 1, done.stdout
    assert "runs as before" in done.stderr
    assert installed.current() == first
    eventually(installed.is_healthy, 60)
    assert installed.rows() == ["before"]
    assert not (installed.home / "upgrading").exists()


def test_an_upgrade_that_was_cut_off_is_undone_by_the_next(installed: Machine) -> None:
    first = installed.current()
    tree = broken(installed.source(), installed.database)
    child = subprocess.Popen(
        ["sh", str(tree / "deploy/upgrade.sh")],
        env=installed.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    eventually(lambda: "by the new one" in installed.rows(), 60)
    child.kill()
    child.wait()
    assert installed.current() != first
    assert (installed.home / "upgrading").exists()
    good = changed(installed.source())
    done = installed.run(good, "upgrade.sh")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"going back to releases/{first}" in done.stderr
    assert installed.is_healthy()
    assert installed.rows() == ["before"]


def test_nothing_installed_is_nothing_to_upgrade(machine: Machine) -> None:
    done = machine.run(machine.source(), "upgrade.sh")
    assert done.returncode == 1
    assert "nothing is installed" in done.stderr
