"""What is told of how a video is played."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from control_api.envelope import Shape
from control_api.jobs.shapes import JobOut


class PlayOut(Shape):
    """How browsers play a video."""

    how: Literal["as_is", "virtual", "remux", "transcode"]
    """as_is: its file; virtual: its file behind an index, nothing is copied; remux: copied into an
    MP4 by a job; transcode: what no browser plays is made anew by a job."""
    codecs: list[str]
    """Of its picture and its sound."""
    reason: str
    """Why a job is needed."""
    ready: bool
    """Whether it plays at once; otherwise the first call of play begins the job."""
    job: JobOut | None
    """The last job that was to make it playable."""
    url: str
    """What a player is given."""


class PieceOut(Shape):
    """A part of an evening as it is played: seconds [start, end) of the whole, without gaps."""

    start: float
    end: float
    time: datetime
    """When its first second was filmed."""
    video_id: str
    offset: float
    """Seconds into the video at which it begins."""


class MovieOut(Shape):
    """What a player is given for seconds [start, end) of an evening."""

    start: float
    end: float
    url: str
    offset: float
    """Seconds into what is given at which it begins."""
    video_id: str | None
    """The only video that it shows: whether it plays at once is told by its play.json. None: it is
    made of several, and plays at once."""
    pieces: list[PieceOut]


class EveningPlayOut(Shape):
    """How an evening is played: movies one after the other, as a rule one for the whole evening."""

    ready: bool
    """Whether all its videos have been looked at; otherwise it is to be asked for again."""
    done: int
    """How many have been looked at."""
    total: int
    duration: float
    """Seconds, without gaps."""
    movies: list[MovieOut]
