"""The parameters of a clip's job: the request for the cutter, and what becomes of its result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from control_api.jobs.work import attempt_path
from leitstand.cut.chapters import in_a_row
from leitstand.cut.request import Request, Tags
from leitstand.cut.stored import restored, stored


@dataclass(frozen=True, slots=True)
class ClipJob:
    """A clip that was ordered. `request` is what the cutter is given, `spans` are
    `(video id, start, end)`, `start` is when it was filmed, `bytes` what may be written,
    `details` its gaps and moved times."""

    id: str
    request: Request
    spans: Sequence[tuple[str, float, float]]
    studio: str | None
    start: float | None
    bytes: int
    by: str
    details: Mapping[str, Any]

    @property
    def title(self) -> str:
        return Tags.of(self.request.title).title or ""

    @property
    def seconds(self) -> float:
        return sum(part.end - part.start for part in self.request.parts)

    def params(self) -> dict[str, Any]:
        """What the queue keeps; `output` and `details` are for the queue itself."""
        return {
            "id": self.id,
            "output": str(self.request.output),
            "request": stored(self.request),
            "spans": [list(span) for span in self.spans],
            "studio": self.studio,
            "start": self.start,
            "bytes": self.bytes,
            "by": self.by,
            "details": dict(self.details),
        }

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> ClipJob:
        """Reads what the queue kept, also what an earlier version put there."""
        return cls(
            id=params["id"],
            request=restored(params["request"] if "request" in params else _upgraded(params)),
            spans=[(id, start, end) for id, start, end in params["spans"]],
            studio=params["studio"],
            start=params["start"],
            bytes=int(params["bytes"]),
            by=params["by"],
            details=params.get("details", {}),
        )


def attempted(params: Mapping[str, Any]) -> Request:
    """The request of a job, into the file of one attempt."""
    return replace(ClipJob.of(params).request, output=attempt_path(params))


def tags(title: str, marks: Sequence[tuple[float, str]], seconds: float) -> Tags:
    """The tags of a clip with chapters that begin at these seconds."""
    return Tags(title or None, in_a_row(marks, seconds, title or "Start"))


def _upgraded(params: Mapping[str, Any]) -> dict[str, Any]:
    """The request as plain values, of parameters that had its fields beside the others."""
    parts = [
        {"path": path, "start": start, "end": end, "at": at[0] if at else None}
        for path, start, end, *at in params["parts"]
    ]
    marks = [(at, title) for at, title in params.get("chapters") or ()]
    seconds = sum(part["end"] - part["start"] for part in parts)
    request = Request((), Path(params["output"]), title=tags(params["title"], marks, seconds))
    kept = ("mode", "container", "width", "height", "video_bitrate", "audio_bitrate", "audio_only")
    given = {name: params[name] for name in (*kept, "effects") if name in params}
    return stored(request) | given | {"parts": parts}
