"""Who is let in while the database does not answer: who was verified within the last 24 hours."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from control_api.auth.access import OfflineOperator, OfflineViewer, Role
from control_api.auth.service import AuthService
from control_api.auth.store import AuthStore
from control_api.auth.tables import TokenRow
from control_api.auth.verified import KEPT_SECONDS, Key, VerifiedCredentials
from control_api.database import Database
from control_api.limits import Rate, Rates
from tests.control_api.auth.house import ORIGIN, House, TestClock
from tests.running import eventually

AWAY = 503
BODY = {"text": "x"}


class AwayStore(AuthStore):
    """Fails, or hangs until it is let go, as soon as `trouble` is set."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.trouble = ""
        self.released = threading.Event()

    def by_token(self, hash: str) -> TokenRow | None:
        self._suffer()
        return super().by_token(hash)

    def by_cookie(self, hash: str, now: float) -> tuple[TokenRow, float] | None:
        self._suffer()
        return super().by_cookie(hash, now)

    def _suffer(self) -> None:
        if self.trouble == "refuses":
            raise OperationalError("SELECT", {}, Exception("connection refused"))
        if self.trouble == "hangs":
            self.released.wait(60)


class OfflineHouse(House):
    """With routes that let in who was verified before."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.store = AwayStore(self.database)
        auth = AuthService(self.store, self.clock)
        self.auth.credentials = auth.credentials

        @self.app.get("/api/offline")
        async def look(caller: OfflineViewer) -> str:
            return caller.name

        @self.app.post("/api/offline")
        async def change(caller: OfflineOperator) -> str:
            return caller.name

    def close(self) -> None:
        self.store.released.set()
        super().close()


@pytest.fixture
def house(sqlite: Database) -> Iterator[OfflineHouse]:
    house = OfflineHouse(sqlite, Rates(wrong=Rate(3)))
    yield house
    house.close()


@pytest.mark.parametrize("trouble", ["refuses", "hangs"])
def test_who_was_verified_is_let_in_where_the_route_says_so(
    house: OfflineHouse, trouble: str
) -> None:
    operator, viewer = (house.client(house.token(role)) for role in (Role.OPERATOR, Role.VIEWER))
    browser = house.browser(house.token(Role.VIEWER, "browser"))
    for client in (operator, viewer, browser):
        assert client.get("/api/offline").status_code == 200
    house.store.trouble = trouble
    assert operator.get("/api/offline").json() == "operator"
    assert browser.get("/api/offline").json() == "browser"
    assert operator.post("/api/offline").status_code == 200
    assert viewer.post("/api/offline").status_code == 403
    assert operator.get("/api/auth/session").json()["data"]["name"] == "operator"
    for path in ("/api/auth/tokens", "/api/audit", "/api/openapi.json"):
        answer = operator.get(path)
        assert (answer.status_code, "database" in answer.json()["detail"]) == (AWAY, True)


@pytest.mark.parametrize("trouble", ["refuses", "hangs"])
def test_who_is_not_known_is_not_told_whether_the_token_is_good(
    house: OfflineHouse, trouble: str
) -> None:
    good = house.client(house.token(Role.VIEWER))
    house.store.trouble = trouble
    assert good.get("/api/offline").status_code == AWAY
    assert house.client("lst_wrong").get("/api/offline").status_code == AWAY
    assert house.client().get("/api/offline").status_code == 401


def test_guesses_are_limited_all_the_same(house: OfflineHouse) -> None:
    known = house.client(house.token(Role.VIEWER))
    assert known.get("/api/offline").status_code == 200
    house.store.trouble = "refuses"
    stranger = house.client("lst_wrong")
    answers = [stranger.get("/api/offline").status_code for _ in range(5)]
    assert answers == [AWAY] * 3 + [429] * 2
    assert known.get("/api/offline").status_code == 200


def test_what_was_verified_ends_after_24_hours(house: OfflineHouse) -> None:
    client = house.client(house.token(Role.VIEWER))
    assert client.get("/api/offline").status_code == 200
    house.store.trouble = "refuses"
    house.clock.seconds += KEPT_SECONDS - 1
    assert client.get("/api/offline").status_code == 200
    house.clock.seconds += 1
    assert client.get("/api/offline").status_code == AWAY


def test_a_login_ends_when_it_would_have(house: OfflineHouse) -> None:
    browser = house.browser(house.token(Role.VIEWER))
    assert browser.get("/api/offline").status_code == 200
    house.store.trouble = "refuses"
    house.clock.ahead += 31 * 86_400
    assert browser.get("/api/offline").status_code == AWAY


def test_revoked_and_logged_out_are_forgotten_at_once(house: OfflineHouse) -> None:
    new = house.auth.create("hall", Role.VIEWER, "test")
    client, browser = house.client(new.secret), house.browser(new.secret)
    other = house.browser(house.token(Role.VIEWER, "other"))
    for each in (client, browser, other):
        assert each.get("/api/offline").status_code == 200
    house.auth.revoke(new.token.id)
    cookie = other.cookies["leitstand"]
    assert other.post("/api/auth/logout", headers={"Origin": ORIGIN}).status_code == 200
    house.store.trouble = "refuses"
    assert client.get("/api/offline").status_code == AWAY
    assert browser.get("/api/offline").status_code == AWAY
    other.cookies["leitstand"] = cookie
    assert other.get("/api/offline").status_code == AWAY


def test_what_another_process_revoked_is_forgotten(house: OfflineHouse) -> None:
    kept, gone = (house.auth.create(name, Role.VIEWER, "test") for name in ("kept", "gone"))
    clients = [house.client(new.secret) for new in (kept, gone)]
    clients += [house.browser(new.secret) for new in (kept, gone)]
    for client in clients:
        assert client.get("/api/offline").status_code == 200
    AuthStore(house.database).revoke(gone.token.id, house.clock.now())
    house.auth.credentials.recheck()
    house.store.trouble = "refuses"
    assert [client.get("/api/offline").status_code for client in clients] == [200, AWAY] * 2


def test_a_lookup_that_was_overtaken_by_a_revocation_is_not_kept() -> None:
    verified, key = VerifiedCredentials(TestClock()), Key("hash")
    began = verified.begin()
    verified.drop_token(1)
    verified.keep(key, TokenRow(id=1), began)
    assert verified.get(key) is None
    verified.keep(key, TokenRow(id=1), verified.begin())
    assert verified.get(key) is not None


def test_as_many_are_kept_as_may_be() -> None:
    verified = VerifiedCredentials(TestClock(), most=3)
    for number in range(5):
        verified.keep(Key(str(number)), TokenRow(id=number), verified.begin())
    assert [key.hash for key in verified.keys] == ["2", "3", "4"]


def test_a_cookie_is_no_token(house: OfflineHouse) -> None:
    browser = house.browser(house.token(Role.VIEWER))
    assert browser.get("/api/offline").status_code == 200
    house.store.trouble = "refuses"
    assert house.client(browser.cookies["leitstand"]).get("/api/offline").status_code == AWAY


def test_many_strangers_do_not_hold_up_who_is_known(house: OfflineHouse) -> None:
    known = house.client(house.token(Role.OPERATOR))
    assert known.get("/api/offline").status_code == 200
    house.store.trouble = "hangs"
    waiting = [ask(house.client(f"lst_{n}").get, "/api/offline") for n in range(60)]
    assert known.post("/api/offline").status_code == 200
    assert any(thread.is_alive() for thread in waiting)
    house.store.trouble = ""
    house.store.released.set()
    for thread in waiting:
        thread.join(60)
    eventually(lambda: known.get("/api/auth/me").status_code == 200)


def ask(function: Callable[..., Any], *args: Any) -> threading.Thread:
    thread = threading.Thread(target=function, args=args, daemon=True)
    thread.start()
    return thread
