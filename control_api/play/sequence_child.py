"""Joins the indexes of several files into heads of movies, alone in a process that opens nothing.

Its standard input is a line of JSON, and after it the indexes of the files, one after the other. So
is its answer: a line that tells the movies, and their heads.
"""

from __future__ import annotations

import json
import os
import resource
import struct
import sys
from typing import Any

from control_api.play import boxes
from control_api.play.movie import Indexed, indexed
from control_api.play.samples import Unfit
from control_api.play.sequence import Part, Piece, joined, runs
from leitstand.media.sandbox import lock_in

_MOST_OUTPUT = 512 << 20
_CPU_SECONDS = 60
_LESS_URGENT = 10


def main() -> None:
    # Whoever records has the processors first.
    os.nice(_LESS_URGENT)
    lock_in(_CPU_SECONDS)
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MOST_OUTPUT, _MOST_OUTPUT))
    line = sys.stdin.buffer.readline()
    asked: dict[str, Any] = json.loads(line)
    files = [_indexed(sys.stdin.buffer.read(one["length"])) for one in asked["files"]]
    movies, heads = [], []
    numbers = [one["file"] for one in asked["parts"]]
    for run in runs([None if one is None else files[one] for one in numbers]):
        for movie, head in _movies(run, asked, files):
            movies.append({**movie, "head": len(head)})
            heads.append(head)
    sys.stdout.buffer.write(json.dumps({"movies": movies}).encode() + b"\n" + b"".join(heads))


def _indexed(index: bytes) -> list[Indexed] | None:
    try:
        return indexed(index)
    except Unfit:
        return None


def _movies(
    run: list[int], asked: dict[str, Any], files: list[list[Indexed] | None]
) -> list[tuple[dict[str, Any], bytes]]:
    """One; where the parts do not fit into one table, each by itself, without those that fit into
    none."""
    try:
        return [_movie(run, asked, files)]
    except (Unfit, struct.error, OverflowError):
        return [one for part in run if len(run) > 1 for one in _movies([part], asked, files)]


def _movie(
    run: list[int], asked: dict[str, Any], files: list[list[Indexed] | None]
) -> tuple[dict[str, Any], bytes]:
    places: dict[int, int] = {}
    payload = 0
    parts = []
    for number in run:
        told = asked["parts"][number]
        file = asked["files"][told["file"]]
        if told["file"] not in places:
            places[told["file"]] = payload
            payload += file["size"]
        moved = places[told["file"]] - file["shift"]
        tracks = files[told["file"]] or ()
        parts.append(Part(tracks, told["begin"], told["end"], moved, told["follows"]))
    tracks, pieces = joined(parts)
    shown = [_told(number, piece) for number, piece in zip(run, pieces, strict=True)]
    return {"files": list(places), "pieces": shown}, boxes.head(tracks, payload)


def _told(part: int, piece: Piece) -> dict[str, Any]:
    return {"part": part, "start": piece.start, "end": piece.end, "offset": piece.offset}
