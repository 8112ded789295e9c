"""`python -m tests.leitstand.serving.length_server [CERT KEY]`: answers with a body's length."""

from __future__ import annotations

import logging
import sys
import threading
from pathlib import Path

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from leitstand.config import Listen, Tls
from leitstand.serving import HttpServer, report_authorised


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the length of the body; a header makes a request an authorised one."""
    request = Request(scope, receive)
    if "authorization" in request.headers:
        report_authorised(scope)
    try:
        body = await request.body()
    except ClientDisconnect:
        return
    await PlainTextResponse(str(len(body)))(scope, receive, send)


def main(*files: str) -> None:
    """Serves until the process is ended."""
    logging.basicConfig()
    tls = Tls(cert=Path(files[0]), key=Path(files[1])) if files else None
    server = HttpServer(app, Listen("127.0.0.1", 0), tls, "test")
    server.start()
    print("at", server.url, flush=True)  # noqa: T201
    threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
