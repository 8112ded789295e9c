"""`leitstand up`: find out what there is to watch, and run the services over it."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from leitstand import companions, config, live
from leitstand.clients.mediamtx import (
    Access,
    MediaMTXClient,
    MediaMTXError,
    Refused,
    TooSlow,
    objects,
)
from leitstand.config import ConfigError
from leitstand.config.environment import PREFIX, key_of
from leitstand.config.load import find
from leitstand.demo import everything as demo
from leitstand.exclusive import is_private
from leitstand.places import PLACES
from leitstand.serving import listening
from leitstand.supervisor import Service, Supervisor, leitstand, module
from leitstand.survivor import LOCK, end_recorder

_PROBE_SECONDS = 0.8


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where to look for something to watch."""

    files: Sequence[Path] = PLACES
    env: Mapping[str, str] = field(default_factory=lambda: os.environ)
    mediamtx: str = config.MediaMTXConfig().url
    obs: tuple[str, int] = ("127.0.0.1", 4455)

    def variable(self) -> str | None:
        """A variable that names a server or studio, if there is one."""
        prefixed = (name for name in self.env if name.startswith(PREFIX))
        names = (name for name in prefixed if key_of(name)[0] in ("mediamtx", "obs"))
        return next((name for name in names if not _is_secret(name)), None)


def _is_secret(variable: str) -> bool:
    """A password alone says how to get in, not that somebody is there."""
    return "PASSWORD" in variable or "TOKEN" in variable


@dataclass(frozen=True, slots=True)
class Plan:
    """What `up` will do: with which configuration, and why."""

    file: Path | None
    demo: bool
    lines: tuple[str, ...]
    found: Mapping[str, Any] | None = None


def make_plan(given: Path | None, *, demo: bool, around: Surroundings | None = None) -> Plan:
    """A file or variables say what to watch; without them whatever runs here; else the demo.

    Raises ConfigError.
    """
    around = around or Surroundings()
    variable = around.variable()
    if demo:
        if other := "--config" if given else variable:
            raise ConfigError(f"--demo: watches only the demo; leave {other} out, or --demo")
        return Plan(None, demo=True, lines=())
    if file := find(given, around.files):
        return Plan(file, demo=False, lines=(f"configuration: {file}",))
    if variable:
        return Plan(None, demo=False, lines=(f"configuration: {variable}",))
    return _look_around(around)


def _look_around(around: Surroundings) -> Plan:
    obs = "{}:{}".format(*around.obs)
    found: dict[str, list[dict[str, Any]]] = {"mediamtx": [], "obs": []}
    lines = []
    if mediamtx_answers(around.mediamtx):
        found["mediamtx"].append({"url": around.mediamtx})
        lines.append(f"found MediaMTX at {around.mediamtx}")
    if _listens(*around.obs):
        found["obs"].append({"host": around.obs[0], "port": around.obs[1]})
        lines.append(f"found OBS at {obs}; its password: LEITSTAND_OBS__0__PASSWORD_FILE")
    if lines:
        return Plan(None, demo=False, lines=tuple(lines), found=found)
    nothing = f"no leitstand.yml, no MediaMTX at {around.mediamtx}, no OBS at {obs}"
    return Plan(None, demo=True, lines=(f"{nothing}: so this is the demo",))


def mediamtx_answers(url: str) -> bool:
    """Whether a MediaMTX API is there; one that asks for a password is, or one that hangs."""
    client = MediaMTXClient(Access(url, lambda: None))
    try:
        with client.within(_PROBE_SECONDS):
            return client.items("paths", objects.Path) is not None
    except (Refused, TooSlow):
        return True
    except MediaMTXError:
        return False
    finally:
        client.close()


