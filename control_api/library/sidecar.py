"""`<name>.json` beside a video: what is known of it and not in it.

Written beside and renamed, so that there is always a whole one. What is read is data from outside.
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from control_api.library.tables import VideoRow
from leitstand import atomicfile

VERSION = 1
_MOST_BYTES = 1 << 20
_LONGEST_FILE_BYTES = 255
_LATEST = 253402300799.0

Instant = Annotated[float, Field(ge=0, le=_LATEST)]
Offset = Annotated[float, Field(ge=0, le=1e9)]
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]


class Broken(Exception):
    """There is a sidecar, and it cannot be used; the sentence says why."""


class Sidecar(BaseModel):
    """Keys that a later version may add are passed over."""

    model_config = ConfigDict(frozen=True, strict=True, allow_inf_nan=False)

    version: Literal[1]
    id: Annotated[str, Field(pattern=r"^[0-9a-f]{16}\z")] | None = None
    studio: Annotated[str, Field(min_length=1, max_length=63)] | None = None
    title: Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*\z")] = ""
    notes: Annotated[str, Field(max_length=4000, pattern=r"^[^\x00]*\z")] = ""
    start: Instant | None = None
    start_estimated: bool = True
    anchors: Annotated[list[tuple[Offset, Instant]], Field(max_length=10_000, strict=False)] = []
    evening: Number | None = None
    evening_id: Annotated[str, Field(pattern=r"^[0-9a-f]{16}\z")] | None = None
    evening_title: Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*\z")] = ""
    evening_by_hand: bool = False
    source: Annotated[str, Field(max_length=63, pattern=r"^[^\x00-\x1f\x7f]*\z")] = ""
    recording_id: Number | None = None
    protected: bool = False
    created_at: Instant | None = None
    trashed_at: Instant | None = None
    added_by: Annotated[str, Field(max_length=100)] = ""


def beside(video: Path) -> Path:
    """Where the sidecar of a video is."""
    return Path(beside_name(str(video)))


def beside_name(video: str) -> str:
    """The same for a name within a folder."""
    folder, slash, name = video.rpartition("/")
    if len(os.fsencode(name)) + len(".json") > _LONGEST_FILE_BYTES:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()[:32]
    return f"{folder}{slash}{name}.json"


def of(row: VideoRow) -> Sidecar:
    fields = {name: getattr(row, name) for name in Sidecar.model_fields if name != "version"}
    anchors = [(offset, wall) for offset, wall in row.anchors]
    return Sidecar.model_construct(**{**fields, "version": VERSION, "anchors": anchors})


def write(video: Path, sidecar: Sidecar) -> None:
    """Raises OSError; then the old one is as it was."""
    whole = sidecar.model_dump_json(indent=1).encode()
    atomicfile.write(beside(video), whole)


def read(video: Path) -> Sidecar | None:
    """None if there is none. Raises Broken."""
    try:
        # Neither through a link, nor waiting for somebody to write into a pipe.
        opened = os.open(beside(video), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Broken(f"cannot be opened ({error.strerror})") from None
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise Broken("is no file")
    with open(opened, "rb") as file:
        text = file.read(_MOST_BYTES + 1)
    if len(text) > _MOST_BYTES:
        raise Broken(f"is larger than {_MOST_BYTES} bytes")
    try:
        return Sidecar.model_validate_json(text)
    except (ValidationError, RecursionError, ValueError) as error:
        wrong = error.errors()[0] if isinstance(error, ValidationError) else {"msg": str(error)}
        where = ".".join(map(str, wrong.get("loc", ()))) or "it"
        raise Broken(f"{where}: {wrong['msg']}") from None


def set_aside(video: Path) -> str:
    """Give a broken one another name, never an existing one; returns it. Raises OSError."""
    place = beside(video)
    stem = os.fsdecode(os.fsencode(place.stem)[: _LONGEST_FILE_BYTES - 20])
    for number in range(1, 1000):
        aside = place.with_name(f"{stem}.broken-{number}")
        if not os.path.lexists(aside):
            os.rename(place, aside)
            return aside.name
    raise OSError("too many broken sidecars")
