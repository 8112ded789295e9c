"""/api/streams: what is live, who watches, how it was these minutes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, WebSocket
from starlette.requests import HTTPConnection
from starlette.responses import StreamingResponse

from control_api.auth.access import Gate, Viewer
from control_api.envelope import Answer, Failure
from control_api.provide import provided
from control_api.streams.history import thinned
from control_api.streams.live import HEARTBEAT, by_events, by_websocket
from control_api.streams.service import Json, StreamService
from control_api.streams.shapes import (
    HourOut,
    SnapshotOut,
    State,
    StreamPage,
    StreamWithMinutes,
    stream,
    stream_with_minutes,
)
from leitstand.serving import STOPPING

router = APIRouter(
    prefix="/streams",
    tags=["streams"],
    responses={503: {"model": Failure, "description": "No exporter has been heard yet"}},
)

Streams = Annotated[StreamService, Depends(provided(StreamService))]
Asked = Annotated[Gate, Depends(provided(Gate))]
_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Server-sent events, each a message as JSON",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}
_NOT_THERE: dict[int | str, dict[str, Any]] = {404: {"model": Failure}}
_SORTS: Mapping[str, Callable[[tuple[Json, Json]], Any]] = {
    "name": lambda at: (at[0]["name"], at[1]["name"]),
    "bitrate": lambda at: -(at[1]["inbound_bitrate"] or 0),
    "viewers": lambda at: -sum(at[1]["readers"].values()),
}


@router.get("/latest")
def latest(_: Viewer, streams: Streams) -> Answer[SnapshotOut]:
    """The newest snapshot; `feed` says whether its source still speaks."""
    return Answer(data=SnapshotOut(**streams.latest()))


@router.get("")
def all_streams(
    _: Viewer,
    streams: Streams,
    *,
    server: Annotated[str | None, Query(max_length=130)] = None,
    state: State | None = None,
    q: Annotated[str, Query(max_length=200)] = "",
    sort: Annotated[str, Query(pattern=f"^({'|'.join(_SORTS)})$")] = "name",
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
    page_size: Annotated[int, Query(ge=1, le=500)] = 50,
    curve: Annotated[int, Query(ge=0, le=300)] = 0,
) -> Answer[StreamPage]:
    """Every path; `q` is looked for in its name, `curve` adds its bitrates of ten minutes in so
    many points."""
    found = [
        at
        for at in streams.paths()
        if (server is None or at[0]["name"] == server)
        and (state is None or at[1]["state"] == state)
        and q.casefold() in at[1]["name"].casefold()
    ]
    found.sort(key=_SORTS[sort])
    shown = found[(page - 1) * page_size : page * page_size]
    items = [stream(*at, curve=_curve(streams, *at, curve) if curve else None) for at in shown]
    return Answer(data=StreamPage(items=items, total=len(found)))


@router.get("/charts")
def charts(_: Viewer, streams: Streams) -> Answer[HourOut]:
    """The last hour of everything, from memory: bitrates, viewers, dropped frames, disk."""
    return Answer(data=HourOut(**streams.hour()))


@router.websocket("/live")
async def live(websocket: WebSocket, _: Viewer, streams: Streams, gate: Asked) -> None:
    """First `{"type": "whole", "sequence": N, "feed": {…}, "data": snapshot}`, then changes only.

    `{"type": "change", "sequence": N+1, "servers": {NAME: {…, "paths": {PATH: {…}}}}}` names
    servers, paths and studios that differ, with the fields that do; null is gone. `feed` says
    that snapshots do not come, and since when. A `heartbeat` comes every 15 s. Who is too slow
    gets the whole anew.
    """
    await by_websocket(websocket, streams.hub, _check(websocket, gate), HEARTBEAT)


@router.get("/live", response_class=StreamingResponse, responses=_EVENTS)
async def live_events(
    request: Request, _: Viewer, streams: Streams, gate: Asked
) -> StreamingResponse:
    """The same as server-sent events: `curl -N`."""
    source = by_events(streams.hub, _check(request, gate), HEARTBEAT, request.scope[STOPPING])
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(source, media_type="text/event-stream", headers=headers)


@router.get("/{server}/{path:path}", responses=_NOT_THERE)
def one(
    _: Viewer,
    streams: Streams,
    server: Annotated[str, Path(max_length=130)],
    path: Annotated[str, Path(max_length=1_000)],
) -> Answer[StreamWithMinutes]:
    """One path: its sessions summed, its tracks, its bitrate now and in the last ten minutes."""
    found = streams.path(server, path)
    return Answer(data=stream_with_minutes(*found, streams.minutes(server, path)))


def _curve(streams: StreamService, server: Json, path: Json, points: int) -> list[float | None]:
    minutes = streams.minutes(server["name"], path["name"])
    return thinned(minutes["times"], minutes["inbound_bitrate"], points)


def _check(connection: HTTPConnection, gate: Gate) -> Callable[[], object]:
    # Not the first scope itself: what it was found to be then is kept there.
    return lambda: gate.offline_caller(HTTPConnection({**connection.scope, "state": {}}))
