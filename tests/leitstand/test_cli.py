"""The command: what it prints, its exit codes, and that it ends when it is told to."""

from __future__ import annotations

import json
import logging
import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
import typer
from typer.testing import CliRunner, Result

from leitstand import __version__, cli
from leitstand.demo.mediamtx import DemoMediaMTX, Fault
from tests.leitstand.conftest import Write
from tests.running import Process, eventually, free_port, leitstand, process

CONFIGURED = (
    "up",
    "api",
    "exporter",
    "recorder",
    "snapshot",
    "doctor",
    "check-config",
    "alertmanager-config",
    "notify",
)
OTHERS = ("clip", "demo-mediamtx", "library", "token", "version")
NEEDED = {"alertmanager-config": ("--output", "nowhere")}
"""Without which a command does not even read its configuration."""
ENDS_WITHIN = 2.0


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    """The command sets up logs and signals of its process, which here is that of all tests."""
    root, uvicorn = logging.getLogger(), logging.getLogger("uvicorn")
    kept = root.handlers[:], root.level, uvicorn.level
    signals = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    root.handlers[:], root.level, uvicorn.level = kept
    for number, handler in signals.items():
        signal.signal(number, handler)


def run(*arguments: str, **env: str) -> Result:
    return CliRunner().invoke(cli.app, arguments, env=env, catch_exceptions=False)


def refusal(*arguments: str, **env: str) -> str:
    """The one line on stderr of a command that must end with exit code 2 and print nothing."""
    result = run(*arguments, **env)
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    return line


def test_every_command_is_listed_and_has_help() -> None:
    names = set(typer.main.get_command(cli.app).commands)  # type: ignore[attr-defined]
    assert names == {*CONFIGURED, *OTHERS}
    overview = run("--help").stdout
    for name in names:
        assert f" {name} " in overview
        result = run(name, "--help")
        assert (result.exit_code, result.stderr) == (0, "")
        assert ("--config" in result.stdout) == (name in CONFIGURED)
    assert "LEITSTAND_MEDIAMTX__0__URL" in overview
    assert "/etc/leitstand/leitstand.yml" in " ".join(run("up", "--help").stdout.split())


def test_without_a_command_it_shows_the_help() -> None:
    assert "check-config" in run().output


def test_version() -> None:
    assert run("version").stdout == f"{__version__}\n"


def test_check_config_says_what_it_amounts_to(write: Write) -> None:
    file = write({"exporter": {"listen": "[::1]:1"}, "mediamtx": [{"name": "a"}, {"name": "b"}]})
    result = run("check-config", "--config", str(file), LEITSTAND_MEDIAMTX__1__URL="https://b:1")
    assert result.exit_code == 0
    assert result.stdout == (
        f"{file}: good\n"
        "exporter at [::1]:1, MediaMTX: a at http://127.0.0.1:9997, b at https://b:1, OBS: none\n"
    )


def test_the_file_in_the_working_directory_is_read(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write({"exporter": {"lissen": 1}})
    monkeypatch.chdir(tmp_path)
    assert refusal("check-config").startswith("leitstand: leitstand.yml: exporter.lissen: unknown")


@pytest.mark.parametrize("command", CONFIGURED)
def test_a_mistake_is_one_line_and_exit_code_2(command: str, write: Write, tmp_path: Path) -> None:
    file = write({"mediamtx": [{"url": "http://anna:hunter2@media:9997"}]})
    reason = "must not hold credentials; use username and password_file"
    expected = f"leitstand: {file}: mediamtx[0].url: {reason}"
    assert refusal(command, *NEEDED.get(command, ()), "--config", str(file)) == expected
    gone = tmp_path / "gone.yml"
    expected = f"leitstand: {gone}: cannot be read (No such file or directory)"
    assert refusal(command, *NEEDED.get(command, ()), "-c", str(gone)) == expected
    good = str(write({}))
    said = refusal(command, *NEEDED.get(command, ()), "--config", good, LEITSTAND_HOST__MOUNT="[/]")
    assert said == "leitstand: LEITSTAND_HOST__MOUNT: host.mount: unknown key; allowed here: " + (
        "mounts, devices"
    )


@pytest.mark.parametrize("command", ["up", "exporter"])
def test_a_port_that_is_taken_is_one_line_and_exit_code_2(command: str, write: Write) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        file = write({"exporter": {"listen": address}})
        said = refusal(command, "--config", str(file))
    assert said == (
        f"leitstand: exporter.listen: {address} cannot be listened on (Address already in use); "
        "choose another address or port"
    )


def test_other_mistakes_are_one_line_too() -> None:
    expected = "--log-level: 'loud' is not one of debug, info, warning, error"
    assert refusal("exporter", "--log-level", "loud") == f"leitstand: {expected}"
    assert "--demo: watches only the demo" in refusal("up", "--demo", "--config", "x.yml")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        said = refusal("demo-mediamtx", "--port", port)
    assert said == f"leitstand: --port: {port} cannot be listened on (Address already in use)"


def test_snapshot_prints_json(write: Write) -> None:
    with DemoMediaMTX() as demo:
        file = write({"mediamtx": [{"url": demo.url}]})
        result = run("snapshot", "--config", str(file))
    found = json.loads(result.stdout)
    assert (result.exit_code, result.stderr) == (0, "")
    assert set(found) == {"sequence", "time", "servers", "studios", "host"}
    assert found["servers"][0]["up"] is True


def test_doctor_says_so_by_its_exit_code(write: Write) -> None:
    with DemoMediaMTX() as demo:
        good = {"exporter": {"listen": "127.0.0.1:0"}, "mediamtx": [{"url": demo.url}]}
        result = run("doctor", "--config", str(write(good)))
        assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "everything is well")
    result = run("doctor", "--config", str(write(good)))
    assert result.exit_code == 1
    assert "    -> check url, that MediaMTX runs" in result.stdout


