"""The bodies of /api/schedules."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic import WithJsonSchema as Json
from pydantic.config import JsonDict

from control_api.clock import local
from control_api.envelope import Shape
from control_api.recordings.reasons import Code
from control_api.schedules.advice import Advice
from control_api.schedules.notation import (
    clock_text,
    parse_clock,
    parse_date,
    parse_start,
    parse_weekdays,
    weekday_names,
)
from control_api.schedules.runs import Outcome
from control_api.schedules.service import Fields
from control_api.schedules.tables import RunRow
from control_api.schedules.windows import Schedule, Window
from leitstand.config.values import check_zone

MOST_DATES = 366


def _printable(title: str) -> str:
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in title):
        raise ValueError("must be one line without control characters")
    return title


_HOURS = "(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?"
Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(_printable),
]
StudioName = Annotated[str, StringConstraints(max_length=63)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Weekdays = Annotated[list[Weekday], Field(max_length=50)]
Start = Annotated[
    int,
    BeforeValidator(parse_start),
    Json({"type": "string", "pattern": f"^{_HOURS}$"}),
]
End = Annotated[
    int,
    BeforeValidator(parse_clock),
    Json({"type": "string", "pattern": f"^(?:{_HOURS}|24:00(?::00)?)$"}),
]
LocalDate = Annotated[date, BeforeValidator(parse_date), Json({"type": "string", "format": "date"})]
Dates = Annotated[list[LocalDate], Field(max_length=MOST_DATES)]
Timezone = Annotated[str, StringConstraints(max_length=64), AfterValidator(check_zone)]
Switch = Annotated[bool, Field(strict=True)]

_EVENINGS: JsonDict = {
    "title": "Evening show",
    "studio": "stage",
    "weekdays": ["fri", "sat"],
    "start": "19:50",
    "end": "00:30",
    "timezone": "Europe/Berlin",
    "skip": ["2026-12-25"],
    "add": ["2026-12-31"],
    "enabled": True,
}
_ONCE: JsonDict = {"title": "Premiere", "start": "19:00", "end": "23:00", "add": ["2027-05-01"]}


class ScheduleIn(Shape):
    """A schedule as a whole. Dates and weekdays are those of the start, where the studio is."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EVENINGS, _ONCE]})

    title: Title
    """One line, up to 200 characters; the recordings get it"""
    studio: StudioName | None = None
    """May be left out where there is one"""
    weekdays: Weekdays = []
    """May be left out where `add` has dates"""
    start: Start
    """Local time, `HH:MM` or `HH:MM:SS`"""
    end: End
    """Local time, up to `24:00`; not after the start: of the next date"""
    timezone: Timezone | None = None
    """Such as Europe/Berlin; default: `control_api.timezone` of the configuration"""
    skip: Dates = []
    """Dates on which it does not record, even if they are in `add`"""
    add: Dates = []
    """Dates on which it records whatever weekday they are"""
    enabled: Switch = True

    def fields(self) -> Fields:
        return {
            "title": self.title,
            "studio": self.studio,
            "weekdays": parse_weekdays(self.weekdays),
            "start": self.start,
            "end": self.end,
            "zone": _zone(self.timezone),
            "skip": frozenset(self.skip),
            "add": frozenset(self.add),
            "enabled": self.enabled,
        }


