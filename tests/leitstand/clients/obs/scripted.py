"""A server that does what a real OBS cannot be made to do, written out byte by byte."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
FINAL = 0x80


class Gone(Exception):
    """The client left."""


class Peer:
    """One client, as the server sees it."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._file = sock.makefile("rb")

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def upgrade(self) -> None:
        key = ""
        while line := self._file.readline().decode().strip():
            name, _, value = line.partition(": ")
            key = value if name == "Sec-WebSocket-Key" else key
        accept = base64.b64encode(hashlib.sha1(f"{key}{_GUID}".encode()).digest()).decode()
        self.write(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )

    def greet(self) -> dict[str, Any]:
        """Let the client in; gives what it asked for."""
        self.upgrade()
        self.say({"op": 0, "d": {"obsWebSocketVersion": "5.1.0", "rpcVersion": 1}})
        identify = self.hear()
        self.say({"op": 2, "d": {"negotiatedRpcVersion": 1}})
        return identify

    def hear(self) -> dict[str, Any]:
        """The next message; pings are answered, a close is the end."""
        while True:
            kind, payload = self.frame()
            if kind == CLOSE:
                raise Gone
            if kind == PING:
                self.write(frame(payload, PONG))
            if kind == TEXT:
                message: dict[str, Any] = json.loads(payload)
                return message

    def frame(self) -> tuple[int, bytes]:
        first, second = self._read(2)
        size = second & 0x7F
        if size >= 126:
            size = int.from_bytes(self._read(2 if size == 126 else 8), "big")
        mask = self._read(4)
        payload = self._read(size)
        return first & 0xF, bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))

    def say(self, message: object) -> None:
        self.write(frame(json.dumps(message).encode()))

    def answer(self, message: dict[str, Any], **data: Any) -> None:
        self.say(answer(message, **data))

    def event(self, name: str, **data: Any) -> None:
        self.say({"op": 5, "d": {"eventType": name, "eventIntent": 1, "eventData": data}})

    def end(self, code: int) -> None:
        self.write(frame(code.to_bytes(2, "big"), CLOSE))

    def write(self, data: bytes) -> None:
        self._socket.sendall(data)

    def wait(self) -> None:
        """Until the client leaves."""
        while self._socket.recv(4096):
            pass

    def _read(self, size: int) -> bytes:
        data = self._file.read(size)
        if len(data) < size:
            raise Gone
        return data


Script = Callable[[Peer], None]


class Scripted:
    """Plays one script a connection, the last one for all that come after."""

    def __init__(self, *scripts: Script) -> None:
        self._scripts = scripts
        self._peers: list[Peer] = []
        self._threads: list[threading.Thread] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()

    @property
    def connections(self) -> int:
        return len(self._peers)

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        self._listening.close()
        for peer in self._peers:
            with contextlib.suppress(OSError):
                peer._socket.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                peer = Peer(self._listening.accept()[0])
                script = self._scripts[min(len(self._peers), len(self._scripts) - 1)]
                self._peers.append(peer)
                self._threads.append(threading.Thread(target=_play, args=(script, peer)))
                self._threads[-1].start()


@contextlib.contextmanager
def scripted(*scripts: Script) -> Iterator[Scripted]:
    server = Scripted(*scripts)
    try:
        yield server
    finally:
        server.close()


def frame(payload: bytes, kind: int = TEXT, *, final: bool = True) -> bytes:
    size = len(payload)
    if size < 126:
        head = bytes([size])
    elif size < 1 << 16:
        head = b"\x7e" + size.to_bytes(2, "big")
    else:
        head = b"\x7f" + size.to_bytes(8, "big")
    return bytes([kind | (FINAL if final else 0)]) + head + payload


def answer(message: dict[str, Any], **data: Any) -> dict[str, Any]:
    """What OBS would say to a request that it carries out."""
    asked = message["d"]
    return {
        "op": 7,
        "d": {
            "requestId": asked["requestId"],
            "requestType": asked["requestType"],
            "requestStatus": {"result": True, "code": 100},
            "responseData": data,
        },
    }


def answering(peer: Peer) -> None:
    """A script: answers every request with its name."""
    peer.greet()
    while True:
        message = peer.hear()
        peer.answer(message, name=message["d"]["requestType"])


def silent(peer: Peer) -> None:
    """A script: accepts and says nothing."""
    peer.wait()


def says(raw: bytes) -> Script:
    def script(peer: Peer) -> None:
        peer.write(raw)
        peer.wait()

    return script


def greets(raw: bytes) -> Script:
    def script(peer: Peer) -> None:
        peer.upgrade()
        peer.write(raw)
        peer.wait()

    return script


def lets_in(raw: bytes) -> Script:
    """Lets the client in and answers its first request so; `{id}` is its id."""

    def script(peer: Peer) -> None:
        peer.greet()
        asked = peer.hear()["d"]["requestId"]
        peer.write(raw if raw[:1] != b"{" else frame(raw.replace(b"{id}", asked.encode())))
        peer.wait()

    return script


def hello(**content: Any) -> bytes:
    return frame(json.dumps({"op": 0, "d": content}).encode())


def closing(code: int) -> bytes:
    return frame(code.to_bytes(2, "big"), CLOSE)


def _play(script: Script, peer: Peer) -> None:
    with contextlib.suppress(Gone, OSError):
        script(peer)
    peer.close()
