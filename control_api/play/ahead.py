"""Looks at the newest videos before anybody wants to see them, so that they play at once."""

from __future__ import annotations

import logging

from control_api.errors import ApiError, Unavailable
from control_api.library.listing import Wanted
from control_api.library.portrait import READY
from control_api.library.store import VideoStore
from control_api.play.service import PlayService

logger = logging.getLogger(__name__)

NEWEST = 20
"""So many: some evenings, of several studios."""

Looked = tuple[str, int, int]
"""A video and what its file was like: id, bytes, time of modification in ns."""


class Ahead:
    """Looks at each only once, also at one that brings its reader down."""

    def __init__(self, videos: VideoStore, service: PlayService) -> None:
        self._videos = videos
        self._service = service
        self._looked: set[Looked] = set()

    def run(self) -> None:
        rows, _ = self._videos.page(Wanted(), 0, NEWEST)
        there = {(row.id, row.size, row.mtime_ns) for row in rows if row.state == READY}
        # What is not among the newest any more need not be remembered.
        self._looked &= there
        for each in sorted(there - self._looked):
            self._look(each)

    def _look(self, each: Looked) -> None:
        try:
            self._service.state(each[0])
        except Unavailable:
            return
        except ApiError as error:
            logger.info("the video %s will not play: %s", each[0], error)
        self._looked.add(each)
