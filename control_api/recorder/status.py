"""What the recorder knows of itself and of each studio, as it is sent to the API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from control_api.recorder.desired_state import Override, Want
from control_api.recorder.faults import Fault
from control_api.recorder.plan import Extension, Replacement
from control_api.recorder.recording import Recording
from control_api.recordings.reasons import Code, Reason


class StudioStatus(msgspec.Struct):
    """A studio's recording after a look. Times are Unix seconds.

    `recording` is the current file, also while it is being started; `last` the one before it.
    `is_known` is False as long as no plan was read. `until` is when the desired state ends.
    `is_standby`: another recorder on the same database controls the studio, or may.
    """

    studio: str
    is_known: bool = False
    connected: bool = False
    desired: bool = False
    since: float = 0.0
    until: float | None = None
    reason_code: Code = Code.NO_PLAN
    reason_params: dict[str, Any] = {}
    active: bool = False
    paused: bool = False
    verified: bool = False
    stalled: bool = False
    recording: Recording | None = None
    last: Recording | None = None
    override: Override | None = None
    extensions: list[Extension] = []
    in_window: bool = False
    faults: list[Fault] = []
    desired_seconds: float = 0.0
    verified_seconds: float = 0.0
    looked_at: float = 0.0
    is_standby: bool = False

    @property
    def reason(self) -> Reason:
        return Reason(self.reason_code, self.reason_params)

    @property
    def is_overridden(self) -> bool:
        """Whether going back to the schedule would change anything."""
        return self.override is not None or bool(self.extensions)

    @property
    def is_stopped_by_hand(self) -> bool:
        return self.override is not None and self.override.want is Want.STOP

    @property
    def fault(self) -> str | None:
        """The most severe fault, in words."""
        return self.faults[0].reason.text if self.faults else None


class StorageStatus(msgspec.Struct):
    """Whether what the recorder has to keep can be kept. `since` is Unix seconds.

    `database` and `journal` are why not, None while they can; `pending` is how many entries wait
    for the database; `place` is the folder of the journal. `replacement` says what was found in the
    place of the plan's database when that was last read, if it was not that one.
    """

    database: str | None = None
    database_since: float | None = None
    is_database_replaced: bool = False
    journal: str | None = None
    journal_since: float | None = None
    place: str | None = None
    pending: int = 0
    replacement: Replacement | None = None


def storage_faults(storage: StorageStatus) -> list[Fault]:
    """What is wrong with the places where the recorder keeps what it has to."""
    faults = []
    if storage.database is not None and storage.database_since is not None:
        replaced = storage.is_database_replaced
        code = Code.DATABASE_REPLACED if replaced else Code.DATABASE_UNWRITABLE
        faults.append(Fault(code, storage.database_since, {"detail": storage.database}))
    if storage.replacement is not None and not any(
        f.code is Code.DATABASE_REPLACED for f in faults
    ):
        params = {"detail": storage.replacement.detail}
        faults.append(Fault(Code.DATABASE_REPLACED, storage.replacement.since, params))
    if storage.journal is not None and storage.journal_since is not None:
        params = {"detail": storage.journal}
        faults.append(Fault(Code.PLAN_UNWRITABLE, storage.journal_since, params))
    return faults


def with_faults(status: StudioStatus, more: list[Fault]) -> StudioStatus:
    """The status with the recorder's own faults among the studio's, the most severe first."""
    if not more:
        return status
    faults = sorted([*status.faults, *more], key=lambda f: (-f.reason.severity, f.since))
    return msgspec.structs.replace(status, faults=faults)


class RecorderStatus(msgspec.Struct):
    """The whole recorder. `idle` is how many seconds ago the slowest studio was looked at."""

    version: str
    pid: int
    host: str
    started_at: float
    studios: list[StudioStatus]
    storage: StorageStatus
    idle: float = 0.0
    waits_for: str | None = None
    """A stand-by: who holds the studios."""

    @property
    def identity(self) -> tuple[str, int, float]:
        """Tells this process from every other."""
        return self.host, self.pid, self.started_at


def joined(statuses: Sequence[RecorderStatus]) -> RecorderStatus | None:
    """One status of recorders that share the studios: of the recorder itself, that which is worst.

    None if there is none.
    """
    if not statuses:
        return None
    worst = max(statuses, key=lambda s: (bool(s.storage.journal), bool(s.storage.database), s.idle))
    studios = [studio for each in statuses for studio in each.studios]
    return msgspec.structs.replace(worst, studios=studios)
