"""The API without HTTP: a URL goes in; status, content type and body come out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from leitstand.demo import listing
from leitstand.demo.objects import compact
from leitstand.demo.simulation import Simulation

JSON = "application/json; charset=utf-8"
PLAIN = "text/plain"
LARGEST_PAGE = 2**31 - 1

UNKNOWN = {
    "paths": "path not found",
    "config/paths": "path configuration not found",
    "hlsmuxers": "muxer not found",
}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    content_type: str = JSON
    asks_for_credentials: bool = False


NOT_OFFERED = Answer(404, b"404 page not found", PLAIN)


class Refused(Exception):
    """What was asked for is not there, or cannot be."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.answer = failure(status, error)


def failure(status: int, error: str) -> Answer:
    return Answer(status, compact({"status": "error", "error": error}).encode())


class Api:
    """Answers stay cached until the world changes; configurations never do."""

    def __init__(self, world: Simulation, missing: frozenset[str] = frozenset()) -> None:
        self._world = world
        self._missing = missing
        self._revision = -1
        self._items: dict[str, list[str]] = {}
        self._answers: dict[str, Answer] = {}

    def answer(self, target: str, now: float) -> Answer:
        with self._world.lock:
            self._world.advance(now)
            self._forget_what_changed()
            if target not in self._answers:
                self._answers[target] = self._answer(target)
            return self._answers[target]

    def prepare(self, now: float) -> None:
        """Render everything once, so that the first client need not wait for a large world."""
        with self._world.lock:
            self._world.advance(now)
            self._forget_what_changed()
            for kind in listing.LISTS:
                self._list(kind)

    def _forget_what_changed(self) -> None:
        if self._revision != self._world.revision:
            self._revision = self._world.revision
            self._items = {k: v for k, v in self._items.items() if k == "config/paths"}
            self._answers = {k: v for k, v in self._answers.items() if "/config/" in k}

    def _answer(self, target: str) -> Answer:
        url = urlsplit(target)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        if any(f"{url.path}/".startswith(f"{endpoint}/") for endpoint in self._missing):
            return NOT_OFFERED
        try:
            return self._route(url.path, query)
        except Refused as refused:
            return refused.answer

    def _route(self, path: str, query: dict[str, str]) -> Answer:
        if path == "/v3/info":
            return Answer(200, listing.info(self._world).encode())
        if path == "/v3/paths/forward/list":
            return _page(self._forwards(query.get("path", "")), query)
        found = re.fullmatch(r"/v3/(.+?)/(?:(list)|get/(.*))", path)
        if found is None or found[1] not in listing.LISTS:
            return NOT_OFFERED
        if found[2]:
            return _page(self._list(found[1]), query)
        return Answer(200, self._get(found[1], unquote(found[3])).encode())

    def _list(self, kind: str) -> list[str]:
        if kind not in self._items:
            self._items[kind] = listing.LISTS[kind](self._world)
        return self._items[kind]

    def _get(self, kind: str, key: str) -> str:
        if kind == "recordings":
            return listing.recording(self._world, key)
        if kind in UNKNOWN and not key:
            raise Refused(400, "invalid name")
        if kind not in UNKNOWN and len(key) != 36:
            raise Refused(400, f"invalid UUID length: {len(key)}")
        # every object begins with the field that identifies it
        beginning = re.compile(r'\{"\w+":' + re.escape(compact(key)))
        for item in self._list(kind):
            if beginning.match(item):
                return item
        noun = "connection" if kind.endswith("conns") else "session"
        raise Refused(404, UNKNOWN.get(kind, f"{noun} not found"))

    def _forwards(self, name: str) -> list[str]:
        if not name:
            raise Refused(400, "invalid path")
        if name not in self._world.paths:
            raise Refused(404, "path not found")
        return listing.forwards(self._world, self._world.paths[name])


def _page(items: list[str], query: dict[str, str]) -> Answer:
    size = _unsigned(query.get("itemsPerPage", "100"))
    if size == 0:
        raise Refused(400, "invalid items per page")
    first = _unsigned(query.get("page", "0")) * size
    count, pages = len(items), -(-len(items) // size)
    shown = ",".join(items[first : first + size])
    body = f'{{"itemCount":{count},"pageCount":{pages},"items":[{shown}]}}'
    return Answer(200, body.encode())


def _unsigned(text: str) -> int:
    complaint = f"strconv.ParseUint: parsing {compact(text)}:"
    if not re.fullmatch(r"[0-9]+", text):
        raise Refused(400, f"{complaint} invalid syntax")
    if int(text) > LARGEST_PAGE:
        raise Refused(400, f"{complaint} value out of range")
    return int(text)
