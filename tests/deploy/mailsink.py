"""A mail server that prints every message it is given, for the stack on trial."""

from __future__ import annotations

import socketserver
import sys
from collections.abc import Iterator

_PORT = 2525
_WORDS = {"DATA": "354 go on", "QUIT": "221 bye"}


class Session(socketserver.StreamRequestHandler):
    """One conversation (RFC 5321), without anything that is optional."""

    def handle(self) -> None:
        self._say("220 sink")
        for line in self._lines():
            word = line[:4].upper()
            self._say(_WORDS.get(word, "250 yes"))
            if word == "DATA":
                sys.stdout.write("\n".join(["--- mail", *self._message(), "--- end", ""]))
                sys.stdout.flush()
                self._say("250 taken")
            if word == "QUIT":
                return

    def _message(self) -> Iterator[str]:
        for line in self._lines():
            if line == ".":
                return
            yield line

    def _lines(self) -> Iterator[str]:
        while line := self.rfile.readline():
            yield line.decode().rstrip("\r\n")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


if __name__ == "__main__":
    with Server(("0.0.0.0", _PORT), Session) as server:
        server.serve_forever()
