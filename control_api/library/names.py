"""Names of videos: what they say of the start, which new ones are allowed, what a download gets.

No I/O.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, tzinfo
from pathlib import PurePosixPath
from urllib.parse import quote

from control_api.clock import local
from control_api.errors import BadInput
from leitstand.media.formats import EXTENSIONS

TRASH = ".leitstand-trash"
LONGEST_NAME = 120
_LONGEST_FILE_BYTES = 240
_LONGEST_RELATIVE = 1000
_RESERVED = frozenset(
    ["con", "prn", "aux", "nul"] + [f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)]
)
_STAMP = re.compile(
    r"(?<!\d)(\d{4})-(\d\d)-(\d\d)[ _T](\d\d)-(\d\d)-(\d\d)(?:-(\d{1,6}))?(?!\d)", re.ASCII
)
_REPLAY = re.compile(r"replay(?![a-z])", re.ASCII | re.IGNORECASE)
"""How OBS begins the name of a file of its replay buffer."""


def suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def is_video(name: str) -> bool:
    """Whether the name of a file alone makes it one of the library's."""
    return not name.startswith(".") and suffix(name) in EXTENSIONS


def is_storable(relative: str) -> bool:
    """Whether the index can hold it: it is text, and not longer than a column."""
    try:
        return len(relative.encode()) <= _LONGEST_RELATIVE and "\0" not in relative
    except UnicodeEncodeError:
        return False


def start_told(name: str, zone: tzinfo, duration: float = 0.0) -> float | None:
    """Unix seconds out of OBS's and MediaMTX's patterns, `2026-11-22 20-31-10` and alike.

    A replay buffer's file is called after its end.
    """
    found = _STAMP.search(PurePosixPath(name).name)
    if found is None:
        return None
    *parts, fraction = found.groups()
    try:
        year, month, day, hour, minute, second = map(int, parts)
        then = datetime(year, month, day, hour, minute, second, tzinfo=zone).timestamp()
    except (ValueError, OverflowError):
        return None
    is_end = _REPLAY.match(PurePosixPath(name).name) is not None
    return then + (int(fraction.ljust(6, "0")) / 1e6 if fraction else 0.0) - duration * is_end


def tells_parts_of_seconds(name: str) -> bool:
    """Whether the start that a name tells is exact to a fraction of a second."""
    found = _STAMP.search(PurePosixPath(name).name)
    return found is not None and found.groups()[-1] is not None


def renamed(old: str, base: str) -> str:
    """The relative name with another base; folder and extension stay. Raises BadInput."""
    path = PurePosixPath(old)
    base = unicodedata.normalize("NFC", base)
    if base.lower().endswith(path.suffix.lower()):
        base = base[: -len(path.suffix)]
    _check(base, path.suffix)
    return str(path.with_name(base + path.suffix))


def download_name(studio: str | None, title: str, start: datetime | None, name: str) -> str:
    """What a browser calls the file: studio, title and local start; its own name without them."""
    told = [studio or "", title, start.strftime("%Y-%m-%d %H-%M-%S") if start else ""]
    words = " ".join(filter(None, map(_plain, told)))
    path = PurePosixPath(name)
    return (words[:LONGEST_NAME].strip() or _plain(path.stem) or "video") + suffix(name)


def disposition(name: str) -> str:
    """Content-Disposition of RFC 6266: plain for old clients, UTF-8 for all others."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode() or "video"
    plain = plain.replace("\\", "_").replace('"', "_").replace("%", "_")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def day_of(day: datetime, zone: tzinfo) -> tuple[float, float]:
    """From its first to its last moment in the zone; 23, 24 or 25 hours."""
    start = day.replace(tzinfo=zone)
    following = datetime.fromordinal(day.toordinal() + 1).replace(tzinfo=zone)
    return start.timestamp(), following.timestamp()


def shown(start: float | None, zone: tzinfo) -> datetime | None:
    return None if start is None else local(start, zone)


def _check(base: str, extension: str) -> None:
    wrong = sorted({letter for letter in base if not _is_allowed(letter)})
    if wrong:
        raise BadInput(
            f"name: {base[:100]!r}: {wrong[0]!r} is not allowed; "
            "letters, digits, space and -_.() are"
        )
    if not base or len(base) > LONGEST_NAME:
        raise BadInput(f"name: must have 1 to {LONGEST_NAME} characters, has {len(base)}")
    if len((base + extension).encode()) > _LONGEST_FILE_BYTES:
        raise BadInput(f"name: must be at most {_LONGEST_FILE_BYTES} bytes long in UTF-8")
    if base[0] in ".- " or base[-1] in ". ":
        raise BadInput(
            f"name: {base!r}: must neither begin with one of '.- ' nor end with '.' or ' '"
        )
    if base.split(".")[0].strip().lower() in _RESERVED:
        raise BadInput(f"name: {base!r} is the name of a device; choose another")


def _is_allowed(letter: str) -> bool:
    return letter in " -_.()" or unicodedata.category(letter)[0] in "LMN"


def _plain(text: str) -> str:
    """Without what a file system or a header minds."""
    kept = (c if c.isprintable() and c not in '/\\:*?"<>|' else " " for c in text)
    return " ".join("".join(kept).split()).strip(". ")
