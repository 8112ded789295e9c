"""/api/admin/shutdown: turn this machine off."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from control_api.auth.access import Admin
from control_api.envelope import Answer, Failure
from control_api.machine.service import Phase, ShutdownService
from control_api.machine.shapes import ShutdownIn, ShutdownOut
from control_api.provide import provided

router = APIRouter(prefix="/admin/shutdown", tags=["machine"])

Shutdown = Annotated[ShutdownService, Depends(provided(ShutdownService))]
_CONFLICT: dict[int | str, dict[str, Any]] = {
    409: {"model": Failure, "description": "Not allowed, not now, or there is one already"}
}


@router.get("")
def planned(caller: Admin, shutdown: Shutdown) -> Answer[ShutdownOut]:
    """What is planned."""
    return Answer(data=_shown(shutdown))


@router.post("", status_code=202, responses=_CONFLICT)
def ask(caller: Admin, shutdown: Shutdown, wish: ShutdownIn | None = None) -> Answer[ShutdownOut]:
    """Plan a shutdown; it is announced as an event, and can be cancelled until it happens.

    Never while something is recorded or exported: refused now, put off if that begins later.
    """
    shutdown.ask(caller.name, wish.delay if wish else None)
    return Answer(data=_shown(shutdown), message="a shutdown is planned")


@router.delete("", responses=_CONFLICT)
def cancel(caller: Admin, shutdown: Shutdown) -> Answer[ShutdownOut]:
    """Cancel what is planned, or waits."""
    shutdown.cancel(caller.name)
    return Answer(data=_shown(shutdown), message="the shutdown was cancelled")


def _shown(shutdown: ShutdownService) -> ShutdownOut:
    plan = shutdown.plan
    return ShutdownOut(
        allowed=shutdown.is_allowed,
        state=plan.phase.value if plan else "none",
        at=shutdown.at(plan) if plan and plan.phase is not Phase.WAITING else None,
        who=plan.who if plan else None,
        waits_for=plan.waits_for if plan else None,
        daily=shutdown.daily,
        last=shutdown.last,
    )
