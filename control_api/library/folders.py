"""The folders that make up the library: what is in them, and names that become paths safely."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from control_api.errors import Unavailable
from control_api.library.names import TRASH, is_storable, is_video
from leitstand.config import Config

logger = logging.getLogger(__name__)

_DEEPEST = 8
_ID = re.compile(r"[0-9a-f]{16}", re.ASCII)
_DRAFT = re.compile(r"\.leitstand-[0-9a-f]{16}\.tmp", re.ASCII)
"""What a sidecar is called until it is whole."""

Stat = tuple[int, int]
"""Size in bytes, time of the last change in nanoseconds."""


class Escaped(Unavailable):
    """A name that leads out of its folder, by a link that somebody put there."""


@dataclass(frozen=True, slots=True)
class Folder:
    """`studio` is whose recordings come here; None where that is not one studio."""

    key: str
    root: Path
    studio: str | None = None

    def at(self, name: str) -> Path:
        """The path of a name of the index. Raises Escaped, or Unavailable without the folder."""
        parts = PurePosixPath(name).parts
        if not parts or name.startswith("/") or ".." in parts or "\0" in name:
            raise Escaped("the name of the video leads out of the library")
        try:
            root = self.root.resolve(strict=True)
            parent = root.joinpath(*parts[:-1]).resolve()
        except (OSError, RuntimeError):
            raise Unavailable(f"the folder {self.key} cannot be read") from None
        if parent != root.joinpath(*parts[:-1]):
            raise Escaped("the folder of the video is a link; it must not be one")
        return parent / parts[-1]


class Walk:
    """Every regular video file of a folder, one after the other: none through a link, none of a
    folder within (`others`). What it saw is not kept.

    `is_complete` is false where a part could not be read.
    """

    def __init__(self, root: Path, others: set[Path]) -> None:
        self._root = root
        self._others = others
        self.is_complete = True

    def __iter__(self) -> Iterator[tuple[str, Stat]]:
        if self._root.is_dir():
            yield from self._below(self._root, "", _DEEPEST)
            yield from self._trash(self._root / TRASH)

    def _below(self, at: Path, prefix: str, depth: int) -> Iterator[tuple[str, Stat]]:
        inner = []
        try:
            with os.scandir(at) as entries:
                for entry in entries:
                    if self._is_inner(entry):
                        inner.append(entry.name)
                    elif stat := self._stat(entry, prefix):
                        yield prefix + entry.name, stat
        except OSError as error:
            logger.warning("%s cannot be read (%s)", at, error.strerror)
            self.is_complete = False
            return
        for name in inner if depth else ():
            if at / name not in self._others:
                yield from self._below(at / name, f"{prefix}{name}/", depth - 1)

    def _is_inner(self, entry: os.DirEntry[str]) -> bool:
        """Whether it is a folder to look into."""
        if entry.name.startswith(".") or not self._asked(entry.is_dir):
            return False
        return is_storable(entry.name)

    def _stat(self, entry: os.DirEntry[str], prefix: str) -> Stat | None:
        if entry.name.startswith(".") or not is_video(entry.name):
            return None
        if not self._asked(entry.is_file) or not is_storable(prefix + entry.name):
            return None
        try:
            stat = entry.stat(follow_symlinks=False)
        except OSError:
            self.is_complete = False
            return None
        return stat.st_size, stat.st_mtime_ns

    def _asked(self, question: Callable[..., bool]) -> bool:
        try:
            return question(follow_symlinks=False)
        except OSError:
            self.is_complete = False
            return False

    def _trash(self, trash: Path) -> Iterator[tuple[str, Stat]]:
        if trash.is_symlink() or not trash.is_dir():
            return
        try:
            with os.scandir(trash) as entries:
                boxes = [e.name for e in entries if e.is_dir(follow_symlinks=False)]
        except OSError:
            self.is_complete = False
            return
        for box in boxes:
            if _ID.fullmatch(box):
                yield from self._below(trash / box, f"{TRASH}/{box}/", _DEEPEST)


class Folders:
    """All of them; a place that two settings name is one folder."""

    def __init__(self, folders: Sequence[Folder]) -> None:
        self._by_key = {folder.key: folder for folder in folders}

    def __iter__(self) -> Iterator[Folder]:
        return iter(self._by_key.values())

    def __getitem__(self, key: str) -> Folder:
        """Raises Unavailable for one that is no longer in the configuration."""
        if folder := self._by_key.get(key):
            return folder
        raise Unavailable(f"the folder {key} is no longer in the configuration")

    def locate(self, path: Path) -> tuple[Folder, str] | None:
        """The folder that a file is in, and its name there."""
        try:
            real = path.parent.resolve() / path.name
            inside = [
                (folder, real.relative_to(folder.root.resolve()).as_posix())
                for folder in self
                if real.is_relative_to(folder.root.resolve())
            ]
        except (OSError, RuntimeError):
            return None
        return min(inside, key=lambda found: len(found[1]), default=None)

    def walk(self, folder: Folder) -> Walk:
        others = {one.root.resolve() for one in self if one is not folder}
        return Walk(folder.root.resolve(), others)

    def drafts(self) -> Iterator[Path]:
        """Sidecars that were never finished; who asks keeps others from writing one."""
        for folder in self:
            for at, _, names in os.walk(folder.root):
                yield from (Path(at, name) for name in names if _DRAFT.fullmatch(name))


def configured(config: Config) -> Folders:
    """`control_api.library` and every `obs[].recordings`."""
    places: dict[Path, list[str | None]] = {}
    keys: dict[Path, str] = {}
    wanted: list[tuple[Path | None, str, str | None]]
    wanted = [(config.control_api.library, "library", None)]
    wanted += [(each.recordings, f"obs:{each.name}", each.name) for each in config.obs]
    for path, key, studio in wanted:
        if path is not None:
            real = path.resolve()
            keys.setdefault(real, key)
            places.setdefault(real, []).append(studio)
    return Folders([Folder(keys[real], real, _only(names)) for real, names in places.items()])


def _only(studios: Sequence[str | None]) -> str | None:
    names = [name for name in studios if name]
    return names[0] if len(names) == 1 else None
