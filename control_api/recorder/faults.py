"""The active faults of one studio, each reported once when it begins and once when it is over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import msgspec

from control_api.events.kinds import Kind
from control_api.recordings.reasons import Code, Reason

_BEGINS = {
    Code.OBS_AWAY: Kind.OBS_LOST,
    Code.OBS_REFUSES: Kind.RECORDING_FAILED,
    Code.DISK_FULL: Kind.RECORDING_FAILED,
    Code.STOP_IGNORED: Kind.RECORDING_FAILED,
    Code.STALLED: Kind.RECORDING_STALLED,
    Code.SLOW: Kind.RECORDING_STALLED,
    Code.OTHER_LEITSTAND: Kind.OTHER_LEITSTAND,
}
_ENDS = {Code.OBS_AWAY: Kind.OBS_BACK, Code.OTHER_LEITSTAND: Kind.FAULT_CLEARED}


class Report(Protocol):
    def __call__(self, kind: Kind, message: str, **data: Any) -> object:
        """Report an event of the studio."""


class Fault(msgspec.Struct, frozen=True):
    """Something that is wrong since a moment (Unix seconds)."""

    code: Code
    since: float
    params: dict[str, Any] = {}

    @property
    def reason(self) -> Reason:
        return Reason(self.code, self.params)


class ActiveFaults:
    """Several faults may be active at once, each code at most once."""

    def __init__(
        self,
        report: Report,
        now: Callable[[], float],
        *,
        known: Iterable[Fault] = (),
        keep: Callable[[Sequence[Fault]], object] = lambda faults: None,
    ) -> None:
        """`known` are those that an earlier process reported; `keep` is called with a change."""
        self._report = report
        self._now = now
        self._keep = keep
        self._active: dict[Code, Fault] = {fault.code: fault for fault in known}

    @property
    def active(self) -> Sequence[Fault]:
        """The most severe first, then the oldest."""
        return sorted(self._active.values(), key=lambda f: (-f.reason.severity, f.since))

    def has(self, code: Code) -> bool:
        return code in self._active

    def get(self, code: Code) -> Fault | None:
        return self._active.get(code)

    def begin(self, reason: Reason, **data: Any) -> None:
        """Note that it is so; reported only if it was not before."""
        known = self._active.get(reason.code)
        since = self._now() if known is None else known.since
        self._active[reason.code] = Fault(reason.code, since, dict(reason.params))
        if known is None:
            kind = _BEGINS.get(reason.code, Kind.RECORDING_FAILED)
            self._report(kind, reason.text, code=str(reason.code), **data)
            self._keep(self.active)

    def end(self, *codes: Code, recovered: bool = False, **data: Any) -> None:
        """Note that none of these is so any longer; `recovered`: because it records again."""
        for code in codes:
            self._end(code, "records again" if recovered else "no longer: {}", recovered, **data)

    def drop(self, *codes: Code) -> None:
        """Note that none of these matters any more, whether it is still so or not."""
        for code in codes:
            self._end(code, "nothing is to be recorded any more; it was: {}")

    def _end(self, code: Code, text: str, recovered: bool = False, **data: Any) -> None:
        if (fault := self._active.pop(code, None)) is not None:
            text = "OBS answers again" if code is Code.OBS_AWAY else text
            said = text.format(fault.reason.text)
            self._report(_end_kind(code, recovered), said, code=str(code), **data)
            self._keep(self.active)


def _end_kind(code: Code, recovered: bool) -> Kind:
    return _ENDS.get(code, Kind.RECORDING_RECOVERED if recovered else Kind.FAULT_CLEARED)
