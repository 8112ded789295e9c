"""Roles, and how a route says which one it needs.

The document says of such a route that it takes a bearer token. Browsers may sign in instead.
"""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import Depends
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase
from starlette.requests import HTTPConnection

from control_api.errors import Forbidden
from control_api.provide import provided


class Role(enum.IntEnum):
    """Each may do what those before it may: look, record and cut, administer."""

    VIEWER = 1
    OPERATOR = 2
    ADMIN = 3

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the name of a token."""

    name: str
    role: Role


class Gate(ABC):
    """Knows who asks."""

    @abstractmethod
    def caller(self, connection: HTTPConnection) -> Caller:
        """Raises Unauthorized, or TooMany."""


@dataclass(frozen=True, slots=True)
class Needs(SecurityBase):
    """A route's dependency: whoever has this role at least; raises Forbidden for others."""

    model: ClassVar[HTTPBearer] = HTTPBearer(description="A token: `Authorization: Bearer lst_…`")  # type: ignore[misc]
    scheme_name: ClassVar[str] = "token"  # type: ignore[misc]
    role: Role

    def __call__(
        self,
        connection: HTTPConnection,
        gate: Annotated[Gate, Depends(provided(Gate))],
    ) -> Caller:
        caller = gate.caller(connection)
        if caller.role < self.role:
            raise Forbidden(f"needs the role {self.role}; {caller.name} has {caller.role}")
        return caller


Viewer = Annotated[Caller, Depends(Needs(Role.VIEWER))]
Operator = Annotated[Caller, Depends(Needs(Role.OPERATOR))]
Admin = Annotated[Caller, Depends(Needs(Role.ADMIN))]