def ends_in_time(child: Process, number: signal.Signals) -> None:
    began = time.monotonic()
    child.send(number)
    assert child.wait() == 0
    assert time.monotonic() - began < ENDS_WITHIN
    assert "Traceback" not in child.output
    assert "ERROR" not in child.output


def waits_for_a_snapshot(url: str) -> socket.socket:
    """A client that waits, of which the server is known to have read the question."""
    host, _, port = url.removeprefix("http://").partition(":")
    latest = requests.get(f"{url}/snapshot", timeout=10).json()["sequence"]
    client = socket.create_connection((host, int(port)), timeout=10)
    client.sendall(f"GET /snapshot?after={latest} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    # Answered after it, so that the question above was read.
    requests.get(f"{url}/-/healthy", timeout=10)
    return client


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_exporter_ends_while_a_source_hangs_and_a_client_waits(
    write: Write, number: signal.Signals
) -> None:
    with DemoMediaMTX() as demo:
        demo.fault = Fault.HANG
        exporter = {"listen": "127.0.0.1:0", "poll_interval": "30s"}
        file = write({"exporter": exporter, "mediamtx": [{"url": demo.url}]})
        with process(leitstand("exporter", "--config", str(file))) as child:
            url = child.find(r"exporter .* at (http://\S+)")
            eventually(lambda: demo.requests)
            # The host was asked, and is not asked again for a while.
            eventually(lambda: "host" not in requests.get(f"{url}/-/ready", timeout=10).text)
            with waits_for_a_snapshot(url):
                ends_in_time(child, number)
            assert [line for line in child.lines if "exporter" not in line] == []


def children(child: Process) -> list[psutil.Process]:
    return psutil.Process(child.pid).children(recursive=True)


def services(child: Process) -> list[psutil.Process]:
    """Without what they start themselves."""
    return psutil.Process(child.pid).children()


def answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/-/healthy", timeout=2).ok
    except requests.RequestException:
        return False


def test_up_restarts_what_crashes_and_ends_while_a_source_hangs(write: Write) -> None:
    with DemoMediaMTX() as demo:
        demo.fault = Fault.HANG
        url = f"http://127.0.0.1:{free_port()}"
        exporter = {"listen": url.removeprefix("http://")}
        control_api = {"listen": f"127.0.0.1:{free_port()}"}
        servers = [{"url": demo.url}]
        file = write({"exporter": exporter, "mediamtx": servers, "control_api": control_api})
        with process(leitstand("up", "--config", str(file))) as child:
            eventually(lambda: answers(url))
            assert f"configuration: {file}" in child.output
            assert f"  {url}/metrics  for Prometheus" in child.lines
            assert child.find(r"control API \S+ at http://127.0.0.1:(\d+)")
            recorder, before, api = services(child)
            before.kill()
            child.find(r"(exporter ended with -9; again in 1 s)")
            eventually(lambda: answers(url))
            (after,) = [each for each in services(child) if each.pid not in (api.pid, recorder.pid)]
            assert after.pid != before.pid
            eventually(lambda: demo.requests)
            child.lines.clear()
            ends_in_time(child, signal.SIGINT)
            assert not after.is_running()


def test_up_without_anything_is_the_demo_and_leaves_nothing_when_killed(tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"
    env = {
        "LEITSTAND_EXPORTER__LISTEN": address,
        "LEITSTAND_CONTROL_API__LISTEN": f"127.0.0.1:{free_port()}",
        "TMPDIR": str(tmp_path),
    }
    with process(leitstand("up", "--demo"), cwd=tmp_path, **env) as child:
        child.find(r"(DEMO: nothing here is real)")
        moving = child.find(r"paths online, \d+ readers, ([1-9][\d.]+ Mbit/s in)", within=12)
        assert moving
        assert f"  http://{address}/  overview" in child.lines
        services = children(child)
        assert len(services) == 4, "recorder, exporter, control API and the demo OBS"
        child.send(signal.SIGKILL)
        assert psutil.wait_procs(services, 5)[1] == []
    assert not answers(f"http://{address}")


def test_an_exporter_that_is_at_peace_says_one_line(write: Write) -> None:
    with DemoMediaMTX() as demo:
        content: dict[str, Any] = {"exporter": {"listen": "127.0.0.1:0"}}
        file = write(content | {"mediamtx": [{"url": demo.url}]})
        with process(leitstand("exporter", "--config", str(file))) as child:
            url = child.find(r"exporter .* at (http://\S+)")
            eventually(lambda: requests.get(f"{url}/-/ready", timeout=5).ok)
            ends_in_time(child, signal.SIGTERM)
    (line,) = child.lines
    pattern = (
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ INFO leitstand: exporter \S+ at http://127\.0\.0\.1:\d+"
    )
    assert re.fullmatch(pattern, line)
