"""install.sh and upgrade.sh below a folder: twice, upgraded, rolled back, cut off.

Real scripts, services, database and health checks; what stands in is systemctl (a script that
starts and stops the units' commands) and pip (this interpreter's packages serve).
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.running import eventually, free_port

ROOT = Path(__file__).parents[2]
_PARTS = (
    *("leitstand", "exporter", "control_api", "alertmanager", "prometheus", "grafana", "deploy"),
    *("requirements.lock", "README.md", "LICENSE"),
)
_PYTHON = """\
#!/bin/sh
# `-m venv FOLDER`: one whose python has this interpreter's packages, and whose pip does nothing.
mkdir -p "$3/bin" "$3/lib/python3.11/site-packages"
cat >"$3/bin/python" <<END
#!/bin/sh
[ "\\$2" = pip ] && exit 0
PYTHONPATH=\\$(dirname "\\$0")/../../lib exec {python} "\\$@"
END
chmod +x "$3/bin/python"
"""
_SYSTEMCTL = """\
#!/bin/sh
# start, stop and enable --now of the units that are installed; says nothing of what they say.
echo "$@" >>"{folder}/systemctl.log"
verb=$1
shift
# What is a zombie is over, though its parent may not look after it for seconds.
runs() { grep -qs '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$1/status"; }
[ "$verb" = enable ] && shift
for unit in "$@"; do
  pid={folder}/$unit.pid
  case $verb in
    start | enable)
      [ -e "$pid" ] && runs "$(cat "$pid")" && continue
      words=$(sed -n 's/^ExecStart=//p' "{root}/etc/systemd/system/$unit")
      words=$(echo "$words" | sed 's|/opt|{root}/opt|; s|/etc|{root}/etc|')
      $words >>"{folder}/$unit.log" 2>&1 &
      echo $! >"$pid" ;;
    stop)
      [ -e "$pid" ] || continue
      kill "$(cat "$pid")" 2>/dev/null
      while runs "$(cat "$pid")"; do sleep 0.1; done
      rm "$pid" ;;
  esac
done
"""


class Machine:
    """A folder to install into, and a source tree of a version to install."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "root"
        self.home = self.root / "opt/leitstand"
        self.state = self.root / "var/lib/leitstand"
        self.database = self.state / "leitstand.db"
        self.ports = free_port(), free_port()
        self._numbers = itertools.count(1)
        python = folder / "python"
        self._write(python, _PYTHON.replace("{python}", sys.executable))
        systemctl = folder / "systemctl"
        text = _SYSTEMCTL.replace("{folder}", str(folder)).replace("{root}", str(self.root))
        self._write(systemctl, text)
        config = self.root / "etc/leitstand/leitstand.yml"
        config.parent.mkdir(parents=True)
        config.write_text(
            f"exporter: {{listen: '127.0.0.1:{self.ports[0]}'}}\n"
            f"control_api: {{listen: '127.0.0.1:{self.ports[1]}', state: {self.state}}}\n"
            "mediamtx: []\n"
        )
        self.environment = os.environ | {
            "DESTDIR": str(self.root),
            "PYTHON": str(python),
            "SYSTEMCTL": str(systemctl),
            "PATIENCE": "60",
        }

    def source(self) -> Path:
        """A tree of its own, as a user unpacks it."""
        tree = self.folder / f"source-{next(self._numbers)}"
        tree.mkdir()
        for part in _PARTS:
            source = ROOT / part
            if source.is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source, tree / part, ignore=ignored)
            else:
                shutil.copy2(source, tree / part)
        return tree

    def run(self, tree: Path, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", str(tree / "deploy" / script)],
            env=self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def current(self) -> str:
        return (self.home / "current").readlink().name

    def releases(self) -> set[str]:
        return {path.name for path in (self.home / "releases").iterdir()}

    def is_healthy(self) -> bool:
        # First the one that takes longer to start.
        urls = [f"http://127.0.0.1:{self.ports[1]}/api/ping"]
        urls.append(f"http://127.0.0.1:{self.ports[0]}/-/healthy")
        tool = [sys.executable, str(ROOT / "deploy/bin/healthy")]
        asked = (subprocess.run([*tool, u], capture_output=True, check=False) for u in urls)
        return all(each.returncode == 0 for each in asked)

    def rows(self) -> list[str]:
        """What is in a table that only the tests have."""
        with closing(sqlite3.connect(self.database)) as database:
            return [row[0] for row in database.execute("SELECT word FROM kept")]

    def keep(self, word: str) -> None:
        with closing(sqlite3.connect(self.database, timeout=10)) as database, database:
            database.execute("CREATE TABLE IF NOT EXISTS kept (word TEXT)")
            database.execute("INSERT INTO kept VALUES (?)", [word])

    def end(self) -> None:
        for file in self.folder.glob("*.pid"):
            try:
                os.kill(int(file.read_text()), signal.SIGKILL)
            except ProcessLookupError:
                continue

    def _write(self, file: Path, text: str) -> None:
        file.write_text(text)
        file.chmod(0o755)


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


def changed(tree: Path) -> Path:
    """Another version, as good as the first."""
    file = tree / "leitstand/__init__.py"
    version = tree.name.replace("source-", "9.")
    file.write_text(re.sub('__version__ = ".*"', f'__version__ = "{version}"', file.read_text()))
    return tree


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
