"""A mark in OBS that says which Leitstand controls it.

Two recorders that share nothing else still share the OBS: each leaves a mark in OBS's persistent
data and renews it. One that finds a mark which another one keeps renewing leaves the studio alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from leitstand.clients.obs import ObsError, RequestFailed

_REALM = "OBS_WEBSOCKET_DATA_REALM_GLOBAL"
_SLOT = "leitstand_recorder"
_RENEW_SECONDS = 5.0
FRESH_SECONDS = 20.0
"""A mark that was not renewed for so long was left by one that has ended."""


class Link(Protocol):
    """The connection to OBS."""

    def request(self, name: str, data: dict[str, Any]) -> dict[str, Any]:
        """Raises ObsError."""


class Mark(msgspec.Struct, frozen=True):
    """What is written: `beat` grows with every renewal, `at` is Unix seconds.

    `epoch` is that of the lease in the `database`, 0 without one. `paths` are OBS's paths of the
    first and the last file of the recording that runs, if that Leitstand began it.
    """

    instance: str
    studio: str
    host: str
    beat: int
    at: float
    database: str = ""
    epoch: int = 0
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Identity:
    """Who this recorder is: its installation and studio, its host, and the lease it holds."""

    instance: str
    studio: str
    host: str
    database: str = ""
    epoch: int = 0


class ObsMark:
    """The mark in one OBS; used by one thread. `identity` gives who this recorder is now.

    `paths` gives OBS's paths of the files of the recording that runs, if this recorder began it.
    """

    def __init__(
        self,
        link: Link,
        identity: Callable[[], Identity],
        *,
        now: Callable[[], float],
        monotonic: Callable[[], float],
        paths: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self.left: Mark | None = None
        """The last mark of another Leitstand that controlled this OBS and has ended."""
        self._paths = paths
        self._marked_paths: tuple[str, ...] = ()
        self._link = link
        self._identity = identity
        self._now = now
        self._monotonic = monotonic
        self._beat = 0
        self._looked_at = float("-inf")
        self._foreign: Mark | None = None
        self._changed_at = float("-inf")

    def forget(self) -> None:
        """OBS was away: another Leitstand may have come meanwhile."""
        self._looked_at = float("-inf")

    def other(self) -> Mark | None:
        """The mark of another Leitstand that controls this OBS; looks every few seconds.

        Where there is none, this one's is renewed, also at once when another file is recorded. An
        OBS that keeps no data has no marks.
        """
        is_due = self._monotonic() - self._looked_at >= _RENEW_SECONDS
        if is_due or self._ends_of_paths() != self._marked_paths:
            try:
                self._look()
            except RequestFailed:
                self._foreign = None
            except ObsError:
                # The look at the recording reports it.
                return self._foreign
            self._looked_at = self._monotonic()
            self._marked_paths = self._ends_of_paths()
        return self._foreign

    def _look(self) -> None:
        found = _read(self._link.request("GetPersistentData", {"realm": _REALM, "slotName": _SLOT}))
        self._foreign = found if found is not None and self._is_another(found) else None
        if self._foreign is None:
            if found is not None and not self._is_own(found):
                self.left = found
            self._renew()

    def _ends_of_paths(self) -> tuple[str, ...]:
        paths = tuple(self._paths())
        return tuple(dict.fromkeys((*paths[:1], *paths[-1:])))

    def _is_own(self, found: Mark) -> bool:
        mine = self._identity()
        return (found.instance, found.studio) == (mine.instance, mine.studio)

    def _is_another(self, found: Mark) -> bool:
        if self._is_own(found):
            return False
        mine = self._identity()
        same_database = bool(mine.database) and found.database == mine.database
        if same_database and found.instance != mine.instance and found.epoch < mine.epoch:
            # The lease in the database has passed to this recorder.
            return False
        return self._is_fresh(found)

    def _is_fresh(self, found: Mark) -> bool:
        now = self._monotonic()
        if self._foreign is None:
            # Not seen before: its clock decides for now, and after that whether it is renewed.
            is_recent = abs(self._now() - found.at) < FRESH_SECONDS
            self._changed_at = now if is_recent else float("-inf")
        elif found.beat != self._foreign.beat or found.instance != self._foreign.instance:
            self._changed_at = now
        return now - self._changed_at < FRESH_SECONDS

    def _renew(self) -> None:
        mine = self._identity()
        self._beat += 1
        mark = Mark(
            mine.instance,
            mine.studio,
            mine.host,
            self._beat,
            self._now(),
            mine.database,
            mine.epoch,
            self._ends_of_paths(),
        )
        value = msgspec.to_builtins(mark)
        self._link.request(
            "SetPersistentData", {"realm": _REALM, "slotName": _SLOT, "slotValue": value}
        )


def _read(answer: dict[str, Any]) -> Mark | None:
    try:
        return msgspec.convert(answer.get("slotValue"), Mark)
    except msgspec.ValidationError:
        return None
