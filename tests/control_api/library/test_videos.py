"""/api/videos over HTTP: what it lists, changes, refuses and sends."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from starlette.testclient import TestClient

from control_api.auth.access import Role
from control_api.library.retention import Retention
from control_api.library.service import LibraryService
from control_api.library.worker import ScanWorker
from control_api.settings.model import RetentionSettings
from tests.control_api.library.conftest import BERLIN, NOW, House
from tests.running import eventually

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def client(house: House, serve: Callable[..., TestClient]) -> TestClient:
    return served(house, serve)


def served(house: House, serve: Callable[..., TestClient], role: Role = Role.ADMIN) -> TestClient:
    keeper = Retention(
        house.store,
        house.folders,
        lambda: RetentionSettings(max_age=30 * 86_400.0),
        house.clock,
        tell=lambda *_, **__: None,
        in_use=lambda _: False,
        throw=house.service.throw,
        delete=house.service.delete,
        empty=house.service.empty,
    )
    worker = ScanWorker(house.scanner, house.clock, house.changes.finish)
    return serve({LibraryService: house.service, ScanWorker: worker, Retention: keeper}, role)


def listed(client: TestClient, query: str = "") -> list[str]:
    answer = client.get(f"/api/videos{query}")
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["data"]["items"]]


def only(client: TestClient) -> dict[str, Any]:
    (item,) = client.get("/api/videos").json()["data"]["items"]
    return dict(item)


def test_one_video(house: House, client: TestClient) -> None:
    house.put("sub/2026-11-22 20-31-10.mkv", CONTENT)
    house.scan()
    item = only(client)
    assert item["name"] == "2026-11-22 20-31-10.mkv"
    assert item["start"] == "2026-11-22T20:31:10+01:00"
    assert item["end"] == "2026-11-22T20:31:12+01:00"
    assert (item["duration"], item["size"], item["state"]) == (2.0, len(CONTENT), "ready")
    assert (item["start_estimated"], item["protected"], item["title"]) == (True, False, "")
    assert client.get(f"/api/videos/{item['id']}").json()["data"] == item
    assert client.get("/api/videos/newest").json()["data"] == item
    assert str(house.root) not in client.get("/api/videos").text


def test_the_end_counts_the_pauses(house: House, client: TestClient) -> None:
    house.put("2026-11-22 20-31-10.mkv")
    house.scan()
    row = house.one()
    assert row.start is not None
    row.anchors = [[0.0, row.start], [1.5, row.start + 60]]
    house.store.save(row)
    assert only(client)["end"] == "2026-11-22T20:32:10.500000+01:00"


def test_sorted_paged_and_filtered(house: House, client: TestClient) -> None:
    for number, name in enumerate(("2026-11-20 10-00-00 c", "2026-11-21 10-00-00 b", "a")):
        house.put(f"{name}.mkv", b"x" * (10 - number))
    house.scan()
    row = house.rows()["a.mkv"]
    house.service.edit(row.id, {"title": "Große PROBE 100%", "notes": "mit Orchester"})
    first, second, last = sorted(house.rows())
    assert set(listed(client, "?sort=start")) == {first, second, last}
    assert listed(client, "?sort=start").index(first) < listed(client, "?sort=start").index(second)
    assert listed(client) == listed(client, "?sort=start")[::-1]
    assert listed(client, "?sort=size") == [first, second, last]
    assert listed(client, "?sort=title")[-1] == last
    assert listed(client, "?page=2&page_size=1") == [listed(client)[1]]
    assert listed(client, "?page=9") == []
    assert client.get("/api/videos?page=9").json()["data"]["total"] == 3
    for text in ("gro%C3%9Fe", "GROSSE", "probe%20100%25", "orchester", "a.MKV"):
        assert listed(client, f"?q={text}") == [last], text
    for text in ("%25%25%25", "_____________________________", "'; drop table videos"):
        assert listed(client, f"?q={text}") == []
    assert listed(client, "?studio=nowhere") == []


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-11-22", 24)]
)
def test_a_day_is_the_local_one(house: House, client: TestClient, day: str, hours: int) -> None:
    midnight = datetime.fromisoformat(day).replace(tzinfo=BERLIN)
    following = (midnight.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=BERLIN)
    assert following.timestamp() - midnight.timestamp() == hours * 3600
    starts = {
        "before": midnight.timestamp() - 1,
        "first": midnight.timestamp(),
        "last": following.timestamp() - 1,
        "after": following.timestamp(),
    }
    for name in starts:
        house.put(f"{name}.mkv")
    house.scan()
    for name, row in house.rows().items():
        row.start = starts[name.removesuffix(".mkv")]
        house.store.save(row)
    assert listed(client, f"?day={day}") == ["last.mkv", "first.mkv"]


@pytest.mark.parametrize(
    "query",
    ["?day=22.11.2026", "?page=0", "?page_size=201", "?sort=path", "?q=" + "x" * 101, "?page=x"],
)
def test_bad_questions_are_told_so(client: TestClient, query: str) -> None:
    answer = client.get(f"/api/videos{query}")
    assert answer.status_code == 422
    assert isinstance(answer.json()["detail"], str)


@pytest.mark.parametrize(
    "id", ["..%2f..%2fetc%2fpasswd", "..", "a.mkv", "0" * 33, "%00", "0123456789abcdeg", "CON"]
)
def test_only_ids_are_ids(client: TestClient, id: str) -> None:
    for path in (f"/api/videos/{id}", f"/api/videos/{id}/download"):
        assert client.get(path).status_code in (404, 422)


def test_what_is_not_there(client: TestClient) -> None:
    id = "0123456789abcdef"
    assert client.get("/api/videos/newest").status_code == 404
    assert client.get(f"/api/videos/{id}").status_code == 404
    assert client.delete(f"/api/videos/{id}").status_code == 404
    for action in ("protect", "unprotect", "restore"):
        assert client.post(f"/api/videos/{id}/{action}").status_code == 404
    assert client.post(f"/api/videos/{id}/rename", json={"name": "b"}).status_code == 404


def test_title_name_protection_trash_and_back(house: House, client: TestClient) -> None:
    house.put("a.mkv")
    house.scan()
    id = only(client)["id"]
    at = f"/api/videos/{id}"
    assert client.patch(at, json={"title": "Premiere"}).json()["data"]["title"] == "Premiere"
    assert client.patch(at, json={"notes": "n\nm"}).json()["data"]["title"] == "Premiere"
    for wrong in ({"title": "a\nb"}, {"title": "x" * 201}, {"path": "/"}, {"notes": "\0"}, []):
        assert client.patch(at, json=wrong).status_code == 422
    assert client.post(f"{at}/rename", json={"name": "b"}).json()["data"]["name"] == "b.mkv"
    assert client.post(f"{at}/rename", json={"name": "../b"}).status_code == 422
    assert client.post(f"{at}/protect").json()["data"]["protected"] is True
    assert client.delete(at).status_code == 409
    assert client.post(f"{at}/unprotect").json()["data"]["protected"] is False
    assert client.delete(at).json()["data"]["state"] == "trashed"
    assert listed(client) == []
    assert client.get(f"{at}/download").status_code == 409
    (trashed,) = client.get("/api/videos/trash").json()["data"]
    assert (trashed["name"], trashed["title"]) == ("b.mkv", "Premiere")
    assert client.post(f"{at}/restore").json()["data"]["state"] == "ready"
    assert client.post(f"{at}/restore").status_code == 409
    assert listed(client) == ["b.mkv"]


def test_a_deletion_says_what_it_frees_and_when(house: House, client: TestClient) -> None:
    house.put("a.mkv", CONTENT)
    house.put("b.mkv", CONTENT)
    house.scan()
    first, second = (f"/api/videos/{row.id}" for row in house.rows().values())
    answer = client.delete(first).json()
    data = answer["data"]
    assert (data["state"], data["frees_bytes"]) == ("trashed", len(CONTENT))
    assert data["frees_at"] == "2026-11-19T12:26:40+01:00"
    assert answer["message"] == (
        "it is in the trash for a day; 10.2 kB are free 2026-11-19 12:26, with now=true at once"
    )
    assert client.delete(first).status_code == 409
    plan = client.get("/api/videos/retention").json()["data"]
    assert (plan["trash_total"], plan["trash_bytes"]) == (1, len(CONTENT))
    for url in (first, second):
        answer = client.delete(f"{url}?now=true").json()
        assert (answer["data"]["state"], answer["data"]["frees_bytes"]) == ("deleted", len(CONTENT))
        assert answer["data"]["frees_at"] == "2026-11-18T12:26:40+01:00"
        assert answer["message"] == "it is deleted for good; 10.2 kB are free now"
        assert client.get(url).status_code == 404
    assert house.files() == set()


def test_the_trash_is_emptied(house: House, client: TestClient) -> None:
    house.put("a.mkv", CONTENT)
    house.put("b.mkv", CONTENT)
    house.scan()
    for row in house.rows().values():
        client.delete(f"/api/videos/{row.id}")
    answer = client.delete("/api/videos/trash").json()
    assert answer["data"] == {"videos": 2, "bytes": 2 * len(CONTENT), "kept": 0}
    assert answer["message"] == "20.5 kB are free now"
    assert house.files() == set()
    assert client.get("/api/videos/trash").json()["data"] == []
    assert client.delete("/api/videos/trash").json()["data"]["videos"] == 0


def test_a_viewer_looks_and_changes_nothing(house: House, serve: Callable[..., TestClient]) -> None:
    house.put("a.mkv", CONTENT)
    house.scan()
    client = served(house, serve, Role.VIEWER)
    at = f"/api/videos/{only(client)['id']}"
    assert client.get(f"{at}/download").status_code == 200
    for method, path, body in (
        ("PATCH", at, {"title": "x"}),
        ("DELETE", at, None),
        ("DELETE", f"{at}?now=true", None),
        ("DELETE", "/api/videos/trash", None),
        ("POST", f"{at}/rename", {"name": "x"}),
        ("POST", f"{at}/protect", None),
        ("POST", f"{at}/restore", None),
        ("POST", "/api/videos/scan", None),
    ):
        assert client.request(method, path, json=body).status_code == 403


def test_retention_says_what_it_would_do(house: House, client: TestClient) -> None:
    house.put("2026-01-01 10-00-00.mkv", CONTENT)
    house.put("2026-11-14 10-00-00.mkv")
    house.scan()
    data = client.get("/api/videos/retention").json()["data"]
    assert (data["total"], data["bytes"]) == (1, len(CONTENT))
    assert (data["items"][0]["name"], data["items"][0]["reason"]) == (
        "2026-01-01 10-00-00.mkv",
        "age",
    )
    assert len(house.rows()) == 2


def test_a_scan_in_the_background(house: House, serve: Callable[..., TestClient]) -> None:
    worker = ScanWorker(house.scanner, house.clock, house.changes.finish)
    client = serve({LibraryService: house.service, ScanWorker: worker})
    worker.start()
    eventually(lambda: worker.progress.ended_at is not None)
    house.put("a.mkv")
    assert client.post("/api/videos/scan").status_code == 202
    eventually(lambda: house.rows())
    eventually(lambda: not client.get("/api/videos/scan").json()["data"]["running"])
    assert client.get("/api/videos/scan").json()["data"]["examined"] == 1
    path = house.put("b.mkv", age=0)
    worker.soon(lambda: house.scanner.take(path))
    eventually(lambda: len(house.rows()) == 2)
    worker.stop()


@pytest.fixture
def at(house: House, client: TestClient) -> str:
    """Where a file of CONTENT is to be had."""
    house.put("2026-11-22 20-31-10.mkv", CONTENT)
    house.scan()
    return f"/api/videos/{house.one().id}/download"


def test_the_whole_file(client: TestClient, at: str) -> None:
    answer = client.get(at)
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer.headers["content-type"] == "video/x-matroska"
    assert answer.headers["content-length"] == str(len(CONTENT))
    assert answer.headers["accept-ranges"] == "bytes"
    head = client.head(at)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-length", "etag", "content-disposition", "content-type", "last-modified"):
        assert head.headers[name] == answer.headers[name]


SIZE = len(CONTENT)


@pytest.mark.parametrize(
    ("asked", "first", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, SIZE),
        ("bytes=100-199", 100, 200),
        ("bytes=100-99999999", 100, SIZE),
        ("bytes=-1", SIZE - 1, SIZE),
        ("bytes=-99999999", 0, SIZE),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE),
        ("Bytes=5-9", 5, 10),
    ],
)
def test_a_part(client: TestClient, at: str, asked: str, first: int, end: int) -> None:
    answer = client.get(at, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (206, CONTENT[first:end])
    assert answer.headers["content-range"] == f"bytes {first}-{end - 1}/{SIZE}"
    assert answer.headers["content-length"] == str(end - first)


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", "bytes=99999999-", "bytes=-0"])
def test_a_part_behind_the_end(client: TestClient, at: str, asked: str) -> None:
    answer = client.get(at, headers={"Range": asked})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize(
    "asked", ["bytes=9-5", "bytes=0-1,5-6", "bytes=-", "lines=1-2", "bytes=x", "bytes=" + "9" * 99]
)
def test_what_is_no_range_is_passed_over(client: TestClient, at: str, asked: str) -> None:
    answer = client.get(at, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (200, CONTENT)


def test_what_the_asker_has_is_not_sent_again(house: House, client: TestClient, at: str) -> None:
    whole = client.get(at)
    tag, date = whole.headers["etag"], whole.headers["last-modified"]
    for has in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        answer = client.get(at, headers={"If-None-Match": has})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == tag
    assert client.get(at, headers={"If-None-Match": '"other"'}).status_code == 200
    for same, status in ((tag, 206), (date, 206), ('"other"', 200), (f"W/{tag}", 200), ("x", 200)):
        answer = client.get(at, headers={"Range": "bytes=0-9", "If-Range": same})
        assert answer.status_code == status, same
    house.put("2026-11-22 20-31-10.mkv", CONTENT[::-1], age=1800)
    assert client.get(at, headers={"If-None-Match": tag}).status_code == 200
    assert client.get(at, headers={"Range": "bytes=0-9", "If-Range": tag}).status_code == 200


def test_a_readable_name(house: House, client: TestClient, at: str) -> None:
    row = house.one()
    row.studio = "stage"
    house.store.save(row)
    house.service.edit(row.id, {"title": 'Gala "für" alle / ../50% \u202e終'})
    sent = client.get(at).headers["content-disposition"]
    plain, _, encoded = sent.partition("; filename*=UTF-8''")
    assert unquote(encoded) == "stage Gala für alle .. 50% 終 2026-11-22 20-31-10.mkv"
    assert plain.startswith('attachment; filename="stage Gala fur alle')
    assert plain.count('"') == 2
    assert "/" not in sent


def test_what_is_being_written_is_not_sent(house: House, client: TestClient) -> None:
    house.put("a.mkv", age=1)
    house.scan()
    assert client.get(f"/api/videos/{only(client)['id']}/download").status_code == 409


def test_a_file_that_is_gone_or_became_a_link(house: House, client: TestClient, at: str) -> None:
    path = house.root / "2026-11-22 20-31-10.mkv"
    path.unlink()
    assert client.get(at).status_code == 404
    (house.root.parent / "secret").write_text("secret")
    path.symlink_to(house.root.parent / "secret")
    assert client.get(at).status_code == 404


def test_the_sidecar_holds_what_people_said(house: House, client: TestClient) -> None:
    house.put("a.mkv")
    house.scan()
    client.patch(f"/api/videos/{only(client)['id']}", json={"title": "Premiere", "notes": "Gut."})
    told = json.loads((house.root / "a.mkv.json").read_text())
    assert (told["version"], told["title"], told["notes"]) == (1, "Premiere", "Gut.")
    assert told["id"] == only(client)["id"]
    assert NOW - 3602 == told["start"]
