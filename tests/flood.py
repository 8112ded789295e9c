"""Connections that cost a service descriptors and give it nothing to do."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator, Sequence

HALF_A_HEADER = b"GET /api/ping HTTP/1.1\r\nHost: x\r\nX-Half: "
_STEP_SECONDS = 0.25


class Flood:
    """So many open connections to one port; those that the service closes are opened again."""

    def __init__(self, port: int, count: int, sources: Sequence[str]) -> None:
        self._port = port
        self._sources = [sources[at % len(sources)] for at in range(count)]
        self._sockets: list[socket.socket | None] = [None] * count
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.opened = 0

    def start(self) -> None:
        self._open_again()
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join()
        for sock in self._sockets:
            if sock is not None:
                sock.close()

    def _run(self) -> None:
        while not self._ended.wait(_STEP_SECONDS):
            self._open_again()

    def _open_again(self) -> None:
        for at, sock in enumerate(self._sockets):
            if sock is None or _is_closed(sock):
                if sock is not None:
                    sock.close()
                self._sockets[at] = self._open(self._sources[at], says=bool(at % 3 == 0))
                self.opened += 1

    def _open(self, source: str, *, says: bool) -> socket.socket | None:
        sock = socket.socket()
        try:
            sock.settimeout(1)
            sock.bind((source, 0))
            sock.connect(("127.0.0.1", self._port))
            if says:
                sock.sendall(HALF_A_HEADER)
        except OSError:
            sock.close()
            return None
        sock.setblocking(False)
        return sock


def _is_closed(sock: socket.socket) -> bool:
    try:
        return sock.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


@contextlib.contextmanager
def flood(port: int, count: int, *sources: str) -> Iterator[Flood]:
    running = Flood(port, count, sources or ("127.0.0.1",))
    running.start()
    try:
        yield running
    finally:
        running.end()
