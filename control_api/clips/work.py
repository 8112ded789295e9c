"""Cuts one clip, in a process of its own: see `control_api.jobs.work`."""

from __future__ import annotations

import errno
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from control_api.jobs.work import Failed, Report, attempt_path
from leitstand.cut import CutError, Mode, Part, Request, cut
from leitstand.cut.chapters import in_a_row
from leitstand.cut.request import Effects, Logo, Tags


def work(params: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """`params` as `ClipService` made them; the clip lies under the attempt's name afterwards.

    `seconds_taken` of the result is how long making it took.
    """
    began = time.monotonic()
    for path, _, _ in params["parts"]:
        _must_be_itself(Path(path))
    try:
        result = cut(_request(params), report)
    except CutError as error:
        raise Failed(_full(params, error) or str(error)) from None
    except (ValueError, TypeError) as error:
        # PyAV's own objections to a damaged file: a picture without a form, sound that changes its.
        traceback.print_exc()
        names = ", ".join(dict.fromkeys(Path(path).name for path, _, _ in params["parts"]))
        raise Failed(f"{names} cannot be cut, it seems to be damaged ({error})") from None
    return {
        "mode_used": str(result.mode_used),
        "reason": result.reason,
        "verified": result.verdict is not None and result.verdict.right,
        "duration": result.seconds,
        "size": result.path.stat().st_size,
        "seconds_taken": round(time.monotonic() - began, 3),
    }


def _must_be_itself(path: Path) -> None:
    """The library follows no link; one that was put there since leads nowhere either."""
    if path.resolve() != path:
        raise Failed(f"{path.name} is a link now; a clip is cut from files of the library alone")


def _full(params: Mapping[str, Any], error: CutError) -> str | None:
    """A sentence if it failed for want of room."""
    if getattr(error.__cause__, "errno", None) not in (errno.ENOSPC, errno.EDQUOT):
        return None
    folder, needed = Path(params["output"]).parent, params["bytes"] / 1e6
    return (
        f"the disk is full where {folder} is; up to {needed:,.1f} MB are needed: "
        "make room and retry it"
    )


def _request(params: Mapping[str, Any]) -> Request:
    # What was queued by an earlier version lacks the later keys.
    parts = [Part(Path(path), start, end) for path, start, end in params["parts"]]
    length = sum(part.end - part.start for part in parts)
    marks = [(at, title) for at, title in params.get("chapters") or ()]
    title = params["title"] or None
    return Request(
        parts=parts,
        output=attempt_path(params),
        mode=Mode(params["mode"]),
        container=params.get("container"),
        width=params["width"],
        height=params["height"],
        video_bitrate=params["video_bitrate"],
        audio_bitrate=params.get("audio_bitrate"),
        audio_only=params["audio_only"],
        title=Tags(title, in_a_row(marks, length, title or "Start")),
        effects=_effects(params.get("effects")),
    )


def _effects(given: Mapping[str, Any] | None) -> Effects | None:
    if given is None:
        return None
    logo = given["logo"] and Logo(**{**given["logo"], "path": Path(given["logo"]["path"])})
    return Effects(given["fade_in"], given["fade_out"], logo)
