"""A database of its own for each test, and an app over the services under test."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.requests import HTTPConnection
from starlette.testclient import TestClient

from control_api.app import create_app
from control_api.auth.access import Caller, Gate, Role
from control_api.database import Database
from control_api.migrations.migrate import opened
from tests.control_api.auth.house import House
from tests.postgresql import PostgreSql, running


@dataclass
class OpenGate(Gate):
    """Lets everybody in, as who the test says."""

    who: Caller = Caller("tester", Role.ADMIN)

    def caller(self, connection: HTTPConnection) -> Caller:
        return self.who


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSql]:
    with running() as server:
        yield server


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file that has the tables already."""
    file = tmp_path_factory.mktemp("sqlite") / "leitstand.db"
    opened(f"sqlite:///{file}").close()
    return file


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of 64 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(disk)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("only who may mount a disk can make one that fills up")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, migrated: Path, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        file = shutil.copy(migrated, tmp_path / "leitstand-test.db")
        with contextlib.closing(opened(f"sqlite:///{file}")) as database:
            yield database
        return
    server: PostgreSql = request.getfixturevalue("postgresql")
    url = server.make()
    with contextlib.closing(opened(url)) as database:
        yield database
    server.drop(url)


@pytest.fixture
def sqlite(migrated: Path, tmp_path: Path) -> Iterator[Database]:
    file = shutil.copy(migrated, tmp_path / "house.db")
    with contextlib.closing(opened(f"sqlite:///{file}")) as database:
        yield database


@pytest.fixture
def house(sqlite: Database) -> Iterator[House]:
    """Sign-in and audit on SQLite."""
    with contextlib.closing(House(sqlite)) as house:
        yield house


@pytest.fixture
def houses(database: Database) -> Iterator[House]:
    """The same on each database, where what that does is decisive."""
    with contextlib.closing(House(database)) as house:
        yield house


@pytest.fixture
def serve() -> Callable[..., TestClient]:
    """`serve({ScheduleService: service})` -> a client whose caller is an admin."""

    def start(provided: dict[type, object], role: Role = Role.ADMIN) -> TestClient:
        gate = OpenGate(Caller("tester", role))
        return TestClient(create_app({Gate: gate, **provided}))

    return start
