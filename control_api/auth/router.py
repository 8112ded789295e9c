"""/api/auth: tokens, and the login of browsers."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response

from control_api.auth.access import Admin, Asking, OfflineViewer, Role, Viewer
from control_api.auth.gate import COOKIE, from_own_page
from control_api.auth.service import LOGIN_SECONDS, AuthService
from control_api.auth.shapes import (
    CallerShape,
    LoginRequest,
    NewTokenShape,
    TokenRequest,
    TokenShape,
    shape_of_caller,
    shape_of_new,
    shape_of_token,
)
from control_api.envelope import Answer, Failure
from control_api.errors import Forbidden, Unauthorized
from control_api.limits import Limits, address_of, require
from control_api.provide import provided
from leitstand.addresses import neighbourhood

router = APIRouter(prefix="/auth", tags=["auth"])

Auth = Annotated[AuthService, Depends(provided(AuthService))]
Limited = Annotated[Limits, Depends(provided(Limits))]
TokenId = Annotated[int, Path(ge=1, le=2**31 - 1)]
_STAYS: dict[int | str, dict[str, Any]] = {
    404: {"model": Failure, "description": "There is no such token"},
    409: {"model": Failure, "description": "It has to stay"},
}
_TAKEN: dict[int | str, dict[str, Any]] = {409: {"model": Failure, "description": "Name in use"}}


@router.get("/me")
async def me(caller: OfflineViewer) -> Answer[CallerShape]:
    """Who I am, and what I may do."""
    return Answer(data=shape_of_caller(caller))


@router.get("/session")
async def session(asking: Asking) -> Answer[CallerShape | None]:
    """Who this browser is signed in as; null for nobody. Needs no token."""
    try:
        return Answer(data=shape_of_caller(await asking.caller(offline=True)))
    except Unauthorized:
        return Answer(data=None)


@router.get("/tokens")
def tokens(_: Admin, auth: Auth) -> Answer[list[TokenShape]]:
    """Every token, newest first, revoked ones too; never what it says."""
    return Answer(data=[shape_of_token(token) for token in auth.tokens()])


@router.post("/tokens", status_code=201, responses=_TAKEN)
def create(
    request: Request, caller: Admin, auth: Auth, wanted: TokenRequest
) -> Answer[NewTokenShape]:
    """Make a token. The answer is the only place where it is shown."""
    new = auth.create(wanted.name, Role[wanted.role.upper()], caller.name)
    request.state.audit = {"token": new.token.id, "name": wanted.name, "role": wanted.role}
    return Answer(data=shape_of_new(new), message="keep it now; it is not shown again")


@router.delete("/tokens/{id}", responses=_STAYS)
def revoke(request: Request, _: Admin, auth: Auth, id: TokenId) -> Answer[TokenShape]:
    """End a token and every login that was made with it. The last admin's has to stay."""
    token = auth.revoke(id)
    request.state.audit = {"name": token.name}
    return Answer(data=shape_of_token(token), message=f"{token.name} is revoked")


@router.post("/login")
def login(
    request: Request, response: Response, auth: Auth, limits: Limited, body: LoginRequest
) -> Answer[CallerShape]:
    """Sign a browser in, for 30 days. Needs no token but the one in the body."""
    place = neighbourhood(address_of(request))
    require(limits.logins.take(place), "too many logins from this address")
    if not from_own_page(request, otherwise=True):
        raise Forbidden("Origin: only this service's own pages may sign in with a cookie")
    login = auth.login(body.token.get_secret_value())
    request.state.caller = login.caller
    response.set_cookie(
        COOKIE,
        login.cookie,
        max_age=LOGIN_SECONDS,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return Answer(data=shape_of_caller(login.caller))


@router.post("/logout")
def logout(request: Request, response: Response, auth: Auth, _: Viewer) -> Answer[None]:
    """End this browser's login."""
    cookie = request.cookies.get(COOKIE)
    if cookie is not None:
        auth.logout(cookie)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return Answer(data=None)
