"""`leitstand up`: find out what there is to watch, and run the services over it."""

from __future__ import annotations

import contextlib
import os
import socket
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from rich.console import Console

from leitstand import config
from leitstand.clients.mediamtx import Access, MediaMTXClient, MediaMTXError, Refused
from leitstand.config.load import find
from leitstand.demo.mediamtx import DemoMediaMTX
from leitstand.live import follow
from leitstand.supervisor import Service, Supervisor

_MEDIAMTX_URL = "http://127.0.0.1:9997"
_NAMES_A_SERVER = "LEITSTAND_MEDIAMTX__"
_OBS = ("127.0.0.1", 4455)
_PROBE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What `up` will do: with which configuration, and why."""

    file: Path | None
    demo: bool
    lines: tuple[str, ...]


def make_plan(given: Path | None, *, demo: bool) -> Plan:
    """A file or variables say what to watch; without them whatever runs here; else the demo."""
    if demo:
        return Plan(None, demo=True, lines=())
    file = find(given)
    if file is not None:
        return Plan(file, demo=False, lines=(f"configuration: {file}",))
    if any(variable.startswith(_NAMES_A_SERVER) for variable in os.environ):
        return Plan(None, demo=False, lines=(f"configuration: {_NAMES_A_SERVER}* variables",))
    return _look_around()


def _look_around() -> Plan:
    mediamtx, obs = mediamtx_answers(_MEDIAMTX_URL), _listens(*_OBS)
    if mediamtx:
        return Plan(None, demo=False, lines=(f"found MediaMTX at {_MEDIAMTX_URL}",))
    nothing = f"no leitstand.yml, no MediaMTX at {_MEDIAMTX_URL}"
    if obs:
        seen = "found OBS at 127.0.0.1:4455, which this version does not watch yet"
        return Plan(None, demo=True, lines=(nothing, seen, "so this is the demo"))
    return Plan(None, demo=True, lines=(f"{nothing}, no OBS at :4455: so this is the demo",))


def mediamtx_answers(url: str) -> bool:
    """Whether a MediaMTX API is there; one that asks for a password is."""
    client = MediaMTXClient(Access(url, lambda: None))
    try:
        with client.within(_PROBE_SECONDS):
            return client.items("paths") is not None
    except Refused:
        return True
    except MediaMTXError:
        return False
    finally:
        client.close()


def _listens(host: str, port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((host, port), _PROBE_SECONDS):
        return True
    return False


def run(plan: Plan, log_level: str, stop: threading.Event, console: Console) -> int:
    """Run everything until `stop`; returns the exit code."""
    with _demo(plan) as file:
        settings = config.load(file)
        arguments = ["exporter", "--log-level", log_level]
        if file is not None:
            arguments += ["--config", str(file)]
        _greet(plan, settings, console)
        if _is_open(settings.exporter):
            follower = threading.Thread(
                target=follow, args=(settings, console, stop), name="live", daemon=True
            )
            follower.start()
        return Supervisor([Service("exporter", arguments)]).run(stop)


def _is_open(exporter: config.ExporterConfig) -> bool:
    """Whether this process may read the exporter's snapshot: it has no password for it."""
    return not exporter.users and exporter.tls is None and exporter.listen.port != 0


@contextlib.contextmanager
def _demo(plan: Plan) -> Iterator[Path | None]:
    """The configuration file to use; of a demo one that names the demo server, which runs."""
    if not plan.demo:
        yield plan.file
        return
    with DemoMediaMTX() as server, tempfile.TemporaryDirectory(prefix="leitstand-demo-") as folder:
        file = Path(folder) / "leitstand.yml"
        demo = {"name": "demo", "url": server.url, "expected_paths": ["stage", "cam/*"]}
        file.write_text(yaml.safe_dump({"mediamtx": [demo]}), encoding="utf-8")
        yield file


def _greet(plan: Plan, settings: config.Config, console: Console) -> None:
    for line in plan.lines:
        console.print(line, highlight=False)
    if plan.demo:
        console.rule("[bold yellow]DEMO: nothing here is real[/]")
    scheme = "https" if settings.exporter.tls else "http"
    base = f"{scheme}://{settings.exporter.listen}"
    for where, what in (("/", "overview"), ("/metrics", "for Prometheus"), ("/snapshot", "JSON")):
        console.print(f"  {base}{where}  {what}", highlight=False)
