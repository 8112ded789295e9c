"""What lies among the clips and nobody knows: after the database was lost, or put back from before.

A whole clip is known again, by what its file says; what was never whole goes.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Callable, Collection
from pathlib import Path

from control_api.clips.store import ClipStore
from control_api.clips.tables import ClipRow
from control_api.library.probing import Prober

logger = logging.getLogger(__name__)

PART, WORK = ".part", ".work"
_NAME = re.compile(
    r"(?P<id>[0-9a-f]{16})(?P<attempt>\.\d+)?\.(mp4|mkv|webm|m4a|mka)(?P<draft>\.part|\.work)?",
    re.ASCII,
)
_REASON = "it was found after the list of clips had been lost; what it was cut from is not known"


class Strays:
    def __init__(self, store: ClipStore, folder: Path, probe: Prober) -> None:
        self._store = store
        self._folder = folder
        self._probe = probe

    def tidy(self, awaited: Callable[[], Collection[str]]) -> None:
        """`awaited` says of which clips a job is not over."""
        if not self._folder.is_dir():
            return
        # In this order: a clip whose job begins after the question is not in the list of files.
        paths = sorted(self._folder.iterdir())
        ids = awaited()
        for path in paths:
            name = _NAME.fullmatch(path.name)
            if name is None or name["id"] in ids:
                continue
            is_whole = not name["attempt"] and not name["draft"]
            self._tried(self._take if is_whole else _remove, path)

    def _tried(self, work: Callable[[Path], None], path: Path) -> None:
        """What cannot be had keeps no other from it."""
        try:
            work(path)
        except OSError as error:
            logger.warning("%s, which no clip or job knows: %s", path, error.strerror or error)

    def _take(self, path: Path) -> None:
        if self._store.get(path.stem) is not None:
            return
        probe = self._probe(path)
        if probe.damaged:
            logger.warning("%s is no clip that is known: %s; it is left", path, probe.damaged)
            return
        found = path.stat()
        self._store.save(
            ClipRow(
                id=path.stem,
                name=path.name,
                title="",
                studio=None,
                start=None,
                duration=probe.duration,
                size=found.st_size,
                mode_used="unknown",
                verified=False,
                reason=_REASON,
                notes=[],
                spans=[],
                by="",
                created_at=found.st_mtime,
            )
        )
        logger.warning("%s was known to nobody and is a clip again", path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        os.unlink(path)
    logger.info("%s was never finished and is gone", path)
