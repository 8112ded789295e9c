"""The server on the recorder's socket; it answers requests that carry the secret."""

from __future__ import annotations

import hmac
import logging
import socket
import socketserver
import threading
from typing import Any, cast

import msgspec

from control_api.recorder.command_connections import CommandConnections
from control_api.recorder.commands import Commands
from control_api.recorder.protocol import LONGEST_LINE, Answer, Request, encoded
from control_api.recorder.socket_address import SocketAddress
from leitstand.config import ConfigError

logger = logging.getLogger(__name__)

_AGAIN_SECONDS = 2.0
_OPEN_SECONDS = 3.0
_POLL_SECONDS = 0.1
_IDLE_SECONDS = 60.0
_LONGEST_UNAUTHORISED = 1 << 18


class CommandServer:
    """Answers at the address, and listens again where that failed or its file was removed."""

    def __init__(self, address: SocketAddress, commands: Commands) -> None:
        self._address = address
        self._commands = commands
        self._server: _Server | None = None
        self._is_opened = threading.Event()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="commands", daemon=True)

    def start(self) -> None:
        self._thread.start()
        # Where the folder's disk hangs, recording does not wait for it.
        self._is_opened.wait(_OPEN_SECONDS)

    def stop(self) -> None:
        self._is_over.set()
        if self._thread.is_alive():
            self._thread.join(_OPEN_SECONDS)
        self._close()

    def _run(self) -> None:
        self._open()
        self._is_opened.set()
        while not self._is_over.wait(_AGAIN_SECONDS):
            if self._server is not None and self._address.is_there:
                continue
            if self._server is not None:
                logger.warning("%s was removed; it is made again", self._address)
                self._close()
            if self._open():
                logger.info("the API is answered again, at %s", self._address)

    def _open(self) -> bool:
        try:
            listening = self._address.listening()
        except ConfigError as error:
            logger.warning("%s; until it can be, no API is answered; recording goes on", error)
            return False
        self._server = server = _Server(listening, self._commands, self._address.secret)
        threading.Thread(
            target=server.serve_forever, args=(_POLL_SECONDS,), name="socket", daemon=True
        ).start()
        return True

    def _close(self) -> None:
        """Connections that are open stay so until their clients end them."""
        if (server := self._server) is not None:
            self._server = None
            server.shutdown()
            server.server_close()


class _Server(socketserver.ThreadingMixIn, socketserver.BaseServer):
    """A thread for each connection."""

    daemon_threads = True

    def __init__(self, listening: socket.socket, commands: Commands, secret: str) -> None:
        super().__init__(listening.getsockname(), _Connection)
        self.socket = listening
        self.commands = commands
        self.secret = secret
        self.connections = CommandConnections()

    def fileno(self) -> int:
        return self.socket.fileno()

    def get_request(self) -> tuple[Any, Any]:
        return self.socket.accept()

    def service_actions(self) -> None:
        self.connections.cut_overdue()

    def process_request(self, request: Any, client_address: Any) -> None:
        # Before there is a thread for it: what is cut for it came earlier.
        self.connections.admit(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.connections.leave(request)
        request.close()

    def server_close(self) -> None:
        self.socket.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a client that went away in the middle of a request."""


class _Connection(socketserver.BaseRequestHandler):
    """One connection: requests, one after the other, until it is closed or idle."""

    def handle(self) -> None:
        self.request.settimeout(_IDLE_SECONDS)
        server = cast(_Server, self.server)
        with self.request.makefile("rb") as lines:
            while line := lines.readline(self._longest(server)):
                self.request.sendall(encoded(self._answer(server, line)))
                server.connections.answered(self.request)

    def _longest(self, server: _Server) -> int:
        is_unauthorised = server.connections.is_unauthorised(self.request)
        return _LONGEST_UNAUTHORISED if is_unauthorised else LONGEST_LINE

    def _answer(self, server: _Server, line: bytes) -> Answer:
        try:
            request = msgspec.json.decode(line, type=Request)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return Answer(error="that is no request", status=400)
        if not hmac.compare_digest(request.secret.encode(), server.secret.encode()):
            return Answer(error="recorder.secret: another one is expected", status=403)
        server.connections.authorise(self.request)
        return server.commands.answer(request.command, request.body)
