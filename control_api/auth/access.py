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
from control_api.threads import CheckThreads, ControlThreads


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
        """Raises Unauthorized, TooMany, or Unavailable if the database does not answer."""

    def offline_caller(self, connection: HTTPConnection) -> Caller:
        """The same; while the database does not answer, also who was verified a day ago."""
        return self.caller(connection)

    def recognises(self, connection: HTTPConnection) -> bool:
        """Whether who asks was verified within the last 24 hours. Asks nothing but memory."""
        return False


@dataclass(frozen=True, slots=True)
class Identification:
    """Finds out who asks, in threads that no other kind of request holds."""

    connection: HTTPConnection
    gate: Gate
    checks: CheckThreads
    controls: ControlThreads

    async def caller(self, *, offline: bool) -> Caller:
        """Raises what the gate raises; `offline` as in `Needs`."""
        # Who is not known, and guesses maybe, must not hold up who is.
        is_known = offline and self.gate.recognises(self.connection)
        threads = self.controls if is_known else self.checks
        find = self.gate.offline_caller if offline else self.gate.caller
        return await threads.run(find, self.connection)


async def identification(
    connection: HTTPConnection,
    gate: Annotated[Gate, Depends(provided(Gate))],
    checks: Annotated[CheckThreads, Depends(provided(CheckThreads))],
    controls: Annotated[ControlThreads, Depends(provided(ControlThreads))],
) -> Identification:
    """The dependency of routes that want to know who asks."""
    return Identification(connection, gate, checks, controls)


Asking = Annotated[Identification, Depends(identification)]


@dataclass(frozen=True, slots=True)
class Needs(SecurityBase):
    """A route's dependency: whoever has this role at least; raises Forbidden for others.

    `offline`: while the database does not answer, who was verified within the last 24 hours is
    let in as well. Such a route has to do without the database, and to hold no thread of
    those that other requests wait for.
    """

    model: ClassVar[HTTPBearer] = HTTPBearer(description="A token: `Authorization: Bearer lst_…`")  # type: ignore[misc]
    scheme_name: ClassVar[str] = "token"  # type: ignore[misc]
    role: Role
    offline: bool = False

    async def __call__(self, asking: Asking) -> Caller:
        caller = await asking.caller(offline=self.offline)
        if caller.role < self.role:
            raise Forbidden(f"needs the role {self.role}; {caller.name} has {caller.role}")
        return caller


Viewer = Annotated[Caller, Depends(Needs(Role.VIEWER))]
Operator = Annotated[Caller, Depends(Needs(Role.OPERATOR))]
Admin = Annotated[Caller, Depends(Needs(Role.ADMIN))]
OfflineViewer = Annotated[Caller, Depends(Needs(Role.VIEWER, offline=True))]
OfflineOperator = Annotated[Caller, Depends(Needs(Role.OPERATOR, offline=True))]
