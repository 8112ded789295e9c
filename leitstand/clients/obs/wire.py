"""One websocket connection: bounded in time, cut off from any thread, with errors of ours."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
from collections.abc import Iterator
from typing import Any

import websocket

from leitstand.clients.obs.allowance import Allowance, BoundedSocket
from leitstand.clients.obs.errors import Absent, Hung, NotObs, ObsError, WrongPassword

_GOODBYE_SECONDS = 0.1

# Close codes of obs-websocket; any other only says that the connection is gone.
_REASONS: dict[int, tuple[type[ObsError], str]] = {
    1001: (Absent, "shut down"),
    4009: (WrongPassword, "refused the password"),
    4010: (NotObs, "speaks another version of the protocol"),
    4011: (Absent, "ended the session by hand"),
}


class Wire:
    """Made without a connection, so that it can be cut while it connects.

    `connect`, `send` and `recv` are what obsws-python calls.
    """

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._allowance = Allowance()
        self._socket: BoundedSocket | None = None
        # What comes is read as JSON, which looks at its UTF-8 anyway.
        self._websocket = websocket.WebSocket(skip_utf8_validation=True)
        self._is_cut = False

    def allow(self, seconds: float) -> None:
        """All waiting from now on, together, takes no longer than this."""
        self._allowance.renew(seconds)
        if self._is_cut:
            self._allowance.revoke()

    def connect(self, url: str, **_: Any) -> None:
        """Connect straight to host and port: not to where a proxy or a redirect would lead."""
        with self._translated():
            self._websocket.connect(  # type: ignore[no-untyped-call]
                url, socket=self._open(), redirect_limit=0
            )

    def send(self, text: str | bytes) -> None:
        with self._translated():
            self._websocket.send(text)

    def ping(self) -> None:
        with self._translated():
            self._websocket.ping()

    def recv(self) -> bytes:
        """The next message."""
        while (message := self.hear()) is None:
            pass
        return message

    def hear(self) -> bytes | None:
        """The next message, or None for a ping or pong. Can be called again after `Hung`."""
        with self._translated():
            opcode, frame = self._websocket.recv_data_frame(control_frame=True)
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            raise _closed(frame.data)
        if opcode in (websocket.ABNF.OPCODE_PING, websocket.ABNF.OPCODE_PONG):
            return None
        return bytes(frame.data)

    @property
    def is_stale(self) -> bool:
        """Whether something came unasked for: mostly the end of the connection."""
        if self._socket is None:
            return True
        # A poll object is not a descriptor, as epoll's is: this works when no more can be had.
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(0))

    def cut(self) -> None:
        """Make what waits, and all that would wait later, fail at once; from any thread."""
        self._is_cut = True
        self._allowance.revoke()
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def hang_up(self) -> None:
        """As `cut`, but say goodbye before."""
        self._say_goodbye()
        self.cut()

    def close(self) -> None:
        """Say goodbye and do not wait for an answer; by the thread that uses it."""
        self._allowance.renew(_GOODBYE_SECONDS)
        self._say_goodbye()
        self._websocket.shutdown()  # type: ignore[no-untyped-call]
        if self._socket is not None:
            self._socket.close()

    def _say_goodbye(self) -> None:
        if self._websocket.connected:
            with contextlib.suppress(OSError, websocket.WebSocketException):
                self._websocket.send_close()

    def _open(self) -> BoundedSocket:
        failure: Exception = Absent("no such host")
        found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        for family, kind, protocol, _, address in found:
            self._socket = BoundedSocket(family, kind, protocol, self._allowance)
            try:
                self._socket.connect(address)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return self._socket
            except TimeoutError:
                failure = Absent("does not take connections")
            except OSError as error:
                failure = error
            self._socket.close()
        raise failure

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if self._is_cut:
                raise Absent("the link is closed") from None
            raise self._translation(error) from None

    def _translation(self, error: Exception) -> Exception:
        match error:
            case ObsError():
                return error
            case websocket.WebSocketTimeoutException() | TimeoutError():
                return Hung(f"no answer within {self._allowance.seconds:g} s")
            case websocket.WebSocketBadStatusException():
                return NotObs(f"answers like a web server ({error.status_code})")
            case websocket.WebSocketConnectionClosedException():
                return Absent("closed the connection")
            case OSError():
                return Absent(error.strerror or type(error).__name__)
            case websocket.WebSocketException() | ValueError() | LookupError() | struct.error():
                return NotObs(f"does not speak websocket ({type(error).__name__})")
        return error


def _closed(data: bytes) -> ObsError:
    code = int.from_bytes(data[:2], "big")
    kind, text = _REASONS.get(code, (Absent, f"closed the connection (code {code})"))
    return kind(text)
