"""Evenings are regrouped when the account of a window comes after its videos."""

from __future__ import annotations

from control_api.evenings.assign import Assigner
from control_api.evenings.grouping import Window
from control_api.evenings.store import EveningStore

_NEWEST = 500
"""The number of newest accounts that are compared at each look: a window may be extended."""


class LateAccounts:
    """Looks at each account once, and again when its window has changed."""

    def __init__(self, evenings: EveningStore, assigner: Assigner) -> None:
        self._evenings = evenings
        self._assigner = assigner
        self._seen: dict[int, Window] = {}

    def look(self) -> None:
        """Called with the lock of the changes held."""
        there = {id: (studio, window) for id, studio, window in self._evenings.accounts(_NEWEST)}
        self._seen = {id: window for id, window in self._seen.items() if id in there}
        for id, (studio, window) in sorted(there.items()):
            if self._seen.get(id) != window:
                self._assigner.regroup(studio, window.begin, window.end)
                self._seen[id] = window
