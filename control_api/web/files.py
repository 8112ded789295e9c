"""The page's files, read once: what is not among them is not there, whatever its name."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parent / "page"
TYPES: Mapping[str, str] = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file as it is sent; `tag` stands for its content."""

    content: bytes
    packed: bytes
    type: str
    tag: str


def read(folder: Path = PAGE) -> Mapping[str, PageFile]:
    """All files by their name below the folder, as `lib/dom.js`."""
    return {
        path.relative_to(folder).as_posix(): _file(path)
        for path in sorted(folder.rglob("*"))
        if path.suffix in TYPES
    }


def _file(path: Path) -> PageFile:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:16]
    return PageFile(content, gzip.compress(content, mtime=0), TYPES[path.suffix], f'"{digest}"')
