"""The page's files: all are served, with a strict policy, and nothing else is."""

from __future__ import annotations

import gzip
import http.client
import json
import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from control_api.web.files import PAGE, TYPES, read
from leitstand.config.values import parse_listen
from leitstand.serving import HttpServer
from tests.running import free_port

MOST_BYTES = 200_000
FILES = read()
_IMPORT = re.compile(r'(?:from|import)\s+"([^"]+)"')


@pytest.fixture
def client(serve: Callable[..., TestClient]) -> TestClient:
    return serve({})


def test_every_file_is_there_as_it_is(client: TestClient) -> None:
    for name, file in FILES.items():
        answer = client.get(f"/page/{name}")
        assert (answer.status_code, answer.content) == (200, (PAGE / name).read_bytes()), name
        assert answer.headers["content-type"] == file.type
    assert client.get("/").content == FILES["index.html"].content


def test_nothing_in_the_folder_is_forgotten() -> None:
    inside = {each.relative_to(PAGE).as_posix() for each in PAGE.rglob("*") if each.is_file()}
    assert inside == set(FILES)
    assert {f".{name.rpartition('.')[2]}" for name in FILES} == set(TYPES)


def test_it_is_small() -> None:
    assert sum(len(file.content) for file in FILES.values()) <= MOST_BYTES


def test_whatever_is_imported_is_there() -> None:
    for name in FILES:
        if name.endswith(".js"):
            folder = PAGE / name
            for other in _IMPORT.findall(folder.read_text()):
                assert other.startswith("."), f"{name} loads {other} from elsewhere"
                assert (folder.parent / other).resolve().is_file(), f"{name}: {other}"


def test_the_page_names_no_other_host() -> None:
    for name, file in FILES.items():
        text = file.content.decode().replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text, name
        assert "https://" not in text, name


@pytest.mark.parametrize("path", ["/", "/page/app.js", "/page/style.css", "/page/icon.svg"])
def test_the_policy_allows_only_its_own(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = dict(each.split(maxsplit=1) for each in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    for kind in ("script-src", "style-src", "connect-src"):
        assert policy[kind] == "'self'"
    for kind in ("frame-ancestors", "form-action", "base-uri"):
        assert policy[kind] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_it_is_sent_once(client: TestClient) -> None:
    first = client.get("/page/app.js")
    again = client.get("/page/app.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    other = client.get("/page/app.js", headers={"If-None-Match": '"another"'})
    assert other.status_code == 200


def test_a_list_of_tags_and_a_weak_one_do(client: TestClient) -> None:
    tag = client.get("/page/app.js").headers["etag"]
    for given in (f'"one", {tag}', f"W/{tag}", "*"):
        answer = client.get("/page/app.js", headers={"If-None-Match": given})
        assert answer.status_code == 304, given


def test_it_is_packed_for_those_who_can(client: TestClient) -> None:
    with client.stream("GET", "/page/app.js", headers={"Accept-Encoding": "gzip"}) as packed:
        assert packed.headers["content-encoding"] == "gzip"
        assert gzip.decompress(b"".join(packed.iter_raw())) == FILES["app.js"].content
    plain = client.get("/page/app.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.headers["vary"] == packed.headers["vary"] == "Accept-Encoding"


def test_a_head_has_no_body(client: TestClient) -> None:
    answer = client.head("/page/app.js")
    assert (answer.status_code, answer.content) == (200, b"")


def test_methods_that_change_are_refused(client: TestClient) -> None:
    assert client.post("/").status_code == 405
    assert client.delete("/page/app.js").status_code == 405


_OUTSIDE = (
    "/page/",
    "/page/nothing.js",
    "/page/../router.py",
    "/page/lib/../../router.py",
    "/page/%2e%2e/router.py",
    "/page/..%2frouter.py",
    "/page/%2fetc/passwd",
    "/page//etc/passwd",
    "/page/lib%5c..%5capp.js",
    "/page/app.js%00.css",
    "/page/lib",
)


def test_there_is_no_way_out(serve: Callable[..., TestClient]) -> None:
    """Of a real server, by a client that sends each target as it stands."""
    listen = parse_listen(f"127.0.0.1:{free_port()}")
    server = HttpServer(serve({}).app, listen, None, "control_api.listen")
    server.start()
    try:
        for target in _OUTSIDE:
            status, body = _asked(urlsplit(server.url).netloc, target)
            assert status == 404, target
            assert json.loads(body).keys() == {"detail"}
    finally:
        server.stop()


def _asked(netloc: str, target: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(netloc, timeout=10)
    connection.request("GET", target)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body
