"""`python large_answers.py`: a server whose every answer is 8 MB."""

from __future__ import annotations

import signal
import sys

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from leitstand.config import Listen
from leitstand.serving import HttpServer, report_authorised

BODY = bytes(8_000_000)


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    report_authorised(scope)
    await Response(BODY)(scope, receive, send)


if __name__ == "__main__":
    server = HttpServer(app, Listen("127.0.0.1", 0), None, "test")
    server.start()
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    signal.pause()
