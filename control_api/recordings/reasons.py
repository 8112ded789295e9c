"""The table of reason codes: why a studio records or does not, and what is wrong with it.

Programs compare the code and read the parameters; texts for people are made from the templates
here, in both languages. The page's words and the documentation are generated from this table.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class Code(enum.StrEnum):
    """Stable identifiers; they are stored, and part of the API."""

    # Why a studio should record, or should not.
    SCHEDULED = "scheduled"
    STARTED_BY = "started_by"
    STARTED_IN_OBS = "started_in_obs"
    STARTED_BY_LEITSTAND = "started_by_leitstand"
    NOTHING_SCHEDULED = "nothing_scheduled"
    NO_PLAN = "no_plan"
    # Why a part of a window was not recorded.
    NOT_WANTED = "not_wanted"
    OBS_AWAY = "obs_away"
    OBS_REFUSES = "obs_refuses"
    RECORDER_NOT_RUNNING = "recorder_not_running"
    DISK_FULL = "disk_full"
    PAUSED_BY = "paused_by"
    STOPPED_BY = "stopped_by"
    STARTING = "starting"
    STALLED = "stalled"
    OTHER_LEITSTAND = "other_leitstand"
    FILE_UNUSABLE = "file_unusable"
    # Faults that cost no recorded second by themselves.
    SLOW = "slow"
    STOP_IGNORED = "stop_ignored"
    DATABASE_UNWRITABLE = "database_unwritable"
    DATABASE_REPLACED = "database_replaced"
    PLAN_UNWRITABLE = "plan_unwritable"


class Severity(enum.IntEnum):
    """How bad a fault is; the most severe one is the `fault` of a status."""

    INFO = 0
    WARNING = 1
    CRITICAL = 2


@dataclass(frozen=True, slots=True)
class Text:
    """The templates of one code. `{name}` is a parameter, which is always given."""

    english: str
    german: str
    severity: Severity = Severity.INFO


TEXTS: Mapping[Code, Text] = {
    Code.SCHEDULED: Text("scheduled: {title}", "geplant: {title}"),
    Code.STARTED_BY: Text("started by {by}", "gestartet von {by}"),
    Code.STARTED_IN_OBS: Text("started by somebody in OBS itself", "direkt in OBS gestartet"),
    Code.STARTED_BY_LEITSTAND: Text(
        "started by another Leitstand, on {host}, which no longer controls this studio",
        "von einem anderen Leitstand auf {host} gestartet, der dieses Studio nicht mehr steuert",
    ),
    Code.NOTHING_SCHEDULED: Text("nothing is scheduled", "nichts geplant"),
    Code.NO_PLAN: Text(
        "the schedules have not been read yet", "der Zeitplan ist noch nicht gelesen"
    ),
    Code.NOT_WANTED: Text("the schedule did not ask for it", "laut Zeitplan nicht gewünscht"),
    Code.OBS_AWAY: Text("OBS {detail}", "OBS ist nicht erreichbar ({detail})", Severity.CRITICAL),
    Code.OBS_REFUSES: Text(
        "cannot record: {detail}", "OBS nimmt nicht auf: {detail}", Severity.CRITICAL
    ),
    Code.RECORDER_NOT_RUNNING: Text(
        "the recorder was not running", "der Rekorder lief nicht", Severity.CRITICAL
    ),
    Code.DISK_FULL: Text(
        "the disk of the record folder is full ({free_mb} MB free)",
        "die Platte des Aufnahmeordners ist voll ({free_mb} MB frei)",
        Severity.CRITICAL,
    ),
    Code.PAUSED_BY: Text("paused by {by}", "pausiert von {by}"),
    Code.STOPPED_BY: Text("stopped by {by}", "gestoppt von {by}"),
    Code.STARTING: Text("starting", "startet"),
    Code.STALLED: Text(
        "stalled: OBS reports that it records, but {detail}",
        "hängt: OBS meldet eine Aufnahme, aber es kommen keine Daten an ({detail})",
        Severity.CRITICAL,
    ),
    Code.OTHER_LEITSTAND: Text(
        "another Leitstand, on {host}, controls this studio",
        "ein anderer Leitstand auf {host} steuert dieses Studio",
        Severity.CRITICAL,
    ),
    Code.FILE_UNUSABLE: Text(
        "it was recorded, but {detail}", "aufgenommen, aber unbrauchbar: {detail}"
    ),
    Code.SLOW: Text(
        "nothing was written for {seconds} s; OBS is slow, or its disk is",
        "seit {seconds} s wurde nichts geschrieben; OBS oder seine Platte ist langsam",
        Severity.WARNING,
    ),
    Code.STOP_IGNORED: Text(
        "OBS was asked to stop and does not", "OBS soll stoppen und tut es nicht", Severity.WARNING
    ),
    Code.DATABASE_UNWRITABLE: Text(
        "the database cannot be written: {detail}; recording goes on",
        "die Datenbank ist nicht beschreibbar: {detail}; die Aufnahme läuft weiter",
        Severity.WARNING,
    ),
    Code.DATABASE_REPLACED: Text(
        "the database was deleted, replaced or is an older copy: {detail}",
        "die Datenbank wurde gelöscht, ersetzt oder ist eine ältere Kopie: {detail}",
        Severity.CRITICAL,
    ),
    Code.PLAN_UNWRITABLE: Text(
        "the recorder's plan and journal cannot be written anywhere: {detail}",
        "Plan und Journal des Rekorders sind nirgends speicherbar: {detail}",
        Severity.WARNING,
    ),
}

GAP_CODES = frozenset(
    {
        Code.NOT_WANTED,
        Code.NO_PLAN,
        Code.OBS_AWAY,
        Code.OBS_REFUSES,
        Code.RECORDER_NOT_RUNNING,
        Code.DISK_FULL,
        Code.PAUSED_BY,
        Code.STOPPED_BY,
        Code.STARTING,
        Code.STALLED,
        Code.OTHER_LEITSTAND,
        Code.FILE_UNUSABLE,
    }
)
"""The codes that a gap in the account of a window can have."""

BY_HAND = frozenset({Code.NOT_WANTED, Code.PAUSED_BY, Code.STOPPED_BY})
"""Gaps that people chose: they do not make a window a missed one."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A code with the values of its template's parameters."""

    code: Code
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The sentence in English, as logs and the API give it."""
        return TEXTS[self.code].english.format_map(self.params)

    @property
    def severity(self) -> Severity:
        return TEXTS[self.code].severity
