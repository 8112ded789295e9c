"""HTTP as MediaMTX speaks it: headers, chunks and keep-alive, and faults in mid-answer."""

from __future__ import annotations

import contextlib
import socket
import ssl
import sys
import threading
from email.utils import formatdate
from http.client import responses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

from leitstand.demo.api import NOT_OFFERED, Answer
from leitstand.demo.faults import REPLACEMENTS, Fault

# beyond this Go no longer knows the length when it sends the headers
LARGEST_UNCHUNKED_BODY = 2048


class Service(Protocol):
    """What answers; once `stopped` is set, nothing waits any more."""

    stopped: threading.Event
    drip_seconds: float

    def note(self, target: str) -> Fault: ...

    def answer(self, target: str, authorization: str | None) -> Answer: ...


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], service: Service, tls: ssl.SSLContext | None
    ) -> None:
        super().__init__(address, _Handler)
        self.service = service
        self._open: set[Any] = set()
        if tls is not None:
            # the handshake belongs to the connection's own thread
            self.socket = tls.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def close(self) -> None:
        self.server_close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is not an error."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        service = self.server.service
        fault = service.note(self.path)
        if fault is Fault.HANG:
            service.stopped.wait()
            self.close_connection = True
            return
        answer = REPLACEMENTS.get(fault)
        if answer is None:
            answer = service.answer(self.path, self.headers.get("Authorization"))
        if fault is Fault.SLOW:
            self._drip(answer)
        elif fault is Fault.HALF_BODY:
            head = self._head(answer, f"Content-Length: {len(answer.body)}")
            self.wfile.write(head + answer.body[: len(answer.body) // 2])
            self.close_connection = True
        else:
            self._send(answer)

    def do_HEAD(self) -> None:
        self.wfile.write(self._head(NOT_OFFERED, f"Content-Length: {len(NOT_OFFERED.body)}"))

    def do_POST(self) -> None:
        self._send(NOT_OFFERED)
        self.close_connection = True

    do_PATCH = do_PUT = do_DELETE = do_POST

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the log of a demo is noise."""

    def _send(self, answer: Answer) -> None:
        body, length = answer.body, f"Content-Length: {len(answer.body)}"
        if len(body) > LARGEST_UNCHUNKED_BODY:
            length = "Transfer-Encoding: chunked"
            body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        self.wfile.write(self._head(answer, length) + body)

    def _drip(self, answer: Answer) -> None:
        service = self.server.service
        self.close_connection = True
        self.wfile.write(self._head(answer, f"Content-Length: {len(answer.body)}"))
        for byte in answer.body:
            if service.stopped.wait(service.drip_seconds):
                return
            self.wfile.write(bytes([byte]))

    def _head(self, answer: Answer, length: str) -> bytes:
        lines = [
            f"HTTP/1.1 {answer.status} {responses[answer.status]}",
            "Access-Control-Allow-Origin: *",
            f"Content-Type: {answer.content_type}",
            "Server: mediamtx",
            f"Date: {formatdate(usegmt=True)}",
            length,
        ]
        if answer.asks_for_credentials:
            lines.append('Www-Authenticate: Basic realm="mediamtx"')
        return ("\r\n".join(lines) + "\r\n\r\n").encode()
