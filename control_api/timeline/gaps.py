"""Why nothing was recorded in a hole of the timeline, from the recorder's account. Pure."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from control_api.recordings.reasons import TEXTS
from control_api.timeline.cover import Cover

_SLACK_SECONDS = 2.0
"""How far account and files may differ: a shorter remainder belongs to the gap beside it."""


class Missing(enum.StrEnum):
    """Codes of gaps about which the account says nothing."""

    NO_ACCOUNT = "no_account"
    PAUSED = "paused"
    VIDEO_UNUSABLE = "video_unusable"
    NO_VIDEO = "no_video"
    NOT_WRITTEN = "not_written"


ENGLISH: Mapping[Missing, str] = {
    Missing.NO_ACCOUNT: "nothing was recorded, as far as is known",
    Missing.PAUSED: "the recording was paused",
    Missing.VIDEO_UNUSABLE: "the video {name} is {state}",
    Missing.NO_VIDEO: "it was recorded, but the video is not in the library",
    Missing.NOT_WRITTEN: "the recording goes on, and has not got to the disk so far yet",
}
_ENGLISH: Mapping[str, str] = {
    **{str(code): text.english for code, text in TEXTS.items()},
    **{str(code): text for code, text in ENGLISH.items()},
}
_MISSING = frozenset(ENGLISH)


@dataclass(frozen=True, slots=True)
class Gap:
    """[start, end) in Unix seconds without a recording; `code` is a `Code` or a `Missing`."""

    start: float
    end: float
    code: str
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The reason as a sentence in English."""
        template = _ENGLISH.get(self.code)
        return template.format_map(self.params) if template else self.code


def named(holes: Iterable[tuple[float, float]], reasons: Sequence[Gap]) -> list[Gap]:
    """Each hole with its reason, as several gaps where it has several; of two reasons for the same
    moment the first of the sequence counts."""
    return [gap for begin, end in holes for gap in _filled(begin, end, reasons)]


def _filled(begin: float, end: float, reasons: Sequence[Gap]) -> list[Gap]:
    cover, found = Cover(), []
    for reason in (*reasons, Gap(begin, end, Missing.NO_ACCOUNT)):
        first, last = max(begin, reason.start), min(end, reason.end)
        for free in list(cover.free(first, last)) if first < last else ():
            cover.add(*free)
            found.append(replace(reason, start=free[0], end=free[1]))
    return _without_remainders(sorted(found, key=lambda gap: gap.start))


def _without_remainders(gaps: Sequence[Gap]) -> list[Gap]:
    """The same with equal neighbours as one, and what is too short added to its neighbour."""
    kept: list[Gap] = []
    for gap in gaps:
        if kept and (_is_same(kept[-1], gap) or _is_remainder(gap)):
            kept[-1] = replace(kept[-1], end=gap.end)
        elif kept and _is_remainder(kept[-1]):
            kept[-1] = replace(gap, start=kept[-1].start)
        else:
            kept.append(gap)
    return kept


def _is_remainder(gap: Gap) -> bool:
    return gap.code in _MISSING and gap.end - gap.start < _SLACK_SECONDS


def _is_same(one: Gap, other: Gap) -> bool:
    return (one.code, one.params) == (other.code, other.params)
