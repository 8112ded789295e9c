"""What comes in and goes out of /api/auth."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints

from control_api.auth.access import Caller, Role
from control_api.auth.service import NewToken, Token
from control_api.clock import local
from control_api.envelope import Shape

RoleName = Literal["viewer", "operator", "admin"]
TokenName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9À-ÖØ-öø-ÿ][\w .@-]{0,62}$")]


class CallerShape(Shape):
    name: str = Field(examples=["hall tablet"])
    """The token's name."""
    role: RoleName


class TokenRequest(Shape):
    name: TokenName = Field(examples=["hall tablet"])
    """Who or what will use it: letters, digits, spaces and `_.@-`, at most 63."""
    role: RoleName = Field(examples=["operator"])
    """viewer: look; operator: record and cut; admin: everything."""


class TokenShape(Shape):
    id: int
    name: str = Field(examples=["hall tablet"])
    role: RoleName
    created_at: datetime
    created_by: str = Field(examples=["admin"])
    last_used_at: datetime | None
    """To the minute."""
    revoked_at: datetime | None


class NewTokenShape(TokenShape):
    token: str = Field(examples=["lst_kN0w3n0nlyT0y0u"])
    """The token itself. It is shown here and nowhere else."""


class LoginRequest(Shape):
    token: SecretStr = Field(examples=["lst_kN0w3n0nlyT0y0u"])
    """A token of any role."""


def role_name(role: Role) -> RoleName:
    names: dict[Role, RoleName] = {
        Role.VIEWER: "viewer",
        Role.OPERATOR: "operator",
        Role.ADMIN: "admin",
    }
    return names[role]


def shape_of_caller(caller: Caller) -> CallerShape:
    return CallerShape(name=caller.name, role=role_name(caller.role))


def shape_of_token(token: Token) -> TokenShape:
    return TokenShape(
        id=token.id,
        name=token.name,
        role=role_name(token.role),
        created_at=local(token.created_at),
        created_by=token.created_by,
        last_used_at=_when(token.last_used_at),
        revoked_at=_when(token.revoked_at),
    )


def shape_of_new(new: NewToken) -> NewTokenShape:
    return NewTokenShape(**shape_of_token(new.token).model_dump(), token=new.secret)


def _when(seconds: float | None) -> datetime | None:
    return None if seconds is None else local(seconds)
