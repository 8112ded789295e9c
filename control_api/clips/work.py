"""Cuts one clip, in a process of its own: see `control_api.jobs.work`."""

from __future__ import annotations

import errno
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from control_api.clips.job import attempted
from control_api.jobs.work import Failed, Report
from leitstand.cut import CutError, Request, cut


def work(params: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """`params` are those of a `ClipJob`; the clip lies under the attempt's name afterwards.

    `seconds_taken` of the result is how long making it took.
    """
    began = time.monotonic()
    request = attempted(params)
    for part in request.parts:
        _must_be_itself(part.path)
    try:
        result = cut(request, report)
    except CutError as error:
        raise Failed(_full(request, params["bytes"], error) or str(error)) from None
    except (ValueError, TypeError) as error:
        # PyAV's own objections to a damaged file: a picture without a form, sound that changes its.
        traceback.print_exc()
        names = ", ".join(dict.fromkeys(part.path.name for part in request.parts))
        raise Failed(f"{names} cannot be cut, it seems to be damaged ({error})") from None
    return {
        "mode_used": str(result.mode_used),
        "reason": result.reason,
        "verified": result.verdict is not None and result.verdict.right,
        "duration": result.seconds,
        "size": result.path.stat().st_size,
        "notes": [{"code": one.code, "params": dict(one.parameters)} for one in result.notes],
        "seconds_taken": round(time.monotonic() - began, 3),
    }


def _must_be_itself(path: Path) -> None:
    """The library follows no link; one that was put there since leads nowhere either."""
    if path.resolve() != path:
        raise Failed(f"{path.name} is a link now; a clip is cut from files of the library alone")


def _full(request: Request, needed: float, error: CutError) -> str | None:
    """A sentence if it failed for want of room."""
    if getattr(error.__cause__, "errno", None) not in (errno.ENOSPC, errno.EDQUOT):
        return None
    return (
        f"the disk is full where {request.output.parent} is; up to {needed / 1e6:,.1f} MB are "
        "needed: make room and retry it"
    )