class ScheduleChange(Shape):
    """Some of a schedule; what is left out or null stays as it is."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"end": "01:00"}, {"skip": ["2026-12-25", "2027-01-01"]}]}
    )

    title: Title | None = None
    studio: StudioName | None = None
    weekdays: Weekdays | None = None
    start: Start | None = None
    end: End | None = None
    timezone: Timezone | None = None
    skip: Dates | None = None
    """All of them: they replace those of before"""
    add: Dates | None = None
    """All of them: they replace those of before"""
    enabled: Switch | None = None

    def fields(self) -> Fields:
        fields: Fields = {"studio": self.studio, "zone": _zone(self.timezone)}
        if self.title is not None:
            fields["title"] = self.title
        if self.weekdays is not None:
            fields["weekdays"] = parse_weekdays(self.weekdays)
        if self.start is not None:
            fields["start"] = self.start
        if self.end is not None:
            fields["end"] = self.end
        if self.skip is not None:
            fields["skip"] = frozenset(self.skip)
        if self.add is not None:
            fields["add"] = frozenset(self.add)
        if self.enabled is not None:
            fields["enabled"] = self.enabled
        return fields


class SpanOut(Shape):
    """One window; `end` does not belong to it."""

    start: datetime
    end: datetime


class WindowOut(SpanOut):
    """One window of some schedule."""

    schedule_id: int
    studio: str
    title: str
    date: date
    """The local date of the start"""

    @classmethod
    def of(cls, window: Window, zone: ZoneInfo) -> WindowOut:
        return cls(
            schedule_id=window.schedule_id,
            studio=window.studio,
            title=window.title,
            date=date.fromisoformat(window.date),
            start=local(window.start, zone),
            end=local(window.end, zone),
        )


class ConflictOut(SpanOut):
    """A window of another enabled schedule of the studio that overlaps one of this schedule's."""

    schedule_id: int
    title: str


class ScheduleOut(Shape):
    """A schedule, and what comes of it."""

    id: int
    title: str
    studio: str
    weekdays: list[Weekday]
    start: str
    end: str
    timezone: str
    skip: list[date]
    add: list[date]
    enabled: bool
    next: list[SpanOut]
    """The next three windows that begin; none if it is not enabled"""
    conflicts: list[ConflictOut]
    """The first ten within 60 days. Windows that overlap make one recording: this is no error"""
    notes: list[str]
    """What the nights on which clocks are set within 400 days change"""

    @classmethod
    def of(cls, schedule: Schedule, coming: list[Window], advice: Advice) -> ScheduleOut:
        zone = schedule.zone
        return cls(
            id=schedule.id,
            title=schedule.title,
            studio=schedule.studio,
            weekdays=weekday_names(schedule.weekdays),
            start=clock_text(schedule.start),
            end=clock_text(schedule.end),
            timezone=zone.key,
            skip=sorted(schedule.skip),
            add=sorted(schedule.add),
            enabled=schedule.enabled,
            next=[
                SpanOut(start=local(each.start, zone), end=local(each.end, zone)) for each in coming
            ],
            conflicts=[
                ConflictOut(
                    schedule_id=each.schedule_id,
                    title=each.title,
                    start=local(each.start, zone),
                    end=local(each.end, zone),
                )
                for each in advice.conflicts
            ],
            notes=list(advice.notes),
        )


class GapOut(SpanOut):
    """A part of a window that was not recorded."""

    reason: str
    """Why, as a sentence in English."""
    reason_code: Code
    reason_params: dict[str, Any]


class RunOut(SpanOut):
    """What became of one window."""

    id: int
    schedule_id: int
    """The schedule may be deleted since"""
    studio: str
    title: str
    outcome: Outcome
    recorded_seconds: float
    missing_seconds: float
    """Of what is over of the window"""
    gaps: list[GapOut]

    @classmethod
    def of(cls, run: RunRow, zone: ZoneInfo) -> RunOut:
        gaps = [
            GapOut(
                start=local(gap["start"], zone),
                end=local(gap["end"], zone),
                reason=gap["reason"],
                reason_code=Code(gap["code"]),
                reason_params=gap.get("params", {}),
            )
            for gap in run.gaps
        ]
        return cls(
            id=run.id,
            schedule_id=run.schedule_id,
            studio=run.studio,
            title=run.title,
            start=local(run.start, zone),
            end=local(run.end, zone),
            outcome=Outcome(run.outcome),
            recorded_seconds=round(run.recorded_seconds, 3),
            missing_seconds=round(
                sum(
                    gap["end"] - gap["start"] for gap in run.gaps if gap["code"] != Code.NOT_WANTED
                ),
                3,
            ),
            gaps=gaps,
        )


def _zone(name: str | None) -> ZoneInfo | None:
    return None if name is None else ZoneInfo(name)
