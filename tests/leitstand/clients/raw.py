"""A server that sends what it is told, byte by byte if need be, whatever it is asked."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading

from tests.running import eventually


def answer(body: bytes, status: str = "200 OK", kind: str = "application/json") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class RawServer:
    """Sends `whole` bytes of `says` at once and the rest one by one, `pace` seconds apart.

    `closes` ends the connection after each answer; `greets` does not wait for a request.
    """

    def __init__(self, says: bytes, tls: ssl.SSLContext | None = None) -> None:
        self.says = says
        self.whole: int | None = None
        self.pace = 0.05
        self.closes = False
        self.greets = False
        self.connections = 0
        self.requests: list[bytes] = []
        self._tls = tls
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._ended = threading.Event()

    @property
    def url(self) -> str:
        scheme = "https" if self._tls else "http"
        return f"{scheme}://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> RawServer:
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for each in (self._socket, *self._open):
            with contextlib.suppress(OSError):
                # Not that of an SSLSocket, which belongs to the thread that uses it.
                socket.socket.shutdown(each, socket.SHUT_RDWR)
        eventually(lambda: not any(thread.is_alive() for thread in self._threads))
        self._socket.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while not self._ended.is_set():
                connection, _ = self._socket.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.connections += 1
                self._open.append(connection)
                thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.callback(connection.close)
            if self._tls is not None and not self.greets:
                connection = self._tls.wrap_socket(connection, server_side=True)
                stack.callback(connection.close)
                self._open.append(connection)
            while self.greets or self._hears(connection):
                self._send(connection)
                if self.closes or self.greets:
                    break

    def _hears(self, connection: socket.socket) -> bool:
        request = b""
        while not request.endswith(b"\r\n\r\n"):
            received = connection.recv(4096)
            if not received:
                return False
            request += received
        self.requests.append(request)
        return True

    def _send(self, connection: socket.socket) -> None:
        # Read once: a client that has all of it may be told something else at once.
        says = self.says
        whole = len(says) if self.whole is None else self.whole
        connection.sendall(says[:whole])
        for byte in says[whole:]:
            if self._ended.wait(self.pace):
                return
            connection.sendall(bytes([byte]))
