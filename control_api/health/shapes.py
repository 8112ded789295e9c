"""How health looks outside."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import ConfigDict

from control_api.clock import local
from control_api.envelope import Shape
from control_api.health.service import Finding, Report, Status

Word = Literal["ok", "failing"]


class CheckOut(Shape):
    """One thing that was looked at."""

    name: str
    status: Word
    studio: str | None
    """The studio whose recordings need it; null where it is not one's alone."""
    reason: str
    since: datetime
    """When it began to be ok, or failing."""

    @classmethod
    def of(cls, finding: Finding) -> CheckOut:
        return cls(
            name=finding.name,
            status=_word(finding),
            studio=finding.studio,
            reason=finding.health.reason,
            since=local(finding.since),
        )


class HealthOut(Shape):
    """Without a token only words, and nothing of studios."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "degraded",
                "checks": {"obs": "failing", "disk": "ok", "database": "ok", "scheduler": "ok"},
                "details": None,
            }
        }
    )

    status: Status
    """`down`: the database cannot be had, or a recording that is due or begins within 15 minutes
    cannot run; `degraded`: something else does not work."""
    checks: dict[str, Word]
    details: list[CheckOut] | None
    """For whoever has a token."""

    @classmethod
    def of(cls, report: Report, *, detailed: bool) -> HealthOut:
        words: dict[str, Word] = {}
        for finding in report.findings:
            kind = finding.name.partition(" ")[0]
            if words.get(kind) != "failing":
                words[kind] = _word(finding)
        details = [CheckOut.of(each) for each in report.findings] if detailed else None
        return cls(status=report.status, checks=words, details=details)


class DownOut(Shape):
    """An error like every other, with the whole report."""

    detail: str
    data: HealthOut


def _word(finding: Finding) -> Word:
    return "ok" if finding.health.ok else "failing"
