"""Where messages arrive: a mail server with TLS and login, and a webhook such as Slack's."""

from __future__ import annotations

import contextlib
import email
import email.policy
import json
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from tests.running import free_port

USER, PASSWORD = "leitstand", "a-password-of-tests"


@dataclass(frozen=True)
class Message:
    """`title` is a mail's subject or a Slack attachment's title, `text` all that it says."""

    at: float
    to: str
    title: str
    text: str


@dataclass
class Mailbox:
    """A mail server that lets only its user in, and only over TLS."""

    port: int
    ca_file: Path
    messages: list[Message] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        assert session.ssl is not None, "a message without TLS"
        parsed = email.message_from_bytes(envelope.content, policy=email.policy.default)
        parts = [part.get_content() for part in parsed.walk() if not part.is_multipart()]
        to = ", ".join(envelope.rcpt_tos)
        self.messages.append(
            Message(time.time(), to, str(parsed["subject"]), "\n".join(parts).replace("\r\n", "\n"))
        )
        return "250 taken"


@contextlib.contextmanager
def mail_server(folder: Path) -> Iterator[Mailbox]:
    authority = trustme.CA()
    box = Mailbox(free_port(), folder / "mail-ca.pem")
    authority.cert_pem.write_to_path(str(box.ca_file))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    controller = Controller(
        box,
        hostname="127.0.0.1",
        port=box.port,
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=_authenticate,
        # Its own words of that dialogue are not those that Alertmanager knows.
        auth_exclude_mechanism=["LOGIN"],
    )
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


def _authenticate(server: SMTP, *details: Any) -> AuthResult:
    data = details[-1]
    good = isinstance(data, LoginPassword) and data.login == USER.encode()
    good = good and data.password == PASSWORD.encode()
    # Not handled: the refusal itself is left to the server.
    return AuthResult(success=good, handled=False)


@dataclass
class Hook:
    """What was posted to /slack, and when something was to any other address."""

    url: str
    answer: tuple[int, bytes] = (200, b"ok")
    messages: list[Message] = field(default_factory=list)
    beats: list[float] = field(default_factory=list)

    def take(self, path: str, body: Any) -> None:
        if path != "/slack":
            self.beats.append(time.time())
            return
        for each in body.get("attachments", ()):
            message = Message(time.time(), "slack", each["title"], each["text"])
            self.messages.append(message)


@contextlib.contextmanager
def webhook() -> Iterator[Hook]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            status, text = hook.answer
            if status == 200:
                hook.take(self.path, json.loads(raw))
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Not to the tests' output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hook = Hook(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield hook
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
