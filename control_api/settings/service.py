"""Settings: checked, kept, effective at once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any

from pydantic import ValidationError

from control_api.clock import Clock
from control_api.errors import BadInput, NotFound
from control_api.events.service import EventService, Kind
from control_api.settings.fixed import Fixed, where_fixed
from control_api.settings.keys import Key, build, keys, nearest, value_at
from control_api.settings.memory import PREFIX
from control_api.settings.model import Settings
from control_api.settings.store import SettingStore
from control_api.settings.tables import SettingRow

logger = logging.getLogger(__name__)

Listener = Callable[[Settings], None]

_LONGEST_QUOTED = 100


@dataclass(frozen=True, slots=True)
class Setting:
    """`changed_at` is in Unix seconds; with `changed_by` null as long as it has its default."""

    key: str
    value: Any
    default: Any
    description: str
    changed_at: float | None
    changed_by: str | None


class SettingsService:
    """Used by any number of threads: `current` is one state that never changes itself."""

    def __init__(
        self,
        store: SettingStore,
        events: EventService,
        clock: Clock,
        *,
        studios: Iterable[str],
        fixed: Sequence[Fixed] = (),
        zone: tzinfo = UTC,
    ) -> None:
        self.fixed = fixed
        self.zone = zone
        self._store = store
        self._events = events
        self._clock = clock
        self._studios = tuple(studios)
        self._keys = keys(self._studios)
        self._defaults = build(self._studios, {})
        self._lock = threading.RLock()
        self._listeners: tuple[Listener, ...] = ()
        self._rows = self._sound_rows(store.all())
        self._current = self._built(self._rows)

    @property
    def current(self) -> Settings:
        return self._current

    def listen(self, listener: Listener) -> None:
        """Call it with the settings after every change, by whoever changed them.

        It must neither block nor raise.
        """
        with self._lock:
            self._listeners += (listener,)

    def refresh(self) -> None:
        """Take over what other processes have changed; listeners are called if anything was.

        Raises what the database raises.
        """
        with self._lock:
            rows = self._sound_rows(self._store.all())
            if _values(rows) == _values(self._rows):
                return
            self._rows, self._current = rows, self._built(rows)
            for listener in self._listeners:
                listener(self._current)

    def all(self) -> Sequence[Setting]:
        with self._lock:
            return [self._shown(key) for key in self._keys.values()]

    def change(self, changes: Mapping[str, Any], who: str) -> Sequence[Setting]:
        """All of them or none. Raises BadInput that names each wrong key or value."""
        with self._lock:
            if wrong := [self._unknown(key) for key in changes if key not in self._keys]:
                raise BadInput("; ".join(wrong))
            wanted = self._checked(changes)
            # What equals the present value is not written: that must be the one in force.
            self.refresh()
            now = self._clock.now()
            rows = {
                key: SettingRow(key=key, value=value, changed_at=now, changed_by=who)
                for key in changes
                if (value := value_at(wanted, self._keys[key].path)) != self._value(key)
            }
            if rows:
                self._store.put([_copy(row) for row in rows.values()])
                self._take(self._rows | rows, who)
            return [self._shown(self._keys[key]) for key in changes]

    def reset(self, key: str, who: str) -> Setting:
        """Back to the default. Raises NotFound, or BadInput for what is fixed at start."""
        with self._lock:
            if key not in self._keys:
                sentence = self._unknown(key)
                raise (BadInput if where_fixed(key, self.fixed) else NotFound)(sentence)
            self.refresh()
            if key in self._rows:
                self._store.remove(key)
                self._take({k: row for k, row in self._rows.items() if k != key}, who)
            return self._shown(self._keys[key])

    def _take(self, rows: Mapping[str, SettingRow], who: str) -> None:
        before, self._rows, self._current = self._current, dict(rows), self._built(rows)
        changed = {
            name: {"old": value_at(before, key.path), "new": value_at(self._current, key.path)}
            for name, key in self._keys.items()
            if value_at(before, key.path) != value_at(self._current, key.path)
        }
        for listener in self._listeners:
            listener(self._current)
        if changed:
            said = ", ".join(f"{name} = {_quoted(new['new'])}" for name, new in changed.items())
            message = f"{who} changed the settings: {said}"
            self._events.tell(Kind.SETTINGS_CHANGED, None, message, by=who, changes=changed)

    def _checked(self, changes: Mapping[str, Any]) -> Settings:
        values = {self._keys[key].path: value for key, value in changes.items()}
        try:
            return build(self._studios, values)
        except ValidationError as error:
            raise BadInput("; ".join(_sentence(each, changes) for each in error.errors())) from None

    def _sound_rows(self, rows: Iterable[SettingRow]) -> dict[str, SettingRow]:
        """Without those that this version does not take, and those of studios that are gone."""
        sound = {}
        for row in rows:
            if row.key in self._keys:
                try:
                    build(self._studios, {self._keys[row.key].path: row.value})
                except ValidationError:
                    logger.warning("setting %s: its value is not valid; default used", row.key)
                else:
                    sound[row.key] = row
            elif not row.key.startswith(PREFIX):
                logger.info("setting %s is kept, but nothing has it now", row.key)
        return sound

    def _built(self, rows: Mapping[str, SettingRow]) -> Settings:
        return build(self._studios, {self._keys[key].path: row.value for key, row in rows.items()})

    def _value(self, key: str) -> Any:
        return value_at(self._current, self._keys[key].path)

    def _shown(self, key: Key) -> Setting:
        row = self._rows.get(key.name)
        return Setting(
            key.name,
            value_at(self._current, key.path),
            value_at(self._defaults, key.path),
            key.description,
            None if row is None else row.changed_at,
            None if row is None else row.changed_by,
        )

    def _unknown(self, key: str) -> str:
        quoted = repr(key[:_LONGEST_QUOTED])
        if where := where_fixed(key, self.fixed):
            return f"{quoted} {where}"
        return f"{quoted} is no setting; near it: {', '.join(nearest(key, self._keys))}"


def _values(rows: Mapping[str, SettingRow]) -> object:
    return {key: (row.value, row.changed_at, row.changed_by) for key, row in rows.items()}


def _copy(row: SettingRow) -> SettingRow:
    # What a session took is not ours any longer.
    return SettingRow(
        key=row.key, value=row.value, changed_at=row.changed_at, changed_by=row.changed_by
    )


def _sentence(problem: Any, changes: Mapping[str, Any]) -> str:
    """The value as it was given: a duration's problem would show its seconds."""
    key = ".".join(str(step) for step in problem["loc"])
    allowed = problem["msg"].removeprefix("Value error, ").replace("Input should", "must")
    return f"{key}: {_quoted(changes.get(key))}: {allowed}"


def _quoted(value: Any) -> str:
    return "null" if value is None else f"{value!r:.{_LONGEST_QUOTED}}"
