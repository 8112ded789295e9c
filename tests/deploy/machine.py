"""A folder to install into, as if it were a machine.

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
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import yaml

from tests.running import free_port

ROOT = Path(__file__).parents[2]
_HEALTHY_SECONDS = 30.0
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
# start, stop, disable and enable --now of the units that are installed; says nothing of what they
# say.
echo "$@" >>"{folder}/systemctl.log"
export RUNTIME_DIRECTORY="{root}/run/leitstand"
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
        folder.mkdir(exist_ok=True)
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
        self.config = config
        self.environment = os.environ | {
            "DESTDIR": str(self.root),
            "PYTHON": str(python),
            "SYSTEMCTL": str(systemctl),
            "PATIENCE": "60",
        }

    def configure(self, **sections: Any) -> None:
        """Change what a section of the configuration says."""
        settings = yaml.safe_load(self.config.read_text())
        for name, given in sections.items():
            is_mapping = isinstance(given, dict)
            settings[name] = settings.get(name, {}) | given if is_mapping else given
        self.config.write_text(yaml.safe_dump(settings))

    def folder_for_source(self) -> Path:
        tree = self.folder / f"source-{next(self._numbers)}"
        tree.mkdir()
        return tree

    def source(self) -> Path:
        """A tree of its own, as a user unpacks it."""
        tree = self.folder_for_source()
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
        """Whether both services answer, within a time that a busy machine may take."""
        until = time.monotonic() + _HEALTHY_SECONDS
        while not (healthy := self._answers()) and time.monotonic() < until:
            time.sleep(0.5)
        return healthy

    def _answers(self) -> bool:
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


def changed(tree: Path) -> Path:
    """Another version, as good as the first."""
    file = tree / "leitstand/__init__.py"
    version = tree.name.replace("source-", "9.")
    file.write_text(re.sub('__version__ = ".*"', f'__version__ = "{version}"', file.read_text()))
    return tree
