"""The files that a clip is cut from, each opened once for all steps that read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from leitstand.cut.media import Media, opened
from leitstand.media.window import Written

Opener = Callable[[Path | Written], AbstractContextManager[Media]]


class Files:
    """Files that stay open until `close`. Each has one reader at a time: for two at once it is
    opened twice."""

    def __init__(self) -> None:
        self._idle: dict[Path | Written, list[Media]] = {}
        self._stack = ExitStack()

    def close(self) -> None:
        self._idle.clear()
        self._stack.close()

    @contextmanager
    def opened(self, path: Path | Written) -> Iterator[Media]:
        """A file at any position; raises CutError with a sentence."""
        idle = self._idle.setdefault(path, [])
        media = idle.pop() if idle else self._stack.enter_context(opened(path))
        try:
            yield media
        finally:
            idle.append(media)
