"""The snapshot of one exporter, which keeps a question waiting until there is a newer one."""

from __future__ import annotations

from pathlib import Path

import msgspec
import requests
from urllib3.exceptions import HTTPError

from leitstand.clients.deadline import DeadlineAdapter
from leitstand.feed.feed import FeedError, Json

_CONNECT_SECONDS = 3.0
# The exporter answers after 25 s even if nothing is new, and a second before it is late.
_ANSWER_SECONDS = 28.0
_LARGEST = 200_000_000


class HttpFeed:
    def __init__(
        self, url: str, username: str | None, password: str | None, ca_file: Path | None
    ) -> None:
        self._url = f"{url.rstrip('/')}/snapshot"
        self._name = url
        self._auth = (username, password or "") if username is not None else None
        self._verify = True if ca_file is None else str(ca_file)
        self._adapter = DeadlineAdapter()

    def next(self, after: int | None, seconds: float) -> Json | None:
        try:
            # What was cut off may look like an answer: whether it is one is seen below.
            with self._adapter.deadline(_ANSWER_SECONDS if after is not None else seconds):
                snapshot = _decoded(self._ask(after), self._name)
        except (requests.RequestException, HTTPError, OSError) as error:
            raise FeedError(f"the exporter at {self._name}: {_reason(error)}") from None
        return None if snapshot["sequence"] == after else snapshot

    def abort(self) -> None:
        self._adapter.abort()

    def close(self) -> None:
        self._adapter.close()

    def _ask(self, after: int | None) -> bytes:
        query = {} if after is None else {"after": str(after)}
        request = requests.Request("GET", self._url, params=query, auth=self._auth).prepare()
        with self._adapter.send(
            request, stream=True, timeout=(_CONNECT_SECONDS, _ANSWER_SECONDS), verify=self._verify
        ) as response:
            if response.status_code != 200:
                raise FeedError(f"the exporter at {self._name}: {_status(response.status_code)}")
            body = response.raw.read(_LARGEST + 1, decode_content=True)
        if len(body) > _LARGEST:
            raise FeedError(
                f"the exporter at {self._name}: answers with more than {_LARGEST} bytes"
            )
        return bytes(body)


def _decoded(body: bytes, name: str) -> Json:
    try:
        snapshot = msgspec.json.decode(body, type=dict)
    except msgspec.DecodeError:
        raise FeedError(f"the exporter at {name}: what answers there is no exporter") from None
    if not isinstance(snapshot.get("sequence"), int) or "servers" not in snapshot:
        raise FeedError(f"the exporter at {name}: what answers there is no exporter")
    return snapshot


def _status(status: int) -> str:
    if status == 401:
        return "asks for snapshot_username and snapshot_password_file, or they are wrong"
    return f"answers with status {status}"


def _reason(error: Exception) -> str:
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not trusted; name its CA in snapshot_ca_file"
    if isinstance(error, requests.exceptions.ConnectionError):
        return "cannot be reached"
    return "does not answer"
