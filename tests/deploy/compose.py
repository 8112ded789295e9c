"""`python -m tests.deploy.compose`: docker-compose.yml built, run, hurt and stopped.

All services but Grafana and MediaMTX, whose images cannot be made of Debian's packages. One line a
proof; exit code 1 at the first that fails. Where podman cannot be had it says why, and no more.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
import yaml

from tests.deploy import engine as engines
from tests.deploy.engine import ROOT, Engine
from tests.running import eventually, free_port

SERVICES = (
    *("recorder", "exporter", "api", "prometheus", "alertmanager"),
    *("redis", "demo-mediamtx", "demo-obs", "mail"),
)
_COPIED = (
    *("leitstand", "exporter", "control_api", "prometheus", "alertmanager", "grafana", "deploy"),
    *("tests/deploy", "docker-compose.yml", ".env.example", ".dockerignore", "requirements.lock"),
)
_PORTS = {
    "exporter": "EXPORTER_PORT",
    "api": "API_PORT",
    "prometheus": "PROMETHEUS_PORT",
    "alertmanager": "ALERTMANAGER_PORT",
}
_SETTINGS = {
    "COMPOSE_PROFILES": "demo,redis",
    "CONFIG": "./deploy/compose/demo.yml",
    "LEITSTAND_EXPORTER__REDIS__URL": "redis://redis:6379",
    "LEITSTAND_CONTROL_API__SNAPSHOT": "redis://redis:6379",
    "LEITSTAND_NOTIFY__EMAIL__SMARTHOST": "mail:2525",
    "LEITSTAND_NOTIFY__EMAIL__SENDER": "leitstand@example.org",
    "LEITSTAND_NOTIFY__EMAIL__TO": "[crew@example.org]",
    "LEITSTAND_NOTIFY__EMAIL__ADMINS": "[admins@example.org]",
    "LEITSTAND_NOTIFY__EMAIL__REQUIRE_TLS": "false",
}
_BITS_OF_ROOT = ("CapEff", "CapPrm", "CapBnd", "CapAmb")


class Stack:
    """The running stack, as its user and as the machine's root see it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.ports = {service: free_port() for service in _PORTS}
        self._prepare()

    def _prepare(self) -> None:
        self.engine.run("sh", "deploy/compose/setup.sh")
        ports = {_PORTS[service]: str(port) for service, port in self.ports.items()}
        lines = [f"{name}={value}\n" for name, value in (_SETTINGS | ports).items()]
        with (self.engine.project / ".env").open("a") as file:
            file.writelines(lines)
        secret = (self.engine.project / "secrets/admin.token").read_text()
        self.token = secret.strip()

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.ports[service]}"

    def up(self) -> None:
        self.engine.compose("up", "-d", "--wait", "--pull", "never", "--no-build", *SERVICES)

    def down(self) -> None:
        self.engine.compose("down")

    def api(self, method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(
            method,
            f"{self.url('api')}/api{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=30,
        )
        assert answer.ok, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()["data"]

    def query(self, expression: str, at: float | None = None) -> list[Any]:
        where = f"{self.url('prometheus')}/api/v1/query"
        given = {"query": expression} | ({"time": str(at)} if at else {})
        result: list[Any] = requests.get(where, given, timeout=10).json()["data"]["result"]
        return result

    def mails(self) -> list[str]:
        """What the mail server was given so far, headers and all."""
        said = self.engine.podman("logs", self.engine.containers()["mail"])
        return said.split("--- mail\n")[1:]

    def pid(self, service: str) -> int:
        """Of its first process; 0 if it does not run."""
        container = self.engine.containers().get(service)
        return int(self.engine.inspect(container)["State"]["Pid"]) if container else 0


def healthy(stack: Stack) -> None:
    """every service is up, and says that it is healthy"""
    running = stack.engine.containers()
    assert running.keys() == set(SERVICES), running
    for service in running.keys() - {"mail"}:
        state = stack.engine.inspect(running[service])["State"]
        assert (state.get("Health") or state["Healthcheck"])["Status"] == "healthy", service


def loopback_only(stack: Stack) -> None:
    """nothing is published but on loopback"""
    for service, container in stack.engine.containers().items():
        bindings = stack.engine.inspect(container)["HostConfig"]["PortBindings"] or {}
        hosts = {each["HostIp"] for port in bindings.values() for each in port}
        assert hosts <= {"127.0.0.1"}, (service, hosts)


def nobody_is_root(stack: Stack) -> None:
    """no process is root, has a capability, or can get one"""
    for service in stack.engine.containers():
        for pid in _processes(stack.pid(service)):
            text = Path(f"/proc/{pid}/status").read_text()
            status = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
            assert "0" not in status["Uid"].split(), (service, status["Name"], status["Uid"])
            held = [name for name in _BITS_OF_ROOT if int(status[name], 16)]
            assert not held, (service, status["Name"], held)
            assert status["NoNewPrivs"] == "1", (service, status["Name"])


def read_only(stack: Stack) -> None:
    """root file systems are read-only"""
    for service in stack.engine.containers():
        mounts = Path(f"/proc/{stack.pid(service)}/mounts").read_text().splitlines()
        options = next(line.split()[3] for line in mounts if line.split()[1] == "/")
        assert "ro" in options.split(","), (service, options)


def no_secret_is_told(stack: Stack) -> None:
    """no secret is in a container's environment, arguments or log"""
    for service, container in stack.engine.containers().items():
        assert stack.token not in stack.engine.podman("inspect", container), service
        assert stack.token not in stack.engine.podman("logs", container), service


def scraped_by_name(stack: Stack) -> None:
    """Prometheus scrapes both services, itself and Alertmanager, by name"""
    expected = {"exporter:9896", "api:8080", "127.0.0.1:9090", "alertmanager:9093"}

    def up() -> set[str]:
        return {each["metric"]["instance"] for each in stack.query("up == 1")}

    eventually(lambda: up() == expected, 60)
    eventually(lambda: stack.query('mediamtx_up{server="demo"} == 1'), 30)
    eventually(lambda: stack.query('obs_up{studio="demo"} == 1'), 30)


def every_rule_is_good(stack: Stack) -> None:
    """every rule file is mounted, and every rule evaluates"""
    shipped = stack.engine.project / "prometheus"
    files = [file for kind in ("rules", "alerts") for file in (shipped / kind).glob("*.yml")]
    written = sum(
        len(group["rules"]) for f in files for group in yaml.safe_load(f.read_text())["groups"]
    )

    def rules() -> list[Any]:
        where = f"{stack.url('prometheus')}/api/v1/rules"
        groups = requests.get(where, timeout=10).json()["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]

    eventually(lambda: all(rule["health"] == "ok" for rule in rules()), 60)
    assert len(rules()) == written


def snapshot_by_redis(stack: Stack) -> None:
    """the control API has the exporter's snapshot, by Redis"""

    def servers() -> list[str]:
        latest = stack.api("GET", "/streams/latest")
        return [server["name"] for server in latest["servers"] if server["up"]]

    eventually(lambda: servers() == ["demo"], 30)


def test_messages_arrive(stack: Stack) -> None:
    """`leitstand notify --test` in a container: to the crew and to the admins"""
    container = stack.engine.containers()["api"]
    said = stack.engine.podman("exec", container, "leitstand", "notify", "--test")
    assert "2 of 2 delivered" in said, said
    mails = stack.mails()
    assert any("crew@example.org" in mail for mail in mails), mails
    assert any("admins@example.org" in mail for mail in mails), mails


def an_alert_arrives(stack: Stack) -> None:
    """MediaMTX dies, and a mail says so"""
    container = stack.engine.containers()["demo-mediamtx"]
    stack.engine.podman("stop", "--time", "5", container)

    def told() -> list[str]:
        return [mail for mail in stack.mails() if "MediaMTX demo has not answered" in mail]

    eventually(told, 240)
    stack.engine.podman("start", container)
    eventually(lambda: stack.query('mediamtx_up{server="demo"} == 1'), 60)


def the_killed_come_back(stack: Stack) -> None:
    """killed with SIGKILL, recorder, exporter and control API are back, and scraped again"""
    before = stack.pid("recorder")
    os.kill(before, signal.SIGKILL)
    eventually(lambda: _is_another(stack, "recorder", before), 60)
    started = f"leitstand_recorder_start_time_seconds > {time.time() - 60:.0f}"
    eventually(lambda: stack.query(f"leitstand_recorder_up == 1 and {started}"), 60)
    for service in ("exporter", "api"):
        before = stack.pid(service)
        since = time.time()
        os.kill(before, signal.SIGKILL)
        eventually(lambda s=service, b=before: _is_another(stack, s, b), 60)  # type: ignore[misc]
        job = f'up{{job="leitstand-{service}"}} == 1 and timestamp(up) > {since + 3:.0f}'
        eventually(lambda query=job: stack.query(query), 60)  # type: ignore[misc]


def all_is_still_there(stack: Stack) -> None:
    """after down and up: schedule, recording, token, silence, and what Prometheus had"""
    stack.api("POST", "/recordings/start", {"title": "Trial"})
    schedule = {"title": "Evening", "weekdays": ["thu"], "start": "19:50", "end": "22:10"}
    made = stack.api("POST", "/schedules", schedule)["id"]
    time.sleep(5)
    stack.api("POST", "/recordings/stop", {})
    eventually(lambda: stack.api("GET", "/videos")["total"] == 1, 60)
    silence = _silence(stack)
    then = time.time()
    token = _viewer_token(stack)
    stack.down()
    assert stack.engine.containers() == {}
    stack.up()
    assert [each["id"] for each in stack.api("GET", "/schedules")] == [made]
    assert stack.api("GET", "/videos")["total"] == 1
    assert _viewer_token(stack) == token
    assert stack.query('mediamtx_up{server="demo"}', at=then)
    where = f"{stack.url('alertmanager')}/api/v2/silence/{silence}"
    assert requests.get(where, timeout=10).ok
    scraped_by_name(stack)


PROOFS: tuple[Callable[[Stack], None], ...] = (
    healthy,
    loopback_only,
    nobody_is_root,
    read_only,
    no_secret_is_told,
    scraped_by_name,
    every_rule_is_good,
    snapshot_by_redis,
    test_messages_arrive,
    an_alert_arrives,
    the_killed_come_back,
    all_is_still_there,
    nobody_is_root,
)


def _processes(first: int) -> list[int]:
    """A process and all that it began."""
    children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
    return [first, *(pid for child in children for pid in _processes(int(child)))]


def _is_another(stack: Stack, service: str, before: int) -> bool:
    return stack.pid(service) not in (0, before)


def _viewer_token(stack: Stack) -> str:
    volume = stack.engine.podman("volume", "inspect", "leitstand_prometheus-token", "--format",
                                 "{{.Mountpoint}}")  # fmt: skip
    return Path(volume.strip(), "viewer.token").read_text()


def _silence(stack: Stack) -> str:
    body = {
        "matchers": [{"name": "alertname", "value": "Nothing", "isRegex": False}],
        "startsAt": "2026-01-01T00:00:00Z",
        "endsAt": "2099-01-01T00:00:00Z",
        "createdBy": "trial",
        "comment": "to be found again",
    }
    where = f"{stack.url('alertmanager')}/api/v2/silences"
    made: str = requests.post(where, json=body, timeout=10).json()["silenceID"]
    return made


def _copy(project: Path) -> None:
    for name in _COPIED:
        source, copy = ROOT / name, project / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, copy)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _timed(what: str, work: Callable[[], object]) -> None:
    began = time.monotonic()
    work()
    _say(f"  {time.monotonic() - began:6.1f} s  {what}")


def main() -> int:
    if reason := engines.missing():
        _say(f"compose-test: the stack was not tried: {reason}")
        return 0
    folder = Path(tempfile.mkdtemp(prefix="leitstand-compose-"))
    _copy(folder / "project")
    with engines.running(folder) as engine:
        rootfs = ROOT / "build" / "compose-test" / "rootfs.tar"
        _timed("images are built", lambda: engines.images(engine, rootfs))
        stack = Stack(engine)
        with engines.looked_after(engine):
            _timed("up", stack.up)
            for proof in PROOFS:
                _timed(str(proof.__doc__), lambda p=proof: p(stack))  # type: ignore[misc]
            _timed("down", stack.down)
    return 0


if __name__ == "__main__":
    sys.exit(main())
