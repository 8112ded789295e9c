"""What the recorder keeps: the state that it goes on with after a restart, and the outbox.

The outbox holds what is still to be written to the database. Both live in the journal, so nothing
here waits for a file or a database. An entry of the outbox is replaced by a newer one of the same
key, and dropped when the database has taken it.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import msgspec

from control_api.events.kinds import BAD, Kind
from control_api.recorder.desired_state import Override
from control_api.recorder.plan import Extension, PlanData
from control_api.recorder.recording import Recording
from control_api.recorder.runs import Run

logger = logging.getLogger(__name__)

T = TypeVar("T")

_OUT = "out/"
_SECURED_SECONDS = 0.3
_PLAN = "plan"
_INSTANCE = "instance"


class EventRecord(msgspec.Struct):
    """An event that is still to be written to the database; `count` repetitions were merged."""

    uid: str
    time: float
    kind: Kind
    studio: str | None
    message: str
    data: dict[str, Any]
    count: int = 1


class Overridden(msgspec.Struct):
    """A studio's override as it is now."""

    studio: str
    override: Override | None


class Extended(msgspec.Struct):
    """A studio's extended windows as they are now."""

    studio: str
    extensions: list[Extension]


class AuditRecord(msgspec.Struct):
    """An entry of the audit log that the API could not write."""

    uid: str
    time: float
    who: str
    role: str
    address: str
    action: str
    status: int
    detail: dict[str, Any]


class Looked(msgspec.Struct):
    """When a studio was last looked at (Unix seconds)."""

    studio: str
    at: float


class Forgotten(msgspec.Struct):
    """A recording that never recorded anything."""

    uid: str


Item = Recording | Run | EventRecord | Overridden | Extended | AuditRecord | Looked | Forgotten
_KINDS: Mapping[str, type[Any]] = {
    kind.__name__.lower(): kind
    for kind in (Forgotten, Recording, Run, EventRecord, Overridden, Extended, AuditRecord, Looked)
}


@dataclass(frozen=True, slots=True)
class Pending:
    """An entry of the outbox: `version` tells whether it was replaced meanwhile."""

    key: str
    version: int
    item: Item


class Store(Protocol):
    """The durable mapping under it; see `control_api.recorder.journal`."""

    def put(self, key: str, value: Any) -> None:
        """Set a value; None deletes the key. Never waits."""

    def flush(self, timeout: float) -> bool:
        """Wait until everything is written."""


class Records:
    """Used by any number of threads. `known` is what the store held at the start."""

    def __init__(
        self, store: Store, known: Mapping[str, Any], now: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._known = known
        self._now = now
        self._lock = threading.Lock()
        self._versions = 0
        self._pending: dict[str, Pending] = {}
        self.wake: Callable[[], object] = lambda: None
        """Called after something was added to the outbox."""
        for key, value in known.items():
            kind = _KINDS.get(key.split("/")[1]) if key.startswith(_OUT) else None
            if kind is not None and (item := _kept(key, value, kind)) is not None:
                self._versions += 1
                self._pending[key] = Pending(key, self._versions, item)

    @property
    def instance(self) -> str:
        """The identity of this installation's recorder; made at the first start."""
        found = self._known.get(_INSTANCE)
        if isinstance(found, str):
            return found
        made = uuid.uuid4().hex
        self._known = {**self._known, _INSTANCE: made}
        self._store.put(_INSTANCE, made)
        return made

    def recall(self, key: str, kind: type[T]) -> T | None:
        """What was kept under a key when this process began."""
        value = self._known.get(key)
        return None if value is None else _kept(key, value, kind)

    def recall_below(self, prefix: str, kind: type[T]) -> list[T]:
        """Everything that was kept under keys of that beginning."""
        known = {key: value for key, value in self._known.items() if key.startswith(prefix)}
        found = (_kept(key, value, kind) for key, value in known.items())
        return [each for each in found if each is not None]

    def keep(self, key: str, value: Any) -> None:
        """Keep a value for the next start; None drops it."""
        self._store.put(key, None if value is None else msgspec.to_builtins(value))

    @property
    def plan(self) -> PlanData | None:
        return self.recall(_PLAN, PlanData)

    def keep_plan(self, plan: PlanData) -> None:
        self.keep(_PLAN, plan)

    def report(self, kind: Kind, studio: str | None, message: str, **data: Any) -> None:
        """Log an event and put it into the outbox."""
        level = logging.WARNING if kind in BAD else logging.INFO
        logger.log(level, "%s%s", f"{studio}: " if studio else "", message)
        event = EventRecord(uuid.uuid4().hex, self._now(), kind, studio, message, data)
        self.send(event, event.uid)

    def send(self, item: Item, name: str) -> None:
        """Put an item into the outbox, instead of the one of the same kind and name."""
        key = f"{_OUT}{type(item).__name__.lower()}/{name}"
        value = msgspec.to_builtins(item)
        with self._lock:
            self._versions += 1
            # What is sent later stays as it is now.
            self._pending[key] = Pending(key, self._versions, _read(value, type(item)))
        self._store.put(key, value)
        self.wake()

    def unsend(self, item: Item, name: str) -> None:
        """Take an item back, if the database has not taken it yet."""
        key = f"{_OUT}{type(item).__name__.lower()}/{name}"
        with self._lock:
            self._pending.pop(key, None)
        self._store.put(key, None)

    def pending(self, most: int) -> Sequence[Pending]:
        """The oldest entries of the outbox."""
        with self._lock:
            return list(self._pending.values())[:most]

    @property
    def waiting(self) -> int:
        """How many entries the outbox has."""
        return len(self._pending)

    def acknowledge(self, taken: Sequence[Pending]) -> None:
        """Drop what the database has taken, unless it was replaced meanwhile."""
        for entry in taken:
            with self._lock:
                found = self._pending.get(entry.key)
                if found is None or found.version != entry.version:
                    continue
                del self._pending[entry.key]
            self._store.put(entry.key, None)

    def secured(self) -> None:
        """Give what was kept a moment to reach the disk."""
        self._store.flush(_SECURED_SECONDS)


def merge_repetitions(values: dict[str, Any]) -> dict[str, Any]:
    """Merge events of the same kind, studio and code: the first one says how often it happened."""
    kept: dict[str, Any] = {}
    first: dict[tuple[Any, ...], str] = {}
    for key, value in values.items():
        code = value.get("data", {}).get("code") if key.startswith(f"{_OUT}eventrecord/") else None
        if code is None:
            kept[key] = value
            continue
        same = value["kind"], value["studio"], code
        if same not in first:
            first[same], kept[key] = key, value
            continue
        earlier = kept[first[same]]
        kept[first[same]] = earlier | {"count": earlier["count"] + value["count"]}
    return kept


def _read(value: Any, kind: type[T]) -> T:
    return msgspec.convert(value, kind)


def _kept(key: str, value: Any, kind: type[T]) -> T | None:
    """None for what cannot be read: it must not keep the recorder from starting."""
    try:
        return _read(value, kind)
    except msgspec.ValidationError as error:
        logger.warning("what was kept as %s cannot be read (%s); it is left out", key, error)
        return None
