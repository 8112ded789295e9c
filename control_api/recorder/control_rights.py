"""Whether this recorder may control one studio at this moment, and why not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from control_api.recorder.obs_mark import Identity, Mark, ObsMark
from control_api.recorder.ownership import Ownership
from control_api.recordings.reasons import Code, Reason


@dataclass(frozen=True, slots=True)
class Block:
    """Why a studio must be left alone. `is_standby`: another recorder keeps its accounts."""

    reason: Reason
    is_standby: bool


class ControlRights:
    """Those of one studio. `ownership` is None where locks alone decide."""

    def __init__(
        self,
        studio: str,
        mark: ObsMark,
        ownership: Ownership | None,
        identity: Callable[[], Identity],
    ) -> None:
        self._studio = studio
        self._mark = mark
        self._ownership = ownership
        self._identity = identity

    def block(self, *, connected: bool) -> Block | None:
        """Asks OBS for its mark, if that is `connected`. Called at every look."""
        if self._ownership is not None:
            if (holder := self._ownership.other_holder(self._studio)) is not None:
                return Block(_controlled_by(holder.host), is_standby=True)
            if not self._ownership.is_known(self._studio):
                return Block(Reason(Code.NO_PLAN), is_standby=True)
        if not connected:
            self._mark.forget()
            return None
        other = self._mark.other()
        return None if other is None else Block(_controlled_by(self._name(other)), False)

    def left_by(self, path: str | None) -> str | None:
        """The host of a Leitstand that controlled OBS before and began the recording of `path`."""
        left = self._mark.left
        return self._name(left) if left is not None and path in left.paths else None

    def _name(self, other: Mark) -> str:
        if other.instance == self._identity().instance:
            return f"{other.host} (as studio {other.studio} of the same configuration)"
        return other.host


def _controlled_by(host: str) -> Reason:
    return Reason(Code.OTHER_LEITSTAND, {"host": host})