def _listens(host: str, port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((host, port), _PROBE_SECONDS):
        return True
    return False


def run(
    plan: Plan,
    log_level: str,
    stop: threading.Event,
    console: Console,
    *,
    with_prometheus: bool = False,
) -> int:
    """Run everything until `stop`; returns the exit code. Raises ConfigError."""
    programs = companions.programs() if with_prometheus else None
    with _scene(plan) as scene:
        file = scene.file
        settings = config.load(file)
        exporter = settings.exporter
        # The children would say so too, but only after the greeting.
        listening(exporter.listen, "exporter.listen").close()
        listening(settings.control_api.listen, "control_api.listen").close()
        beside = companions.beside(programs, settings, file) if programs else companions.NOBODY
        _greet(plan, settings, scene.token, console)
        for line in beside.lines:
            console.print(f"  {line}", highlight=False, soft_wrap=True)
        options = ["--log-level", log_level, *(["--config", str(file)] if file else [])]
        # The table on a terminal must know of every line, or it would be drawn over it.
        say = _to_stderr if console.is_terminal else None
        _end_survivor(settings)
        recorder = leitstand("recorder", *options)
        # What the demo records goes with its folder.
        recorder.survives = not plan.demo
        services = [recorder, *(leitstand(name, *options) for name in ("exporter", "api"))]
        supervisor = Supervisor([*scene.extras, *services, *beside.services], say)
        with live.shown(exporter, console) if _is_open(exporter) else contextlib.nullcontext():
            return supervisor.run(stop)


def _end_survivor(settings: config.Config) -> None:
    """It holds both locks, or the second alone where the state folder was removed."""
    state = settings.control_api.state
    runtime = settings.recorder.runtime_folder(state)
    end_recorder(state / LOCK)
    # Elsewhere another user could have made a lock that names any process.
    with contextlib.suppress(OSError):
        if is_private(runtime):
            end_recorder(runtime / LOCK)


def _to_stderr(line: str) -> None:
    sys.stderr.write(line)


def _is_open(exporter: config.ExporterConfig) -> bool:
    """Whether this process may read the exporter's snapshot: it has no password for it."""
    return not exporter.users and exporter.tls is None and exporter.listen.port != 0


@dataclass(frozen=True, slots=True)
class Scene:
    """The configuration file to use, what has to run beside the services, the demo's token."""

    file: Path | None
    extras: Sequence[Service] = ()
    token: str | None = None


@contextlib.contextmanager
def _scene(plan: Plan) -> Iterator[Scene]:
    """The file that there is, or one that names what was found or made up."""
    if plan.found is None and not plan.demo:
        yield Scene(plan.file)
        return
    with tempfile.TemporaryDirectory(prefix="leitstand-") as name:
        folder = Path(name)
        if plan.found is not None:
            state = {"control_api": {"state": str(Path("var").resolve())}}
            yield Scene(_written({**plan.found, **state}, folder))
            return
        recordings = folder / "recordings"
        recordings.mkdir()
        with demo.running(recordings) as made:
            extras = [
                module(name, name, *given, quiet=True) for name, given in made.modules.items()
            ]
            token = secrets.token_urlsafe(9)
            control_api = {"state": str(folder / "state"), "admin_token": token}
            settings = {**made.settings, "control_api": control_api}
            yield Scene(_written(settings, folder), extras, token)


def _written(settings: Mapping[str, Any], folder: Path) -> Path:
    file = folder / "leitstand.yml"
    file.write_text(yaml.safe_dump(dict(settings)), encoding="utf-8")
    return file


def _greet(plan: Plan, settings: config.Config, token: str | None, console: Console) -> None:
    for line in plan.lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    if plan.demo:
        console.rule("[bold yellow]DEMO: nothing here is real[/]")
    for where, what in (("/", "overview"), ("/metrics", "for Prometheus"), ("/snapshot", "JSON")):
        url = settings.exporter.url
        console.print(f"  {url}{where}  {what}", highlight=False, soft_wrap=True)
    way_in = f"; token: {token}" if token else ""
    api = f"  {settings.control_api.url}/api  recordings and schedules{way_in}"
    console.print(api, highlight=False, soft_wrap=True)
