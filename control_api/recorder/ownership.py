"""Whether this recorder may control a studio: by the lease in the database and the mark in OBS."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy.orm import Session

from control_api.leases import LeaseRow, read_lease, take_lease
from control_api.recorder.obs_mark import Identity

LEASE_SECONDS = 15.0
LEASE_PREFIX = "studio:"
"""Before a studio's name, in the name of its lease."""


class Held(msgspec.Struct, frozen=True):
    """The lease of a studio as it was last known: its holder, who may be another recorder."""

    instance: str
    host: str
    epoch: int
    since: float


@dataclass(frozen=True, slots=True)
class Holder:
    """Another recorder that holds a studio's lease since a moment (Unix seconds)."""

    studio: str
    host: str
    since: float


class Ownership:
    """The leases of all studios of this recorder.

    While the database cannot be reached everything stays as it was: the holder goes on, and no
    other one can take over. `keep` is called with what must survive a restart.
    """

    def __init__(
        self,
        instance: str,
        studios: Sequence[str],
        held: dict[str, Held],
        keep: Callable[[str, Held], object],
        *,
        folder: str = "",
    ) -> None:
        """`folder` is where the recorder's socket is."""
        self.host = socket.gethostname()
        self.place = {"host": self.host, "folder": folder}
        self.instance = instance
        self._studios = tuple(studios)
        self._held = dict(held)
        self._keep = keep

    def renew(self, session: Session) -> dict[str, Held]:
        """Take or renew every lease that can be had, in a transaction; to be noted after it."""
        found = {}
        for studio in self._studios:
            name = LEASE_PREFIX + studio
            lease = take_lease(session, name, self.instance, LEASE_SECONDS)
            lease = lease or read_lease(session, name)
            if lease is not None:
                found[studio] = Held(lease.holder, lease.host, lease.epoch, lease.since)
        return found

    def gained(self, found: dict[str, Held]) -> list[str]:
        """The studios that another recorder held until now."""
        mine = [name for name, held in found.items() if held.instance == self.instance]
        return [name for name in mine if self.other_holder(name) is not None]

    def note(self, found: dict[str, Held]) -> None:
        """From now on it is so."""
        for studio, held in found.items():
            if self._held.get(studio) != held:
                self._held[studio] = held
                self._keep(studio, held)

    @property
    def holds_all(self) -> bool:
        """Whether this recorder may act in all of its studios."""
        return len(self.holds) == len(self._studios)

    @property
    def holds(self) -> Sequence[str]:
        """The studios in which this recorder may act."""
        return [s for s in self._studios if self.is_known(s) and self.other_holder(s) is None]

    def other_holder(self, studio: str) -> Holder | None:
        """The other recorder that holds a studio; None if this one may act."""
        held = self._held.get(studio)
        if held is None or held.instance == self.instance:
            return None
        return Holder(studio, held.host, held.since)

    def is_known(self, studio: str) -> bool:
        """Whether the lease was ever asked for, by this process or an earlier one."""
        return studio in self._held

    def identity(self, studio: str, database: str) -> Identity:
        """Who this recorder is, for the mark in OBS."""
        held = self._held.get(studio)
        epoch = held.epoch if held is not None and held.instance == self.instance else 0
        return Identity(self.instance, studio, self.host, database, epoch)

    def release(self, session: Session) -> None:
        """Let another recorder take over at once."""
        for studio in self._studios:
            row = session.get(LeaseRow, LEASE_PREFIX + studio)
            if row is not None and row.holder == self.instance:
                row.expires_at = 0.0
