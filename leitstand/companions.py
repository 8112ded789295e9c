"""Prometheus and Alertmanager beside the services: found, configured for them, and run."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from leitstand import atomicfile, shipped
from leitstand.config import Config, ConfigError
from leitstand.notify import command as notifying
from leitstand.supervisor import Service, module

_OPTION = "--with-prometheus"
_PORTS = {"prometheus": 9090, "alertmanager": 9093}
_NAMES = {
    "prometheus": ("prometheus",),
    # Debian's name of it.
    "alertmanager": ("alertmanager", "prometheus-alertmanager"),
}
# It writes down what it has in memory.
_STOP_SECONDS = 15.0
_JOB_EXPORTER, _JOB_API = "leitstand-exporter", "leitstand-api"

Which = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Programs:
    """Where they are."""

    prometheus: str
    alertmanager: str


@dataclass(frozen=True, slots=True)
class Beside:
    """What is to run, and what to say of it."""

    services: Sequence[Service] = ()
    lines: Sequence[str] = ()


NOBODY = Beside()


def programs(which: Which = shutil.which) -> Programs:
    """Raises ConfigError that names what is missing."""
    found = {program: _first(names, which) for program, names in _NAMES.items()}
    missing = " and ".join(name for name, path in found.items() if path is None)
    if missing:
        raise ConfigError(
            f"{_OPTION}: {missing} not found in PATH; install (Debian: prometheus "
            "prometheus-alertmanager) or leave the option out"
        )
    return Programs(str(found["prometheus"]), str(found["alertmanager"]))


def _first(names: Sequence[str], which: Which) -> str | None:
    return next((path for name in names if (path := which(name))), None)


def beside(programs: Programs, settings: Config, file: Path | None) -> Beside:
    """Write what both read into the folder of state. Raises ConfigError."""
    _check(settings)
    state = settings.control_api.state.absolute()
    listens = {name: f"127.0.0.1:{_port(port)}" for name, port in _PORTS.items()}
    own = shipped.folder("prometheus", _OPTION)
    token = state / "prometheus" / "viewer.token"
    _keep_token(token, file)
    with (own / "prometheus.yml").open(encoding="utf-8") as opened:
        raw = configured(yaml.safe_load(opened), settings, own, token, listens)
    scraping = state / "prometheus" / "prometheus.yml"
    try:
        atomicfile.write_private(scraping, yaml.safe_dump(raw, sort_keys=False))
    except OSError as error:
        raise ConfigError(f"control_api.state: {scraping}: {error.strerror}") from None
    alerting = notifying.write_config(settings, state / "alertmanager")
    return Beside(
        [
            _prometheus(programs.prometheus, scraping, listens["prometheus"]),
            _alertmanager(programs.alertmanager, alerting, listens["alertmanager"]),
        ],
        _lines(settings, listens),
    )


def _check(settings: Config) -> None:
    if settings.exporter.users:
        raise ConfigError(
            f"{_OPTION}: exporter.users asks for a password that only a hash is known of; run "
            "Prometheus by itself, with prometheus/prometheus.yml (make run WITH_PROMETHEUS=)"
        )
    for key in ("exporter", "control_api"):
        if getattr(settings, key).listen.port == 0:
            raise ConfigError(f"{_OPTION}: {key}.listen needs a port that Prometheus can be told")


def _keep_token(token: Path, file: Path | None) -> None:
    """In a process of its own: here the control API is not loaded."""
    options = ["--role", "viewer", "--output", str(token)]
    options += ["--config", str(file)] if file else []
    made = subprocess.run(
        module("token", "leitstand", "token", "create", "prometheus", *options).command,
        capture_output=True,
        text=True,
        # Ctrl-C is the supervisor's, which is just about to look for it.
        start_new_session=True,
        check=False,
    )
    if made.returncode != 0:
        said = made.stderr.strip().rpartition("\n")[2].removeprefix("leitstand: ")
        raise ConfigError(f"{_OPTION}: Prometheus gets no token of the control API: {said}")


def configured(
    shipped: dict[str, Any], settings: Config, own: Path, token: Path, listens: dict[str, str]
) -> dict[str, Any]:
    """The shipped prometheus.yml with the addresses of this configuration."""
    api = {"credentials_file": str(token)}
    targets = {
        **{name: (listen, None) for name, listen in listens.items()},
        _JOB_EXPORTER: (str(settings.exporter.listen.from_here()), settings.exporter.tls),
        _JOB_API: (str(settings.control_api.listen.from_here()), settings.control_api.tls),
    }
    for job in shipped["scrape_configs"]:
        address, tls = targets[job["job_name"]]
        job["static_configs"][0]["targets"] = [address]
        if job["job_name"] == _JOB_API:
            job["authorization"] = api
        if tls is not None:
            # Our own child on loopback; its certificate is for another name.
            job |= {"scheme": "https", "tls_config": {"insecure_skip_verify": True}}
    shipped["rule_files"] = [str(own / pattern) for pattern in shipped["rule_files"]]
    managers = [{"static_configs": [{"targets": [listens["alertmanager"]]}]}]
    shipped["alerting"] = {"alertmanagers": managers}
    return shipped


def _prometheus(program: str, file: Path, listen: str) -> Service:
    options = [
        f"--config.file={file}",
        f"--storage.tsdb.path={file.parent / 'data'}",
        # The error budget looks back 30 days.
        "--storage.tsdb.retention.time=40d",
        f"--web.listen-address={listen}",
        "--log.level=warn",
    ]
    return Service("prometheus", [program, *options], stop_seconds=_STOP_SECONDS)


def _alertmanager(program: str, file: Path, listen: str) -> Service:
    options = [
        f"--config.file={file}",
        f"--storage.path={file.parent / 'data'}",
        f"--web.listen-address={listen}",
        f"--web.external-url=http://{listen}",
        "--cluster.listen-address=",
        "--log.level=warn",
    ]
    return Service("alertmanager", [program, *options], stop_seconds=_STOP_SECONDS)


def _lines(settings: Config, listens: dict[str, str]) -> list[str]:
    notify = settings.notify
    nobody = "" if notify.email or notify.slack else "; nobody is told: see notify in README"
    return [
        f"http://{listens['prometheus']}  Prometheus",
        f"http://{listens['alertmanager']}  Alertmanager{nobody}",
    ]


def _port(usual: int) -> int:
    """The usual one, or any if somebody has it."""
    for port in (usual, 0):
        try:
            with socket.create_server(("127.0.0.1", port)) as server:
                found: int = server.getsockname()[1]
                return found
        except OSError:
            continue
    raise ConfigError(f"{_OPTION}: there is no free port on 127.0.0.1")
