"""How many connections a server keeps, derived from the descriptors that its process may have."""

from __future__ import annotations

from dataclasses import dataclass

_MOST_UNAUTHORISED = 1_024
_MOST_PER_ADDRESS = 256


@dataclass(frozen=True, slots=True)
class Caps:
    """`per_address` bounds the unauthorised connections of one address that wait for a request."""

    authorised: int
    unauthorised: int
    per_address: int

    @classmethod
    def within(cls, descriptors: int, most_authorised: int) -> Caps:
        """A fifth for each kind of connection, and one for the files that authorised ones are
        sent. Two fifths stay for the service's own work: database, OBS, jobs, logs.
        """
        fifth = max(1, descriptors // 5)
        return cls(
            authorised=min(most_authorised, fifth),
            unauthorised=min(_MOST_UNAUTHORISED, fifth),
            per_address=max(1, min(_MOST_PER_ADDRESS, fifth // 2)),
        )
