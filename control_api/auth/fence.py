"""Around the whole app: how often an address may ask, how much, and what may be kept of answers."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from control_api.audit.middleware import Audit
from control_api.audit.service import AuditService
from control_api.auth.access import Gate
from control_api.errors import ApiError, TooMany
from control_api.limits import Limits, address_of, require
from leitstand.addresses import neighbourhood

LARGEST_BODY = 1_000_000
LARGEST_BODY_OF_STRANGERS = 64_000
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def put_fence(app: FastAPI, limits: Limits, audit: AuditService, cors: Sequence[str]) -> None:
    """`cors`: the origins whose pages may ask with a token of their own; never with a cookie."""
    # The last one added is the first to see a request.
    app.add_middleware(
        LimitBodies, largest=LARGEST_BODY, largest_of_strangers=LARGEST_BODY_OF_STRANGERS
    )
    app.add_middleware(Audit, service=audit, limits=limits)
    app.add_middleware(LimitAddresses, limits=limits)
    app.add_middleware(KeepNothing)
    if cors:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(cors),
            allow_methods=_METHODS,
            allow_headers=("Authorization", "Content-Type"),
            allow_credentials=False,
            expose_headers=("Retry-After",),
        )


class LimitAddresses:
    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        place = neighbourhood(address_of(HTTPConnection(scope)))
        try:
            require(self._limits.address.take(place), "too many requests from this address")
        except TooMany as error:
            refusal = JSONResponse({"detail": error.detail}, error.status, error.headers)
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)


class LimitBodies:
    """Limits the size of bodies: a low limit for everybody, a higher one for known callers."""

    def __init__(self, app: ASGIApp, largest: int, largest_of_strangers: int) -> None:
        self._app = app
        self._largest = largest
        self._largest_of_strangers = largest_of_strangers
        self._detail = f"body: larger than the {largest} bytes that are allowed"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        if not declared.isdecimal() or int(declared[:20]) > self._largest:
            await JSONResponse({"detail": self._detail}, 413)(scope, receive, send)
            return
        got = 0

        async def counted() -> Message:
            nonlocal got
            message = await receive()
            before, got = got, got + len(message.get("body", b""))
            if got > self._largest:
                raise HTTPException(413, self._detail)
            if before <= self._largest_of_strangers < got:
                await run_in_threadpool(_require_caller, HTTPConnection(scope))
            return message

        await self._app(scope, counted, send)


def _require_caller(connection: HTTPConnection) -> None:
    """Raises HTTPException, which FastAPI lets pass while it reads a body."""
    gate: Gate = connection.app.state.provided[Gate]
    try:
        gate.caller(connection)
    except ApiError as error:
        raise HTTPException(error.status, error.detail, error.headers) from None


class KeepNothing:
    """Answers of the API are of the moment, and for whoever asked, unless they say otherwise."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["path"].startswith("/api"):
                MutableHeaders(scope=message).setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, marked)
