"""What routes work with, asked for by type: the composition root hands it to the app."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar, cast

from fastapi import FastAPI
from starlette.requests import HTTPConnection

T = TypeVar("T")

Provided = Mapping[type, object]


def provide(app: FastAPI, provided: Provided) -> None:
    """Let the app's routes ask for these."""
    app.state.provided = provided


def provided(kind: type[T]) -> Callable[[HTTPConnection], T]:
    """A dependency: `Annotated[EventService, Depends(provided(EventService))]`."""

    def find(connection: HTTPConnection) -> T:
        return cast(T, connection.app.state.provided[kind])

    return find
