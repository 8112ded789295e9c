"""Durations, addresses and the other values, as people write them."""

from __future__ import annotations

from typing import Any

import pytest

from leitstand.config.values import Listen, check_url, parse_duration, parse_listen


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("500ms", 0.5),
        ("2s", 2),
        ("1h30m", 5400),
        ("1.5m", 90),
        ("1d", 86400),
        (2, 2),
        (0.25, 0.25),
        ("2", 2),
        (" 2s ", 2),
    ],
)
def test_durations(given: Any, seconds: float) -> None:
    assert parse_duration(given) == seconds


@pytest.mark.parametrize(
    "given",
    ["", "s", "2x", "2s3", "-2s", "2 s", None, True, [], float("inf"), float("nan"), 10**400, "٣s"],
)
def test_what_is_no_duration(given: Any) -> None:
    with pytest.raises(ValueError, match="must be a duration such as 500ms, 2s or 1h30m"):
        parse_duration(given)


@pytest.mark.parametrize(
    ("given", "listen", "from_here"),
    [
        ("127.0.0.1:9896", Listen("127.0.0.1", 9896), "127.0.0.1:9896"),
        ("[::1]:0", Listen("::1", 0), "[::1]:0"),
        ("[::]:80", Listen("::", 80), "[::1]:80"),
        ("0.0.0.0:80", Listen("0.0.0.0", 80), "127.0.0.1:80"),
        ("localhost:80", Listen("localhost", 80), "localhost:80"),
    ],
)
def test_addresses_to_listen_on(given: str, listen: Listen, from_here: str) -> None:
    assert parse_listen(given) == listen
    assert str(listen) == given
    assert str(listen.from_here()) == from_here


@pytest.mark.parametrize(
    "given", ["", ":80", "host", "host:", "host:x", "host:65536", "::1:80", "a b:80", "[::1:80", 80]
)
def test_what_is_no_address(given: Any) -> None:
    with pytest.raises(ValueError, match=r"must be ADDRESS:PORT, such as 127\.0\.0\.1:9896"):
        parse_listen(given)


@pytest.mark.parametrize("url", ["http://h", "HTTPS://h:1/prefix", "http://[::1]:9997"])
def test_urls(url: str) -> None:
    assert check_url(url) == check_url(f"{url}/") == url


@pytest.mark.parametrize(
    "url",
    ["", "h:9997", "//h", "ftp://h", "http://", "http://h:x", "http://h:99999", "http://h:0"]
    + ["http://[::1", "http://a b", "http://h\n"],
)
def test_what_is_no_url(url: str) -> None:
    with pytest.raises(ValueError, match="must be http://HOST:PORT or https://HOST:PORT"):
        check_url(url)


@pytest.mark.parametrize("url", ["http://u:p@h", "http://u@h", "http://@h"])
def test_urls_hold_no_credentials(url: str) -> None:
    with pytest.raises(ValueError, match="must not hold credentials; use username and password_f"):
        check_url(url)


@pytest.mark.parametrize("url", ["http://h?jwt=x", "http://h/#x"])
def test_urls_end_before_the_query(url: str) -> None:
    with pytest.raises(ValueError, match=r"must end before \? or #"):
        check_url(url)
