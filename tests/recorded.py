"""A MediaMTX that gives back recorded answers, one set at a time."""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType

# Whole lists, not the recordings of single pages, single objects and errors.
_WHOLE = re.compile(r"v3_(info|[a-z_]+_list|paths_forward_list__\w+)\.json")

FIXTURES = Path(__file__).parent / "fixtures" / "mediamtx"


def sets() -> list[str]:
    """The names of the recorded sets."""
    return sorted(path.name for path in FIXTURES.iterdir())


def moment(name: str) -> float:
    """When a set was recorded, Unix time."""
    return float(_index(name)[0]["time"])


def _index(name: str) -> list[dict[str, object]]:
    entries: list[dict[str, object]] = json.loads((FIXTURES / name / "_index.json").read_text())
    return entries


class RecordedMediaMTX:
    """Serves a set over HTTP as it was recorded: bodies, status, Content-Type."""

    def __init__(self, name: str) -> None:
        self.use(name)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def use(self, name: str) -> None:
        """Answer from another set from now on."""
        self._answers = {
            _endpoint(str(entry["path"])): (FIXTURES / name / str(entry["file"]), entry)
            for entry in _index(name)
            if _WHOLE.fullmatch(str(entry["file"]))
        }

    def answer(self, target: str) -> tuple[int, str, bytes]:
        file, entry = self._answers.get(_endpoint(target), (None, {}))
        if file is None:
            return 404, "text/plain", b"404 page not found"
        kind = dict(entry["headers"]).get("Content-Type", "")  # type: ignore[call-overload]
        return int(str(entry["status"])), kind, file.read_bytes()

    def __enter__(self) -> RecordedMediaMTX:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        recorded = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Headers and body go out in two writes, the second of which must not wait.
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                status, kind, body = recorded.answer(self.path)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler


def _endpoint(target: str) -> str:
    """The endpoint, with the path that is asked for; the page size is no part of it."""
    path, _, query = target.partition("?")
    wanted = [part for part in query.split("&") if part.startswith("path=")]
    return "?".join([path, *wanted])
