"""/metrics: the control API's own metrics."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import PlainTextResponse, Response

from control_api.auth.access import OfflineViewer
from control_api.metrics.page import CONTENT_TYPE, MetricsPage
from control_api.provide import provided
from control_api.threads import ControlThreads

router = APIRouter(tags=["metrics"])


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(
    caller: OfflineViewer,
    page: Annotated[MetricsPage, Depends(provided(MetricsPage))],
    threads: Annotated[ControlThreads, Depends(provided(ControlThreads))],
) -> Response:
    """For Prometheus: `authorization: {credentials_file: …}` with a viewer's token."""
    return Response(await threads.run(page.text), headers={"Content-Type": CONTENT_TYPE})
