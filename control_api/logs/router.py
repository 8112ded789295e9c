"""/api/admin/logs: the service's own log."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query

from control_api.auth.access import Admin
from control_api.envelope import Answer, Failure
from control_api.logs.service import LogService
from control_api.logs.shapes import Level, LineOut, LogFileOut
from control_api.provide import provided

router = APIRouter(prefix="/admin/logs", tags=["logs"])

Logs = Annotated[LogService, Depends(provided(LogService))]
Name = Annotated[str, Path(max_length=100, examples=["api.log"])]
_UNKNOWN: dict[int | str, dict[str, Any]] = {404: {"model": Failure}}


@router.get("")
def files(caller: Admin, logs: Logs) -> Answer[list[LogFileOut]]:
    """The files there are: the one being written first, then older and older ones."""
    return Answer(data=[LogFileOut.of(file) for file in logs.files()])


@router.get("/{name}", responses=_UNKNOWN)
def lines(
    caller: Admin,
    logs: Logs,
    name: Name,
    *,
    lines: Annotated[int, Query(ge=1, le=1_000)] = 200,
    level: Level | None = None,
    q: Annotated[str | None, Query(max_length=200)] = None,
) -> Answer[list[LineOut]]:
    """The newest lines first: at least as bad as `level`, with the text `q` in them."""
    found = logs.lines(name, most=lines, level=level, text=q)
    return Answer(data=[LineOut.of(line) for line in found])


@router.delete("/{name}", responses=_UNKNOWN)
def clear(caller: Admin, logs: Logs, name: Name) -> Answer[None]:
    """Empty the file being written, or take an older one away."""
    logs.clear(name)
    return Answer(data=None, message=f"{name} was cleared")
