"""Cuts one clip, in a process of its own: see `control_api.jobs.work`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from control_api.jobs.work import Failed, Report
from leitstand.cut import CutError, Mode, Part, Request, cut


def work(params: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """`params` as `ClipService` made them; the clip lies under its final name afterwards."""
    request = Request(
        parts=[Part(Path(path), start, end) for path, start, end in params["parts"]],
        output=Path(params["output"]),
        mode=Mode(params["mode"]),
        width=params["width"],
        height=params["height"],
        video_bitrate=params["video_bitrate"],
        audio_only=params["audio_only"],
        title=params["title"] or None,
    )
    try:
        result = cut(request, report)
    except CutError as error:
        raise Failed(str(error)) from None
    return {
        "mode_used": str(result.mode_used),
        "reason": result.reason,
        "verified": result.verdict is not None and result.verdict.right,
        "duration": result.seconds,
        "size": result.path.stat().st_size,
    }
