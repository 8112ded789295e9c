"""What is wrong with a recording: told when it begins, when it changes, and when it is over."""

from __future__ import annotations

from collections.abc import Callable

from control_api.events.service import Kind
from control_api.recordings.tables import RecordingRow

_STALLED = "stalled: OBS says that it records, but its file does not grow"


class Faults:
    """The faults of one studio."""

    def __init__(self, studio: str, tell: Callable[..., object]) -> None:
        self._studio = studio
        self._tell = tell
        self.unreachable: str | None = None
        self.fault: str | None = None

    def lost(self, why: str) -> None:
        """OBS does not answer."""
        if self.unreachable is None:
            self._tell(Kind.OBS_LOST, self._studio, f"OBS {why}")
        self.unreachable = why

    def back(self) -> None:
        """OBS answers."""
        if self.unreachable is not None:
            self._tell(Kind.OBS_BACK, self._studio, "OBS answers again")
            self.unreachable = None

    def failed(self, why: str) -> None:
        """It does not record, or does not stop."""
        if why != self.fault:
            self._tell(Kind.RECORDING_FAILED, self._studio, why)
        self.fault = why

    def stalled(self, row: RecordingRow) -> None:
        """Its file stands still."""
        if self.fault is None:
            self._tell(Kind.RECORDING_STALLED, self._studio, _STALLED, recording_id=row.id)
            self.fault = _STALLED

    def recovered(self, row: RecordingRow) -> None:
        """It records, and the file was seen to grow."""
        if self.fault is not None:
            told = "records again"
            self._tell(Kind.RECORDING_RECOVERED, self._studio, told, recording_id=row.id)
            self.fault = None

    def shown(self, *, matters: bool) -> str | None:
        """In words, for the status; a fault matters as long as it should record, or does."""
        if self.unreachable is not None:
            return f"OBS {self.unreachable}"
        return self.fault if matters else None
