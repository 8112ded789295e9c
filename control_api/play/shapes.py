"""What is told of how a video is played."""

from __future__ import annotations

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
