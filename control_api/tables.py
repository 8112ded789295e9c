"""Every table, for migrations and for tests that make them all."""

from control_api.audit.tables import AuditRow
from control_api.auth.tables import LoginRow, TokenRow
from control_api.clips.tables import ClipRow, LinkRow
from control_api.database import Base
from control_api.evenings.tables import EveningRow
from control_api.events.tables import EventRow
from control_api.jobs.tables import JobRow
from control_api.leases import LeaseRow
from control_api.library.tables import IntentRow, RevisionRow, VideoRow
from control_api.recorder.tables import (
    CommandRequestRow,
    InstallationRow,
    PublishedStatusRow,
)
from control_api.recordings.tables import HeartbeatRow, OverrideRow, RecordingRow
from control_api.revisions import RevisionCountRow
from control_api.schedules.tables import RunRow, ScheduleRow
from control_api.settings.tables import SettingRow

__all__ = [
    "AuditRow",
    "Base",
    "ClipRow",
    "CommandRequestRow",
    "EveningRow",
    "EventRow",
    "HeartbeatRow",
    "InstallationRow",
    "IntentRow",
    "JobRow",
    "LeaseRow",
    "LinkRow",
    "LoginRow",
    "OverrideRow",
    "PublishedStatusRow",
    "RecordingRow",
    "RevisionCountRow",
    "RevisionRow",
    "RunRow",
    "ScheduleRow",
    "SettingRow",
    "TokenRow",
    "VideoRow",
]
