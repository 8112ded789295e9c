"""What the service must not forget over a restart and nobody sets: under keys of its own."""

from __future__ import annotations

from typing import Any

from control_api.clock import Clock
from control_api.settings.store import SettingStore
from control_api.settings.tables import SettingRow

PREFIX = "state."


class Memory:
    """Small JSON values by key."""

    def __init__(self, store: SettingStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def recall(self, key: str) -> Any | None:
        return self._store.get(PREFIX + key)

    def keep(self, key: str, value: Any) -> None:
        row = SettingRow(
            key=PREFIX + key, value=value, changed_at=self._clock.now(), changed_by="leitstand"
        )
        self._store.put([row])

    def forget(self, key: str) -> None:
        self._store.remove(PREFIX + key)
