"""/api/audit: who changed what."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from control_api.audit.service import AuditService
from control_api.audit.shapes import EntryShape, shape_of
from control_api.auth.access import Admin
from control_api.envelope import Answer
from control_api.provide import provided

router = APIRouter(prefix="/audit", tags=["audit"])

Audit = Annotated[AuditService, Depends(provided(AuditService))]
Limit = Annotated[int, Query(ge=1, le=1_000)]
Before = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="only ids below this one")]
Who = Annotated[str | None, Query(max_length=100, pattern=r"^[^\x00-\x1f]*$")]


@router.get("")
def newest(
    _: Admin, audit: Audit, limit: Limit = 100, before: Before = None, who: Who = None
) -> Answer[list[EntryShape]]:
    """Every attempt to change something, refused ones too, newest first."""
    return Answer(data=[shape_of(entry) for entry in audit.newest(limit, before, who)])
