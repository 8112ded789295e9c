"""Where a file of OBS lies on this machine, which may see OBS's folder under another path."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


def locate(path: str, directory: str | None, folder: Path) -> Path | None:
    """The file of OBS's `path` within `folder`; where it should be, if it does not exist.

    OBS's own path if it lies in the folder and exists, else the longest tail of it that exists
    below the folder. None if that would lie outside, by `..` or by a symbolic link.
    """
    inside = [*_own_path(path, folder), *(folder / tail for tail in _tails(path))]
    for candidate in inside:
        if _is_file(candidate) and _lies_within(candidate, folder):
            return candidate
    guess = next(iter(_own_path(path, folder)), folder / below(path, directory))
    return guess if guess != folder and _lies_within(guess, folder) else None


def below(path: str, directory: str | None) -> str:
    """OBS's path without its record directory, whichever system OBS runs on; never a way out."""
    pure = _pure(path)
    base = type(pure)(directory) if directory else None
    tail = pure.relative_to(base) if base and pure.is_relative_to(base) else type(pure)(pure.name)
    return pure.name if ".." in tail.parts else tail.as_posix()


def sibling(path: str, name: str) -> str:
    """OBS's path of another file in the same folder."""
    return path.removesuffix(_pure(path).name) + name


def _pure(path: str) -> PurePath:
    windows = "\\" in path or _DRIVE.match(path)
    return PureWindowsPath(path) if windows else PurePosixPath(path)


def _own_path(path: str, folder: Path) -> Iterator[Path]:
    """The path itself, if it is one of this machine that lies in the folder."""
    pure = _pure(path)
    if not isinstance(pure, PurePosixPath) or not pure.is_absolute() or ".." in pure.parts:
        return
    for base in (folder, _resolved(folder)):
        if base is not None and pure.is_relative_to(base):
            yield folder / pure.relative_to(base)
            return


def _tails(path: str) -> Iterator[PurePosixPath]:
    """The ends of a path, the longest first, without those that lead upwards."""
    pure = _pure(path)
    parts = pure.parts[1:] if pure.anchor else pure.parts
    for start in range(len(parts)):
        if ".." not in parts[start:]:
            yield PurePosixPath(*parts[start:])


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _lies_within(path: Path, folder: Path) -> bool:
    inner, outer = _resolved(path), _resolved(folder)
    return inner is not None and outer is not None and inner.is_relative_to(outer)


def _resolved(path: Path) -> Path | None:
    """Without symbolic links; None for what leads nowhere, like a loop of them."""
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):
        return None
