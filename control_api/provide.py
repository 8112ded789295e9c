"""What routes work with, asked for by type: the composition root hands it to the app."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar, cast

from fastapi import FastAPI
from starlette.requests import HTTPConnection

T = TypeVar("T")

Provided = Mapping[type, object]


def provide(app: FastAPI, provided: Provided) -> None:
    """Let the app's routes ask for these."""
    app.state.provided = provided


def provided(kind: type[T]) -> Callable[[HTTPConnection], Awaitable[T]]:
    """A dependency: `Annotated[EventService, Depends(provided(EventService))]`."""

    # A coroutine: a plain function would wait for a thread.
    async def find(connection: HTTPConnection) -> T:
        return cast(T, connection.app.state.provided[kind])

    return find
