"""/api/health and /api/ping."""

from __future__ import annotations

from fastapi import APIRouter

from control_api.envelope import Answer

router = APIRouter(tags=["health"])


@router.get("/ping")
def ping() -> Answer[str]:
    """Whether the service is alive; needs no token."""
    return Answer(data="pong")
