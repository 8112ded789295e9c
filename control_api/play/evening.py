"""Plays an evening: as few movies as its parts allow, each over several videos, nothing copied."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO, cast

from control_api.errors import BadInput, NotFound
from control_api.evenings.service import EveningService, Shown
from control_api.library.service import Opened
from control_api.play.reading import Reader
from control_api.play.rope import Rope, Strand
from control_api.play.service import Called, Index, PlayService
from control_api.play.store import SEQUENCE, PlayStore
from control_api.timeline.line import SEAM_SECONDS, Span

_VERSION = 1
"""The version of the sequence format; a sequence of another version is built again."""
_LOOK_SECONDS = 8.0
"""For so long the videos are looked at before the answer says how far that is."""
_MOST_INDEXES = 256 << 20
_MOST_LINE = 4 << 20


@dataclass(frozen=True, slots=True)
class Piece:
    """Seconds [start, end) of the evening's play are those of a video from `offset` on, filmed at
    `wall`."""

    start: float
    end: float
    wall: float
    id: str
    offset: float


@dataclass(frozen=True, slots=True)
class Movie:
    """Neighbouring pieces in one file; `number` is that of the sequence `version`, None: it is the
    video itself, from `offset` on."""

    pieces: Sequence[Piece]
    number: int | None
    version: str = ""
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class Programme:
    """How an evening is played, as far as `done` of its `total` videos have been looked at."""

    movies: Sequence[Movie]
    done: int
    total: int

    @property
    def is_ready(self) -> bool:
        return self.done == self.total


class EveningPlay:
    def __init__(
        self, evenings: EveningService, plays: PlayService, reader: Reader, store: PlayStore
    ) -> None:
        self.zone = evenings.zone
        self._evenings = evenings
        self._plays = plays
        self._reader = reader
        self._store = store

    def programme(self, id: str) -> Programme:
        """Raises NotFound, Unavailable."""
        shown = self._evenings.show(id)
        spans = shown.recorded.spans
        ids = list(dict.fromkeys(span.id for span in spans))
        with contextlib.ExitStack() as open:
            indexes: dict[str, Index | None] = {}
            until = time.monotonic() + _LOOK_SECONDS
            for one in ids:
                indexes[one] = self._index(one, open)
                if time.monotonic() > until and len(indexes) < len(ids):
                    return Programme([], len(indexes), len(ids))
            movies = self._joined(shown, indexes)
        return Programme(list(_laid_out(spans, movies)), len(ids), len(ids))

    def opened(self, id: str, version: str, number: int) -> Opened:
        """A movie, open. Raises NotFound where the evening is not what it was then."""
        file = self._store.sequence(_name(id, version))
        if file is None:
            raise NotFound("the evening has changed; load it again")
        try:
            told, skip = _told(file)
            movie = told["movies"][number]
            skip += sum(one["head"] for one in told["movies"][:number])
            strands = [Strand(movie["head"], partial(_dup, file), skip)]
            for part in movie["files"]:
                opener = partial(self._plays.payload, part["id"], part["key"], part["made"])
                # What is gone is told before the answer begins.
                opener().close()
                strands.append(Strand(part["size"], opener))
            rope = _Held(strands, file)
            mtime_ns = os.fstat(file.fileno()).st_mtime_ns
        except (ValueError, KeyError, IndexError, TypeError):
            file.close()
            raise NotFound("there is no such part of the evening") from None
        except BaseException:
            file.close()
            raise
        row = Called(f"{id}-{version}-{number}", "evening.mp4", "", None, None)
        return Opened(row, cast(BinaryIO, rope), rope.size, mtime_ns)

    def _index(self, id: str, open: contextlib.ExitStack) -> Index | None:
        try:
            found = self._plays.index(id)
        except (BadInput, NotFound):
            return None
        if found is not None:
            open.enter_context(found.file)
        return found

    def _joined(self, shown: Shown, indexes: Mapping[str, Index | None]) -> list[dict[str, Any]]:
        """The movies of a sequence, of which each names its spans, made where it is not there."""
        spans = shown.recorded.spans
        known = {id: one for id, one in indexes.items() if one is not None}
        if len(spans) < 2 or not known:
            return []
        version = _version(spans, known)
        name = _name(shown.evening.row.id, version)
        # Parts that do not go together are played one by one.
        with contextlib.suppress(BadInput):
            self._reader.once(name, lambda: self._make(name, spans, known))
        file = self._store.sequence(name)
        if file is None:
            return []
        with file:
            movies: list[dict[str, Any]] = _told(file)[0]["movies"]
        return [
            {**movie, "number": number, "version": version} for number, movie in enumerate(movies)
        ]

    def _make(self, name: str, spans: Sequence[Span], indexes: Mapping[str, Index]) -> None:
        if (there := self._store.sequence(name)) is not None:
            there.close()
            return
        files = list(indexes)
        if sum(one.length for one in indexes.values()) > _MOST_INDEXES:
            raise BadInput("the evening: it is too long to be played in one piece")
        asked = {
            "files": [
                {"length": one.length, "shift": one.shift, "size": one.size}
                for one in indexes.values()
            ],
            "parts": [
                {
                    "file": files.index(span.id) if span.id in indexes else None,
                    "begin": span.offset,
                    "end": span.offset + span.length,
                    "follows": abs(span.wall - before.end) < SEAM_SECONDS,
                }
                for before, span in zip([spans[0], *spans], spans, strict=False)
            ],
        }
        with self._store.scratch() as given, self._store.scratch() as answer:
            given.write(json.dumps(asked).encode() + b"\n")
            for one in indexes.values():
                one.file.seek(one.skip)
                _copy(one.file, given, one.length)
            given.seek(0)
            self._reader.join(given, answer)
            try:
                movies, heads = _checked(answer, len(files), len(spans))
            except (ValueError, KeyError, TypeError):
                raise BadInput("the evening: nothing sound can be found out about it") from None
            for movie in movies:
                movie["files"] = [_file(files[one], indexes) for one in movie["files"]]
            answer.seek(heads)
            with self._store.writing(name + SEQUENCE) as file:
                file.write(json.dumps({"movies": movies}).encode() + b"\n")
                shutil.copyfileobj(answer, file)


class _Held(Rope):
    """Closes the file of the heads too."""

    def __init__(self, strands: Sequence[Strand], heads: BinaryIO) -> None:
        super().__init__(strands)
        self._heads = heads

    def close(self) -> None:
        super().close()
        self._heads.close()


def _dup(file: BinaryIO) -> BinaryIO:
    return os.fdopen(os.dup(file.fileno()), "rb", buffering=0)


def _copy(source: BinaryIO, target: Any, length: int) -> None:
    while length and (piece := source.read(min(1 << 20, length))):
        target.write(piece)
        length -= len(piece)


def _file(id: str, indexes: Mapping[str, Index]) -> dict[str, Any]:
    one = indexes[id]
    return {"id": id, "key": one.key, "made": one.is_made, "size": one.size}


def _version(spans: Sequence[Span], indexes: Mapping[str, Index]) -> str:
    """Another one as soon as anything is cut or found in another way."""
    parts = []
    for one in spans:
        index = indexes.get(one.id)
        source = (one.id,) if index is None else (index.key, index.is_made)
        parts.append((*source, round(one.offset, 3), round(one.length, 3)))
    return hashlib.sha256(json.dumps([_VERSION, parts]).encode()).hexdigest()[:16]


def _name(id: str, version: str) -> str:
    return f"{id}-{version}"


def _told(file: BinaryIO) -> tuple[dict[str, Any], int]:
    """The first line, and where it ends."""
    file.seek(0)
    line = file.read(_MOST_LINE).partition(b"\n")[0]
    return json.loads(line), len(line) + 1


def _checked(answer: Any, files: int, parts: int) -> tuple[list[dict[str, Any]], int]:
    """The movies that the process tells, and where their heads begin. Raises ValueError, KeyError,
    TypeError where that is not sound."""
    told, begin = _told(answer)
    movies: list[dict[str, Any]] = []
    for one in told["movies"]:
        pieces = [
            {
                "part": _within(piece["part"], parts),
                **{name: _seconds(piece[name]) for name in ("start", "end", "offset")},
            }
            for piece in one["pieces"]
        ]
        numbers = [_within(each, files) for each in one["files"]]
        head = int(one["head"])
        if not pieces or not numbers or head <= 0:
            raise ValueError
        movies.append({"pieces": pieces, "files": numbers, "head": head})
    shown = [piece["part"] for movie in movies for piece in movie["pieces"]]
    if sorted(set(shown)) != shown:
        raise ValueError
    if answer.seek(0, os.SEEK_END) != begin + sum(movie["head"] for movie in movies):
        raise ValueError
    return movies, begin


def _within(number: Any, count: int) -> int:
    if not isinstance(number, int) or not 0 <= number < count:
        raise ValueError
    return number


def _seconds(value: Any) -> float:
    if not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise ValueError
    return float(value)


def _laid_out(spans: Sequence[Span], movies: Sequence[Mapping[str, Any]]) -> Iterator[Movie]:
    """The movies by time; a span that is in none is one by itself."""
    begins = {movie["pieces"][0]["part"]: movie for movie in movies}
    inside = {piece["part"] for movie in movies for piece in movie["pieces"]}
    at = 0.0
    for place, span in enumerate(spans):
        if place in begins:
            movie = begins[place]
            pieces = [_piece(one, spans[one["part"]], at) for one in movie["pieces"]]
            at = pieces[-1].end
            yield Movie(pieces, movie["number"], movie["version"])
        elif place not in inside:
            alone = Piece(at, at + span.length, span.wall, span.id, span.offset)
            at = alone.end
            yield Movie([alone], None, offset=span.offset)


def _piece(told: Mapping[str, Any], span: Span, at: float) -> Piece:
    wall = span.wall + told["offset"] - span.offset
    return Piece(at + told["start"], at + told["end"], wall, span.id, told["offset"])
