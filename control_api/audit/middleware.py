"""Sees every request that changes something, and how it went."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from control_api.audit.service import WAIT_SECONDS, AuditService, Deed
from control_api.auth.access import Caller
from control_api.limits import Limits, address_of
from leitstand.addresses import neighbourhood

_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_TOO_MANY = 429
_BROKEN = 500
_LONGEST = 200


class Audit:
    """Notes it before the answer leaves: who has the answer can read the note.

    Routes may say more by a mapping in `request.state.audit`; bodies are never looked at.
    """

    def __init__(self, app: ASGIApp, service: AuditService, limits: Limits) -> None:
        self._app = app
        self._service = service
        self._limits = limits
        self._templates: Mapping[Any, str] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in _CHANGING:
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})
        answered = False

        async def watched(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start" and not answered:
                answered = True
                deed = self._deed(scope, message["status"])
                if self._is_kept(deed):
                    await self._note(deed)
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            # What it did until then may be there.
            if not answered:
                await self._note(self._deed(scope, _BROKEN))
            raise
        except asyncio.CancelledError:
            # It may not wait any more.
            if not answered:
                self._service.submit(self._deed(scope, _BROKEN))
            raise

    async def _note(self, deed: Deed) -> None:
        """Without a thread: other requests may hold them all."""
        kept = asyncio.wrap_future(self._service.submit(deed))
        await asyncio.wait([kept], timeout=WAIT_SECONDS)
        # This future alone: the entry goes its way.
        kept.cancel()

    def _deed(self, scope: Scope, status: int) -> Deed:
        state = scope["state"]
        caller = state.get("caller")
        more = state.get("audit")
        return Deed(
            caller=caller if isinstance(caller, Caller) else None,
            address=address_of(HTTPConnection(scope)),
            action=f"{scope['method']} {self._template(scope)}",
            status=status,
            detail={**_parameters(scope), **(more if isinstance(more, dict) else {})},
        )

    def _is_kept(self, deed: Deed) -> bool:
        """Who is turned away for asking too often did nothing, and would fill the log."""
        if deed.status == _TOO_MANY:
            return False
        return bool(deed.caller) or not self._limits.strangers.take(neighbourhood(deed.address))

    def _template(self, scope: Scope) -> str:
        """The path as its route has it: no part of it is what somebody made up."""
        if self._templates is None:
            self._templates = _templates(scope["app"])
        return self._templates.get(scope.get("endpoint"), "(no such route)")


def _templates(app: FastAPI) -> Mapping[Any, str]:
    routes = iter_route_contexts(app.routes)
    return {route.endpoint: route.path for route in routes if route.endpoint and route.path}


def _parameters(scope: Scope) -> dict[str, str]:
    return {name: str(value)[:_LONGEST] for name, value in scope.get("path_params", {}).items()}
