"""Asks a MediaMTX, checks that the answer is one, and gives it as objects."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import quote

import msgspec
import requests
from urllib3.exceptions import HTTPError

from leitstand.clients.deadline import DeadlineAdapter
from leitstand.clients.mediamtx.errors import (
    BadAnswer,
    MediaMTXError,
    NotThere,
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
_BROKEN = (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError)


class Page(msgspec.Struct, Generic[T]):
    """The answer of every list."""

    items: list[T]


@dataclass(frozen=True, slots=True)
class Access:
    """Where a server is and how to get in. The secrets are in no repr."""

    url: str
    authorization: Callable[[], str | None] = field(repr=False)
    ca_file: Path | None = None


class MediaMTXClient:
    """One keep-alive connection to one server; used by one thread at a time."""

    def __init__(self, access: Access, *, largest_answer: int = _LARGEST_ANSWER) -> None:
        self._url = access.url.rstrip("/")
        self._verify = True if access.ca_file is None else str(access.ca_file)
        self._headers = {"Accept": "application/json"}
        if authorization := access.authorization():
            self._headers["Authorization"] = authorization
        self._largest_answer = largest_answer
        self._adapter = DeadlineAdapter()
        self._requests: dict[str, requests.PreparedRequest] = {}

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Bound everything asked inside to `seconds` in all; past them it raises `TooSlow`."""
        with self._adapter.deadline(seconds):
            try:
                yield
            except MediaMTXError:
                if not self._adapter.is_over:
                    raise
            # What was cut off may look like an answer: a head can end anywhere.
            if self._adapter.is_over:
                raise TooSlow(f"no complete answer within {seconds:g} s")

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
        """The forward destinations of one path, none if it has gone; None before v1.20."""
        query = f"path={quote(path, safe='')}&itemsPerPage={_ALL_IN_ONE_PAGE}"
        try:
            page = self._get(f"paths/forward/list?{query}", Page[Forward])
        except NotThere:
            return []
        return None if page is None else page.items

    def abort(self) -> None:
        """Make what is asked now or later fail at once; callable from another thread."""
        self._adapter.abort()

    def close(self) -> None:
        self._adapter.close()

    def _get(self, endpoint: str, of: type[T]) -> T | None:
        name = endpoint.partition("?")[0]
        try:
            with self._ask(endpoint) as response:
                # Read whatever it says, or the connection could not be used again.
                body = self._read(response, name)
                kind = response.headers.get("Content-Type", "")
                if response.status_code == 404 and kind.startswith("text/plain"):
                    return None
                _check(response.status_code, name)
        except (requests.RequestException, HTTPError) as error:
            raise _translated(error) from None
        return _decoded(body, of, name)

    def _ask(self, endpoint: str) -> requests.Response:
        # Straight to the adapter: a session would look for proxies and passwords in the
        # environment, keep cookies and read where a redirect leads to.
        return self._adapter.send(
            self._request(endpoint),
            stream=True,
            timeout=(_CONNECT_SECONDS, _READ_SECONDS),
            verify=self._verify,
        )

    def _request(self, endpoint: str) -> requests.PreparedRequest:
        """The request, made once: the same dozen are sent every 2 s."""
        request = self._requests.get(endpoint)
        if request is None:
            plain = requests.Request("GET", f"{self._url}/v3/{endpoint}", self._headers)
            request = plain.prepare()
            if len(self._requests) < _REQUESTS_KEPT:
                self._requests[endpoint] = request
        return request

    def _read(self, response: requests.Response, name: str) -> bytes:
        body = bytearray()
        for chunk in response.iter_content(1 << 18):
            body += chunk
            if len(body) > self._largest_answer:
                raise BadAnswer(f"answered {name} with more than {self._largest_answer} bytes")
        return bytes(body)


def _check(status: int, name: str) -> None:
    if status == 401:
        raise Refused("refused the credentials (wrong, or without the api permission)")
    if status == 404:
        raise NotThere(f"answered 404 to {name}")
    if status != 200:
        raise BadAnswer(f"answered {status} to {name}")


def _decoded(body: bytes, of: type[T], name: str) -> T:
    try:
        return msgspec.json.decode(body, type=of)
    except msgspec.ValidationError as error:
        # It tells place and types, never the value.
        raise BadAnswer(f"answered {name} in an unknown shape: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadAnswer(f"answered {name} with something that is not JSON") from None


def _translated(error: requests.RequestException | HTTPError) -> MediaMTXError:
    cause = _innermost(error)
    # The operating system's own words; what libraries wrap around them repeats the address.
    words = (isinstance(cause, OSError) and cause.strerror) or type(cause).__name__
    if isinstance(error, requests.exceptions.SSLError):
        return Unreachable(f"TLS failed: {words}")
    if isinstance(cause, TimeoutError):
        return TooSlow("silent for too long")
    if isinstance(error, _BROKEN):
        return BadAnswer(f"broke off in the middle of an answer ({type(error).__name__})")
    return Unreachable(f"no connection: {words}")


def _innermost(error: BaseException) -> BaseException:
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return error
