"""Asks a MediaMTX, checks that the answer is one, and gives it as objects."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import quote

import msgspec
import requests

from leitstand.clients.deadline import DeadlineAdapter
from leitstand.clients.mediamtx.errors import (
    BadAnswer,
    MediaMTXError,
    Refused,
    TooSlow,
    Unreachable,
)
from leitstand.clients.mediamtx.objects import Forward, Info

T = TypeVar("T")

_CONNECT_SECONDS = 3.0
# A refusal may take 4 s (the server delays it at random), so silence is judged by the deadline
# of the whole exchange; this is for an exchange without one.
_READ_SECONDS = 30.0
_ALL_IN_ONE_PAGE = 100_000
_REQUESTS_KEPT = 100
_LARGEST_ANSWER = 200_000_000


class Page(msgspec.Struct, Generic[T]):
    """The answer of every list."""

    items: list[T]


@dataclass(frozen=True, slots=True)
class Access:
    """Where a server is and how to get in. The secrets are in no repr."""

    url: str
    authorization: Callable[[], str | None]
    ca_file: Path | None = None


class MediaMTXClient:
    """One keep-alive connection to one server; used by one thread at a time."""

    def __init__(self, access: Access) -> None:
        self._url = access.url.rstrip("/")
        self._adapter = DeadlineAdapter()
        self._passed: Callable[[], bool] = lambda: False
        self._requests: dict[str, requests.PreparedRequest] = {}
        self._session = requests.Session()
        # The environment's proxies and .netrc are for the web, not for the server next door.
        self._session.trust_env = False
        self._session.headers["Accept"] = "application/json"
        if authorization := access.authorization():
            self._session.headers["Authorization"] = authorization
        if access.ca_file is not None:
            self._session.verify = str(access.ca_file)
        self._session.mount("http://", self._adapter)
        self._session.mount("https://", self._adapter)

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Bound everything asked inside to `seconds` in all; past them it raises `TooSlow`."""
        with self._adapter.deadline(seconds) as passed:
            self._passed = passed.is_set
            try:
                yield
            except MediaMTXError:
                if passed.is_set():
                    raise TooSlow(f"no complete answer within {seconds:g} s") from None
                raise

    def info(self) -> Info | None:
        """Version and start time; None before v1.15.2."""
        return self._get("info", Info)

    def items(self, kind: str, of: type[T]) -> list[T] | None:
        """All items of `<kind>/list`, in one page since paging costs the server quadratically.

        None if this server or version does not offer the list.
        """
        page = self._get(f"{kind}/list?itemsPerPage={_ALL_IN_ONE_PAGE}", Page[of])  # type: ignore[valid-type]
        return None if page is None else page.items

    def forwards(self, path: str) -> list[Forward] | None:
        """The forward destinations of one path; None before v1.20."""
        query = f"path={quote(path, safe='')}&itemsPerPage={_ALL_IN_ONE_PAGE}"
        page = self._get(f"paths/forward/list?{query}", Page[Forward])
        return None if page is None else page.items

    def abort(self) -> None:
        """Make whatever is being asked fail at once; callable from another thread."""
        self._adapter.cut_off()

    def close(self) -> None:
        self._session.close()

    def _get(self, endpoint: str, of: type[T]) -> T | None:
        name = endpoint.partition("?")[0]
        try:
            with self._ask(endpoint) as response:
                # Read whatever it says, or the connection could not be used again.
                body = _read(response, name)
                kind = response.headers.get("Content-Type", "")
                if response.status_code == 404 and kind.startswith("text/plain"):
                    return None
                _check(response.status_code, name)
        except requests.RequestException as error:
            raise _translated(error) from None
        return _decoded(body, of, name)

    def _ask(self, endpoint: str) -> requests.Response:
        if self._passed():
            raise TooSlow("no complete answer in time")
        return self._session.send(
            self._request(endpoint),
            timeout=(_CONNECT_SECONDS, _READ_SECONDS),
            allow_redirects=False,
            stream=True,
            verify=self._session.verify,
        )

    def _request(self, endpoint: str) -> requests.PreparedRequest:
        """The request, made once: the same dozen are sent every 2 s."""
        request = self._requests.get(endpoint)
        if request is None:
            plain = requests.Request("GET", f"{self._url}/v3/{endpoint}")
            request = self._session.prepare_request(plain)
            if len(self._requests) < _REQUESTS_KEPT:
                self._requests[endpoint] = request
        return request


def _check(status: int, name: str) -> None:
    if status == 401:
        raise Refused("refused the credentials (wrong, or without the api permission)")
    if status != 200:
        raise BadAnswer(f"answered {status} to {name}")


def _read(response: requests.Response, name: str) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(1 << 18):
        body += chunk
        if len(body) > _LARGEST_ANSWER:
            raise BadAnswer(f"answered {name} with more than {_LARGEST_ANSWER} bytes")
    return bytes(body)


def _decoded(body: bytes, of: type[T], name: str) -> T:
    try:
        return msgspec.json.decode(body, type=of)
    except msgspec.ValidationError as error:
        # It tells place and types, never the value.
        raise BadAnswer(f"answered {name} in an unknown shape: {error}") from None
    except (msgspec.DecodeError, RecursionError):
        raise BadAnswer(f"answered {name} with something that is not JSON") from None


def _translated(error: requests.RequestException) -> MediaMTXError:
    if isinstance(error, requests.exceptions.SSLError):
        return Unreachable(f"TLS failed: {_innermost(error)}")
    if isinstance(error, requests.Timeout):
        return TooSlow("silent for too long")
    if isinstance(error, requests.exceptions.ConnectionError):
        return Unreachable(f"no connection: {_innermost(error)}")
    return BadAnswer(f"broke off in the middle of an answer ({type(error).__name__})")


def _innermost(error: BaseException) -> str:
    """The operating system's own words; what libraries wrap around them repeats the address."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
