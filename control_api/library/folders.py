"""The folders that make up the library: what is in them, and names that become paths safely."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
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


@dataclass(slots=True)
class Found:
    """What a walk saw. `is_complete` is false where a part could not be read."""

    files: dict[str, Stat] = field(default_factory=dict)
    sidecars: set[str] = field(default_factory=set)
    is_complete: bool = True


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

    def walk(self, folder: Folder) -> Found:
        """Every regular video file in it; none through a link, none of a folder within."""
        others = {one.root.resolve() for one in self if one is not folder}
        found = Found()
        root = folder.root.resolve()
        if not root.is_dir():
            return found
        _walk(root, "", _DEEPEST, found, others)
        _walk_trash(root / TRASH, found, others)
        return found

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


def _walk(at: Path, prefix: str, depth: int, found: Found, others: set[Path]) -> None:
    try:
        with os.scandir(at) as entries:
            inner = [entry for entry in entries if not _note(entry, prefix, found)]
    except OSError as error:
        logger.warning("%s cannot be read (%s)", at, error.strerror)
        found.is_complete = False
        return
    for entry in inner if depth else ():
        if Path(entry.path) not in others:
            _walk(Path(entry.path), f"{prefix}{entry.name}/", depth - 1, found, others)


def _note(entry: os.DirEntry[str], prefix: str, found: Found) -> bool:
    """Take a file; False for a folder that is to be looked into."""
    try:
        if entry.name.startswith("."):
            return True
        if entry.is_dir(follow_symlinks=False):
            return not is_storable(entry.name)
        if entry.name.endswith(".json"):
            found.sidecars.add(prefix + entry.name)
        if is_video(entry.name) and entry.is_file(follow_symlinks=False):
            stat = entry.stat(follow_symlinks=False)
            if is_storable(prefix + entry.name):
                found.files[prefix + entry.name] = stat.st_size, stat.st_mtime_ns
    except OSError:
        found.is_complete = False
    return True


def _walk_trash(trash: Path, found: Found, others: set[Path]) -> None:
    if trash.is_symlink() or not trash.is_dir():
        return
    try:
        boxes = [
            Path(entry.path) for entry in os.scandir(trash) if entry.is_dir(follow_symlinks=False)
        ]
    except OSError:
        found.is_complete = False
        return
    for box in boxes:
        if _ID.fullmatch(box.name):
            _walk(box, f"{TRASH}/{box.name}/", _DEEPEST, found, others)
