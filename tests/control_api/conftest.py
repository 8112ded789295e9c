"""A database of its own for each test, and an app over the services under test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from starlette.requests import HTTPConnection
from starlette.testclient import TestClient

from control_api.app import create_app
from control_api.auth.access import Caller, Gate, Role
from control_api.database import Database, opened


@dataclass
class OpenGate(Gate):
    """Lets everybody in, as who the test says."""

    who: Caller = Caller("tester", Role.ADMIN)

    def caller(self, connection: HTTPConnection) -> Caller:
        return self.who


@pytest.fixture
def database() -> Iterator[Database]:
    database = opened("sqlite://")
    yield database
    database.close()


@pytest.fixture
def serve() -> Callable[..., TestClient]:
    """`serve({ScheduleService: service})` -> a client whose caller is an admin."""

    def start(provided: dict[type, object], role: Role = Role.ADMIN) -> TestClient:
        gate = OpenGate(Caller("tester", role))
        return TestClient(create_app({Gate: gate, **provided}))

    return start
