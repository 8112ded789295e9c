"""/api/evenings/…/play: a whole evening as browsers play it and seek in it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import Response

from control_api.auth.access import Viewer
from control_api.clock import local
from control_api.envelope import Answer, Failure
from control_api.library import download
from control_api.library.download import DOCUMENTED
from control_api.play.evening import EveningPlay, Movie
from control_api.play.shapes import EveningPlayOut, MovieOut, PieceOut
from control_api.provide import provided

router = APIRouter(prefix="/evenings", tags=["play"])

Plays = Annotated[EveningPlay, Depends(provided(EveningPlay))]
Id = Annotated[str, Path(min_length=1, max_length=32, pattern="^[0-9a-f]+$")]
Version = Annotated[str, Path(min_length=16, max_length=16, pattern="^[0-9a-f]+$")]
Number = Annotated[int, Path(ge=0, le=10_000)]
_ERRORS: dict[int | str, dict[str, Any]] = {status: {"model": Failure} for status in (404, 503)}


@router.get("/{id}/play.json", responses=_ERRORS)
def how(_: Viewer, plays: Plays, id: Id) -> Answer[EveningPlayOut]:
    """The movies that an evening is played as, and when each of their pieces was filmed."""
    programme = plays.programme(id)
    movies = [_movie(id, one, plays) for one in programme.movies]
    told = EveningPlayOut(
        ready=programme.is_ready,
        done=programme.done,
        total=programme.total,
        duration=movies[-1].end if movies else 0.0,
        movies=movies,
    )
    return Answer(data=told)


@router.get(
    "/{id}/play/{version}/{number}", response_class=Response, responses=_ERRORS | DOCUMENTED
)
def play(
    _: Viewer, request: Request, id: Id, *, plays: Plays, version: Version, number: Number
) -> Response:
    """One of these movies for `<video src=…>`, or a part of it by Range."""
    found = plays.opened(id, version, number)
    response = download.answer(found, request.headers, plays.zone, body=request.method == "GET")
    told = response.headers["Content-Disposition"]
    response.headers["Content-Disposition"] = told.replace("attachment", "inline", 1)
    return response


@router.head("/{id}/play/{version}/{number}", include_in_schema=False)
def head(
    caller: Viewer, request: Request, id: Id, *, plays: Plays, version: Version, number: Number
) -> Response:
    return play(caller, request, id, plays=plays, version=version, number=number)


def _movie(id: str, movie: Movie, plays: EveningPlay) -> MovieOut:
    pieces = [
        PieceOut(
            start=one.start,
            end=one.end,
            time=local(one.wall, plays.zone),
            video_id=one.id,
            offset=one.offset,
        )
        for one in movie.pieces
    ]
    alone = movie.pieces[0].id if movie.number is None else None
    url = f"/api/evenings/{id}/play/{movie.version}/{movie.number}"
    return MovieOut(
        start=pieces[0].start,
        end=pieces[-1].end,
        url=f"/api/videos/{alone}/play" if alone else url,
        offset=movie.offset,
        video_id=alone,
        pieces=pieces,
    )
