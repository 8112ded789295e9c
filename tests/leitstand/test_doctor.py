"""Each check sees what is wrong and says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bcrypt
import psutil
import pytest
import trustme
from pydantic import SecretStr
from rich.console import Console

from exporter.service import Exporter
from leitstand import doctor
from leitstand.clients.mediamtx import MediaMTXError
from leitstand.config import Config, ExporterConfig, HostConfig, Listen, MediaMTXConfig, Tls
from leitstand.demo.mediamtx import DemoMediaMTX, Fault
from leitstand.doctor import Finding
from leitstand.doctor import mediamtx as doctor_mediamtx
from tests.running import free_port

HASH = bcrypt.hashpw(b"hunter2", bcrypt.gensalt(4)).decode()


def listen(port: int = 0, host: str = "127.0.0.1", **more: Any) -> ExporterConfig:
    return ExporterConfig(listen=Listen(host, port), **more)


def findings(exporter: ExporterConfig | None = None, **more: Any) -> dict[str, Finding]:
    config = Config(exporter=exporter or listen(), **more)
    found = list(doctor.examine(config))
    assert all(finding.good or finding.advice for finding in found)
    return {finding.subject: finding for finding in found}


def of_server(**keys: Any) -> dict[str, Finding]:
    found = findings(mediamtx=[MediaMTXConfig(**keys)])
    return {subject: f for subject, f in found.items() if subject.startswith("mediamtx")}


@pytest.fixture
def demo() -> Iterator[DemoMediaMTX]:
    with DemoMediaMTX(username="monitor", password="hunter2") as server:
        server.wrong_password_delay = 0
        yield server


def test_all_is_well(demo: DemoMediaMTX) -> None:
    server = MediaMTXConfig(
        url=demo.url, username="monitor", password=SecretStr("hunter2"), expected_paths=["stage"]
    )
    found = findings(mediamtx=[server], host=HostConfig(devices=["lo"]))
    assert [finding for finding in found.values() if not finding.good] == []
    assert found["mediamtx main"].seen == "demo, 15 paths"
    assert set(found) == {
        "exporter.listen",
        "exporter.users",
        "mediamtx main",
        "mediamtx main path stage",
        "host.mounts /",
        "host.devices lo",
    }


def test_expected_paths_that_are_not_online() -> None:
    with DemoMediaMTX() as server:
        found = of_server(url=server.url, expected_paths=["cam/*", "nowhere", "nowhere/*"])
    good = [subject for subject, finding in found.items() if finding.good]
    assert good == ["mediamtx main", "mediamtx main path cam/*"]
    assert found["mediamtx main path nowhere"].advice == "start its publisher"


@pytest.mark.parametrize(
    ("fault", "seen", "advice"),
    [
        (Fault.UNAUTHORIZED, "refused the credentials", "check username and password_file"),
        (Fault.NOT_FOUND, "answers, but not as a MediaMTX API", "check that url is the address"),
        (Fault.GARBAGE, "something that is not JSON", "check that url is the address"),
        (Fault.SERVER_ERROR, "answered 500", "check that url is the address"),
    ],
)
def test_a_server_that_does_not_answer_as_it_should(fault: Fault, seen: str, advice: str) -> None:
    with DemoMediaMTX() as server:
        server.fault = fault
        ((subject, finding),) = of_server(url=server.url).items()
    assert subject == f"mediamtx main at {server.url}"
    assert seen in finding.seen
    assert advice in finding.advice


def test_a_server_that_is_not_there_does_not_end_the_other_checks(demo: DemoMediaMTX) -> None:
    servers = [
        MediaMTXConfig(name="gone", url=f"http://127.0.0.1:{free_port()}"),
        MediaMTXConfig(name="wrong", url=demo.url, username="x", password=SecretStr("hunter3")),
    ]
    found = findings(mediamtx=servers)
    assert [finding.seen for finding in found.values() if not finding.good] == [
        "no connection: Connection refused",
        "refused the credentials (wrong, or without the api permission)",
    ]
    assert "hunter" not in str(found)
    assert found["host.mounts /"].good


def test_there_is_advice_for_every_way_to_fail() -> None:
    assert set(doctor_mediamtx.ADVICE) == set(MediaMTXError.__subclasses__())


def test_nothing_to_watch_is_a_finding() -> None:
    advice = findings()["mediamtx"].advice
    assert advice == "add a mediamtx: or obs: section if there is one to watch"


def test_a_port_that_something_else_has(demo: DemoMediaMTX) -> None:
    port = int(demo.url.rpartition(":")[2])
    for exporter in (listen(port), listen(port, host="localhost")):
        finding = findings(exporter)["exporter.listen"]
        assert not finding.good
        assert finding.seen.endswith(f":{port} cannot be listened on (Address already in use)")
        assert finding.advice == "choose another address or port, or end what has it"


def test_a_mount_or_device_that_is_not_there(tmp_path: Path) -> None:
    host = HostConfig(mounts=["/", str(tmp_path)], devices=["lo", "none0"])
    found = findings(host=host)
    assert found["host.mounts /"].good
    mount, device = found[f"host.mounts {tmp_path}"], found["host.devices none0"]
    assert (mount.good, mount.seen) == (False, "not a mount point")
    assert (device.good, device.seen) == (False, "there is no such device")
    assert all(name in device.advice for name in psutil.net_if_addrs())


@pytest.fixture
def tls(tmp_path: Path) -> Tls:
    certificate = trustme.CA().issue_cert("127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    return Tls(cert=tmp_path / "cert.pem", key=tmp_path / "key.pem")


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize("users", [{}, {"anna": SecretStr(HASH)}])
def test_an_exporter_that_runs_is_recognized(
    tls: Tls, secure: bool, users: dict[str, SecretStr]
) -> None:
    config = listen(free_port(), tls=tls if secure else None, users=users)
    service = Exporter(Config(exporter=config))
    service.start()
    try:
        finding = findings(config)["exporter.listen"]
    finally:
        service.stop()
    assert finding == Finding("exporter.listen", True, f"the exporter runs at {config.url}")


def test_who_can_get_in(tls: Tls) -> None:
    users = {"anna": SecretStr(HASH)}

    def doors(**more: Any) -> list[tuple[str, bool]]:
        return [(f.subject, f.good) for f in findings(listen(**more)).values()][1:2]

    assert doors() == [("exporter.users", True)]
    assert doors(host="0.0.0.0") == [("exporter.users", False)]
    assert doors(host="0.0.0.0", tls=tls) == [("exporter.users", False)]
    assert doors(host="0.0.0.0", users=users) == [("exporter.tls", False)]
    assert doors(host="0.0.0.0", users=users, tls=tls) == [("exporter.users", True)]


def test_the_report_has_a_line_a_finding_and_the_exit_code() -> None:
    console = Console(width=40)
    good = Finding("mediamtx [red]", True, "a line that is longer than the terminal is wide")
    bad = Finding("host", False, "gone", "bring it back")
    with console.capture() as captured:
        assert doctor.report([good], console) == 0
        assert doctor.report([good, bad], console) == 1
    assert captured.get().splitlines() == [
        "ok  mediamtx [red]: a line that is longer than the terminal is wide",
        "everything is well",
        "ok  mediamtx [red]: a line that is longer than the terminal is wide",
        "BAD host: gone",
        "    -> bring it back",
        "1 to mend",
    ]
