"""The log in files: hostile text stays text, full files are renamed, names are never paths."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from control_api.auth.access import Role
from control_api.logs.service import LogService, set_up

URL = "/api/admin/logs"
logger = logging.getLogger("tests.logs")


@pytest.fixture
def logs(tmp_path: Path) -> Iterator[LogService]:
    logger.setLevel(logging.DEBUG)
    service = set_up(tmp_path / "logs", size=20_000)
    root = logging.getLogger()
    level = root.level
    # What threads of earlier tests still have to say is not to lie between our lines.
    root.setLevel(logging.CRITICAL)
    yield service
    root.setLevel(level)
    service.close()


@pytest.fixture
def client(logs: LogService, serve: Callable[..., TestClient]) -> TestClient:
    return serve({LogService: logs})


def read(client: TestClient, name: str = "api.log", **query: Any) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = client.get(f"{URL}/{name}", params=query).json()["data"]
    return [line for line in lines if line["logger"] == "tests.logs"]


def test_the_newest_line_comes_first(client: TestClient) -> None:
    logger.info("first")
    logger.warning("second %d", 2)
    newest, oldest = read(client)
    assert (newest["level"], newest["message"]) == ("warning", "second 2")
    assert (oldest["level"], oldest["message"]) == ("info", "first")
    assert newest["time"].endswith("+00:00")


def test_a_folder_that_cannot_be_made_is_made_as_soon_as_it_can_be(
    tmp_path: Path, serve: Callable[..., TestClient], capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "state"
    state.write_text("a file where the folder should be")
    service = set_up(state / "logs")
    try:
        client = serve({LogService: service})
        logger.error("lost")
        assert client.get(URL).json()["data"] == []
        assert client.get(f"{URL}/api.log").status_code == 404
        state.unlink()
        logger.error("kept")
        assert read(client)[0]["message"] == "kept"
    finally:
        service.close()
    assert "Traceback" not in capsys.readouterr().err


def test_files_that_are_removed_are_begun_again(client: TestClient, tmp_path: Path) -> None:
    logger.error("first")
    shutil.rmtree(tmp_path / "logs")
    logger.error("second")
    assert [line["message"] for line in read(client)] == ["second"]


def test_an_exception_comes_with_its_line(client: TestClient) -> None:
    try:
        raise ValueError("what happened")
    except ValueError:
        logger.exception("it broke")
    assert read(client)[0]["exception"].endswith("ValueError: what happened")


def test_hostile_text_stays_one_line_of_text(client: TestClient, tmp_path: Path) -> None:
    hostile = '<img onerror=alert(1)>\n{"message": "forged"}\r\x1b[2J\u202e\ud800'
    logger.error(hostile)
    file = (tmp_path / "logs" / "api.log").read_bytes()
    assert b"\x1b" not in file
    assert [json.loads(line)["message"] for line in file.splitlines()] == [hostile]
    assert read(client)[0]["message"] == hostile.replace("\ud800", "?")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"lines": 1}, ["ERROR three"]),
        ({"level": "warning"}, ["ERROR three", "Two"]),
        ({"q": "TW"}, ["Two"]),
        ({"q": "two", "level": "error"}, []),
    ],
)
def test_lines_can_be_chosen(
    client: TestClient, query: dict[str, Any], expected: list[str]
) -> None:
    logger.info("one")
    logger.warning("Two")
    logger.error("ERROR three")
    assert [line["message"] for line in read(client, **query)] == expected


def test_lines_longer_than_a_block_and_strange_bytes_are_read(
    client: TestClient, tmp_path: Path
) -> None:
    long = b'{"message": "' + b"x" * 200_000 + b'"}'
    (tmp_path / "logs" / "api.log").write_bytes(b"first\n" + long + b'\n[1]\n\n\xff\xfe{"mess')
    lines = client.get(f"{URL}/api.log").json()["data"]
    assert [line["message"][:5] for line in lines] == ['\ufffd\ufffd{"m', "[1]", "xxxxx", "first"]


def test_full_files_are_renamed_and_the_oldest_go(client: TestClient) -> None:
    for number in range(1_500):
        # Templates, because values of one template are lines that are alike.
        logger.info(f"{number:04d} {'x' * 100}")
    files = client.get(URL).json()["data"]
    assert [file["name"] for file in files] == ["api.log", *(f"api.log.{n}" for n in range(1, 6))]
    assert all(0 < file["size"] <= 20_000 for file in files)
    newest, older = read(client), read(client, "api.log.1")
    assert int(older[0]["message"][:4]) == int(newest[-1]["message"][:4]) - 1


def test_clearing_empties_the_one_being_written(client: TestClient) -> None:
    logger.info("before")
    assert client.delete(f"{URL}/api.log").status_code == 200
    logger.info("after")
    assert [line["message"] for line in read(client)] == ["after"]


def test_clearing_takes_an_older_one_away(client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "logs" / "api.log.3").write_text("old\n")
    assert client.delete(f"{URL}/api.log.3").status_code == 200
    assert [file["name"] for file in client.get(URL).json()["data"]] == ["api.log"]
    assert client.delete(f"{URL}/api.log.3").status_code == 404


@pytest.mark.parametrize(
    "name", ["..%2F..%2Fsecret", "%2Fetc%2Fpasswd", "other.txt", "api.log.9", "link", "api.log%00"]
)
def test_only_listed_names_are_read_or_cleared(
    client: TestClient, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "logs"
    (tmp_path / "secret").write_text("secret")
    (folder / "other.txt").write_text("secret")
    (folder / "api.log.9").symlink_to(tmp_path / "secret")
    assert client.get(f"{URL}/{name}").status_code == 404
    assert client.delete(f"{URL}/{name}").status_code == 404
    assert (folder / "other.txt").exists()
    assert (tmp_path / "secret").read_text() == "secret"


def test_only_admins_see_them(logs: LogService, serve: Callable[..., TestClient]) -> None:
    client = serve({LogService: logs}, Role.OPERATOR)
    assert client.get(URL).status_code == 403
    assert client.delete(f"{URL}/api.log").status_code == 403


def test_once_closed_nothing_is_written(tmp_path: Path) -> None:
    service = set_up(tmp_path)
    service.close()
    logger.error("too late")
    assert (tmp_path / "api.log").read_bytes() == b""
