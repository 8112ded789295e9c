"""/api/jobs over HTTP."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from control_api.auth.access import Role
from control_api.jobs.service import JobService
from tests.control_api.jobs.shop import Shop


@pytest.fixture
def client(closed: Shop, serve: Callable[..., TestClient]) -> TestClient:
    return serve({JobService: closed.jobs})


def test_a_job_is_shown_without_its_parameters(closed: Shop, client: TestClient) -> None:
    id = closed.add("answer", "hidden", video_id="k3v9")
    data = client.get(f"/api/jobs/{id}").json()["data"]
    created = data.pop("created")
    assert created.endswith("Z") or "+" in created
    assert data == {
        "id": id,
        "kind": "work",
        "state": "queued",
        "progress": 0.0,
        "seconds_left": None,
        "result": None,
        "details": {},
        "error": None,
        "started": None,
        "finished": None,
        "by": "anna",
        "attempts": 0,
        "video_id": "k3v9",
    }
    assert client.get("/api/jobs").json()["data"][0]["id"] == id


def test_cancel_retry_and_delete(closed: Shop, client: TestClient) -> None:
    id = closed.add("answer")
    assert client.delete(f"/api/jobs/{id}").status_code == 409
    assert client.post(f"/api/jobs/{id}/retry").status_code == 409
    answer = client.post(f"/api/jobs/{id}/cancel").json()
    assert (answer["data"]["state"], answer["message"]) == ("cancelled", f"job {id} is cancelled")
    again = client.post(f"/api/jobs/{id}/cancel")
    assert (again.status_code, again.json()["detail"]) == (
        409,
        f"job {id} is over: it has been cancelled",
    )
    assert client.post(f"/api/jobs/{id}/retry").json()["data"]["state"] == "queued"
    client.post(f"/api/jobs/{id}/cancel")
    assert client.delete(f"/api/jobs/{id}").json()["message"] == f"job {id} is deleted"
    assert client.get(f"/api/jobs/{id}").status_code == 404


def test_filters_and_what_they_refuse(closed: Shop, client: TestClient) -> None:
    ids = [closed.add("answer"), closed.add("answer")]
    assert client.get("/api/jobs?state=running").json()["data"] == []
    page = client.get(f"/api/jobs?state=queued&kind=work&limit=1&before={ids[1]}").json()["data"]
    assert [job["id"] for job in page] == [ids[0]]
    for wrong in ("state=late", "kind=../x", "limit=0", "limit=501", "before=0", "before=x"):
        assert client.get(f"/api/jobs?{wrong}").status_code == 422, wrong
    for wrong in ("0", "-1", "x", str(2**31), "1%00"):
        assert client.get(f"/api/jobs/{wrong}").status_code == 422, wrong


def test_viewers_look_and_operators_act(closed: Shop, serve: Callable[..., TestClient]) -> None:
    id = closed.add("answer")
    viewer = serve({JobService: closed.jobs}, Role.VIEWER)
    assert viewer.get(f"/api/jobs/{id}").status_code == 200
    for method, path in (("POST", "/cancel"), ("POST", "/retry"), ("DELETE", "")):
        assert viewer.request(method, f"/api/jobs/{id}{path}").status_code == 403
    operator = serve({JobService: closed.jobs}, Role.OPERATOR)
    assert operator.post(f"/api/jobs/{id}/cancel").status_code == 200
