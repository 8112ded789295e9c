"""Which files are renditions of one recording: remuxes, copies and damaged copies. Pure.

They are recognised by equal packets at several places (`leitstand.media.fingerprint`), never by
their names. What has other packets is another video: an edited copy, where it begins with the same
name and at the same time.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

Fingerprint = Mapping[str, Any]

_LEAST_HASHES = 4
"""The least number of different packets that must be equal; many recordings share black frames."""
_LENGTH_SECONDS = 0.25
_START_SECONDS = 2.0


class Likeness(enum.Enum):
    """How the content of one file relates to that of another."""

    OTHER = enum.auto()
    SAME = enum.auto()
    BEGINNING = enum.auto()
    """It is the beginning of the other."""


@dataclass(frozen=True, slots=True)
class Copy:
    """The facts about a video by which its original is found."""

    id: str
    name: str
    start: float | None
    is_estimated: bool
    is_damaged: bool
    duration: float
    mtime_ns: int
    fingerprint: Fingerprint | None

    @property
    def rank(self) -> tuple[bool, bool, int, int, int, str]:
        """The lowest of several is the original: the file that was written first."""
        path = PurePosixPath(self.name)
        depth, length = len(path.parts), len(path.name)
        return self.is_damaged, self.is_estimated, self.mtime_ns, depth, length, self.name


@dataclass(frozen=True, slots=True)
class Link:
    """What a video is: a rendition of another one, an edited copy, or neither."""

    original: str | None = None
    is_edited: bool = False


def linked(copies: Sequence[Copy]) -> dict[str, Link]:
    """For each of the videos what it is in regard to the others."""
    originals: list[Copy] = []
    links: dict[str, Link] = {}
    for copy in sorted(copies, key=lambda one: one.rank):
        original = next((one for one in originals if _is_rendition(copy, one)), None)
        if original is not None:
            links[copy.id] = Link(original.id)
            continue
        links[copy.id] = Link(is_edited=any(_is_edited(copy, one) for one in originals))
        originals.append(copy)
    return links


def content_of(fingerprint: Fingerprint | None) -> str | None:
    """Equal for files with equal packets of their first track, to look them up by; None where there
    is too little to recognise a file by."""
    if fingerprint is None or len(_hashes(fingerprint)) < _LEAST_HASHES:
        return None
    tracks = sorted(fingerprint["tracks"], key=lambda track: track["kind"] != "video")
    first = tracks[0]["places"].get("0", [])
    return hashlib.sha256("".join(first).encode()).hexdigest()[:32] if first else None


def likeness(one: Copy, other: Copy) -> Likeness:
    """What `one` is in regard to `other`."""
    if one.fingerprint is None or other.fingerprint is None:
        return Likeness.OTHER
    tracks, others = _by_kind(one.fingerprint), _by_kind(other.fingerprint)
    if [kind for kind, _ in tracks] != [kind for kind, _ in others]:
        return Likeness.OTHER
    pairs = [(kind, mine, its) for (kind, mine), (_, its) in zip(tracks, others, strict=True)]
    if not all(_is_like(*pair) for pair in pairs):
        return Likeness.OTHER
    if len(_hashes(one.fingerprint) & _hashes(other.fingerprint)) < _LEAST_HASHES:
        return Likeness.OTHER
    longer = one.duration - other.duration
    if abs(longer) <= _LENGTH_SECONDS:
        return Likeness.SAME
    return Likeness.BEGINNING if longer < 0 else Likeness.OTHER


def _is_rendition(copy: Copy, original: Copy) -> bool:
    if not copy.is_estimated and not original.is_estimated and not _begins_with(copy, original):
        # Recorded at two times: a test picture looks the same every time.
        return False
    found = likeness(copy, original)
    return found is Likeness.SAME or (found is Likeness.BEGINNING and copy.is_damaged)


def _is_edited(copy: Copy, original: Copy) -> bool:
    """Whether it was made out of the other by somebody: it has its name and start, and more."""
    stem, base = PurePosixPath(copy.name).stem, PurePosixPath(original.name).stem
    is_called_after = stem.startswith(base) and stem != base
    return copy.is_estimated and is_called_after and _begins_with(copy, original)


def _begins_with(one: Copy, other: Copy) -> bool:
    if one.start is None or other.start is None:
        return False
    return abs(one.start - other.start) <= _START_SECONDS


def _is_like(kind: str, one: Mapping[str, list[str]], other: Mapping[str, list[str]]) -> bool:
    """Whether two tracks are equal at every place that both have; of audio, where a place lies may
    differ by a packet."""
    places = one.keys() & other.keys()
    if kind == "video":
        return bool(places) and all(one[place] == other[place] for place in places)
    return all(set(one[place]) & set(other[place]) for place in places)


def _by_kind(fingerprint: Fingerprint) -> list[tuple[str, Mapping[str, list[str]]]]:
    tracks = [(str(track["kind"]), track["places"]) for track in fingerprint["tracks"]]
    return sorted(tracks, key=lambda track: track[0])


def _hashes(fingerprint: Fingerprint) -> set[str]:
    tracks = fingerprint["tracks"]
    return {hash for track in tracks for run in track["places"].values() for hash in run}
