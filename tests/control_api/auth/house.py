"""The app with its real gate and fence on a database and a clock of the test's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fastapi import APIRouter, Request, WebSocket
from starlette.testclient import TestClient

from control_api.app import create_app
from control_api.audit.service import AuditService
from control_api.audit.store import AuditStore
from control_api.auth.access import Gate, Operator, Role, Viewer
from control_api.auth.fence import put_fence
from control_api.auth.gate import TokenGate
from control_api.auth.service import AuthService
from control_api.auth.store import AuthStore
from control_api.database import Database
from control_api.envelope import Answer, Shape
from control_api.limits import Limits, Rates

ORIGIN = "http://testserver"


@dataclass
class TestClock:
    __test__ = False
    seconds: float = 1_800_000_000.0
    ahead: float = 0.0

    def now(self) -> float:
        return self.seconds + self.ahead

    def monotonic(self) -> float:
        return self.seconds


class Body(Shape):
    text: str


things = APIRouter(prefix="/things")


@things.post("/{id}")
def change(request: Request, _: Operator, id: str, body: Body) -> Answer[str]:
    request.state.audit = {"length": len(body.text)}
    if body.text == "break":
        raise RuntimeError
    return Answer(data=id)


@things.websocket("/live")
async def live(socket: WebSocket, caller: Viewer) -> None:
    await socket.accept()
    await socket.send_text(caller.name)
    await socket.close()


@dataclass
class House:
    database: Database
    rates: Rates = field(default_factory=Rates)
    cors: Sequence[str] = ()

    def __post_init__(self) -> None:
        self.clock = TestClock()
        self.limits = Limits(self.clock, self.rates)
        self.auth = AuthService(AuthStore(self.database), self.clock)
        self.audit = AuditService(AuditStore(self.database), self.clock)
        gate = TokenGate(self.auth, self.limits)
        self.app = create_app(
            {
                Gate: gate,
                AuthService: self.auth,
                AuditService: self.audit,
                Limits: self.limits,
            }
        )
        self.app.include_router(things, prefix="/api")
        put_fence(self.app, self.limits, self.audit, self.cors)

    def close(self) -> None:
        """Wait for what is written in the background."""
        self.audit.stop()
        self.auth.stop()

    def token(self, role: Role, name: str | None = None) -> str:
        return self.auth.create(name or str(role), role, "test").secret

    def client(self, token: str | None = None, base: str = ORIGIN) -> TestClient:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return TestClient(self.app, base, raise_server_exceptions=False, headers=headers)

    def browser(self, token: str, base: str = ORIGIN) -> TestClient:
        """A client that has logged in."""
        client = self.client(base=base)
        answer = client.post("/api/auth/login", json={"token": token})
        assert answer.status_code == 200, answer.text
        return client
