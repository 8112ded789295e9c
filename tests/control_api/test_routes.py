"""Every route of the real app, found by walking it: who may use it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from control_api.auth.access import Needs, Role
from control_api.bootstrap import ControlApi
from leitstand.config import Config

PUBLIC = {
    ("GET", "/api/ping"),
    ("GET", "/api/health"),
    ("POST", "/api/auth/login"),
    ("GET", "/api/links/{text}"),
    ("GET", "/api/auth/session"),
    ("GET", "/"),
    ("HEAD", "/"),
    ("GET", "/page/{name:path}"),
    ("HEAD", "/page/{name:path}"),
}
"""What is open to everybody."""

SOCKET = "WEBSOCKET"
_NOBODY = (401, 4401)
_NOT_ENOUGH = (403, 4403)


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    role: Role | None
    """What it needs; None: nothing says so."""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[ControlApi]:
    control_api = {
        "state": str(tmp_path / "state"),
        "database": f"sqlite:///{tmp_path / 'leitstand.db'}",
        "listen": "127.0.0.1:0",
    }
    api = ControlApi(Config.model_validate({"control_api": control_api}))
    api.start()
    yield api
    api.stop()


@pytest.fixture
def client(api: ControlApi) -> TestClient:
    return TestClient(api.app, raise_server_exceptions=False)


@pytest.fixture
def tokens(api: ControlApi) -> Mapping[Role, str]:
    return {role: api.auth.create(f"a {role}", role, "test").secret for role in Role}


def routes(api: ControlApi) -> Iterator[Route]:
    for context in iter_route_contexts(api.app.routes):
        role = _needed(context)
        for method in _methods(context):
            yield Route(method, str(context.path), role)


def _methods(context: RouteContext) -> set[str]:
    if isinstance(context.original_route, WebSocketRoute):
        return {SOCKET}
    return (context.methods or {"GET"}) - {"HEAD"}


def _needed(context: RouteContext) -> Role | None:
    dependant = getattr(context, "dependant", None)
    roles = [call.role for call in _calls(dependant) if isinstance(call, Needs)]
    return max(roles, default=None)


def _calls(dependant: Dependant | None) -> Iterator[object]:
    if dependant is not None:
        yield dependant.call
        for each in dependant.dependencies:
            yield from _calls(each)


def _ask(client: TestClient, route: Route, token: str | None) -> int:
    """The status; of a WebSocket that was opened 200."""
    # Nothing is called so, and there is no such number of anything.
    path = "/".join("999999" if step.startswith("{") else step for step in route.path.split("/"))
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if route.method != SOCKET:
        return client.request(route.method, path, headers=headers).status_code
    try:
        with client.websocket_connect(path, headers=headers):
            return 200
    except WebSocketDenialResponse as refusal:
        return refusal.status_code
    except WebSocketDisconnect as end:
        return end.code
    except Exception:
        # It got past the gate, and this is what a test client makes of an error behind it.
        return 500


def test_the_walk_finds_what_there_is(api: ControlApi) -> None:
    found = {str(route): route.role for route in routes(api)}
    assert found["GET /api/auth/me"] is Role.VIEWER
    assert found["DELETE /api/auth/tokens/{id}"] is Role.ADMIN
    assert found["GET /api/openapi.json"] is Role.VIEWER


def test_what_is_open_is_what_is_declared_so(api: ControlApi) -> None:
    there = {(route.method, route.path) for route in routes(api)}
    opened = {(route.method, route.path) for route in routes(api) if route.role is None}
    assert opened == PUBLIC & there


def test_without_a_token_every_other_route_is_closed(api: ControlApi, client: TestClient) -> None:
    closed = [route for route in routes(api) if (route.method, route.path) not in PUBLIC]
    assert closed
    asked = {str(route): _ask(client, route, None) for route in closed}
    assert {route: status for route, status in asked.items() if status not in _NOBODY} == {}


@pytest.mark.parametrize("role", Role, ids=str)
def test_each_role_may_exactly_what_it_is_for(
    api: ControlApi, client: TestClient, tokens: Mapping[Role, str], role: Role
) -> None:
    wrong = []
    for route in routes(api):
        if route.role is None:
            continue
        status = _ask(client, route, tokens[role])
        refused = status in _NOT_ENOUGH
        if status in _NOBODY or refused != (role < route.role):
            wrong.append(f"{route} needs {route.role}, says {status}")
    assert wrong == []
