"""Checks of the recorder: does it answer, what does it control, can it keep what it has to."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from control_api.clock import SystemClock
from control_api.database import Database, sqlite_file
from control_api.leases import Leases
from control_api.recorder.segments import SEGMENT_BYTES, reserved_bytes
from control_api.recorder.socket_address import address_of
from control_api.recorder.status import RecorderStatus, StorageStatus
from control_api.recordings.reasons import Code
from control_api.recordings.recorder_client import RecorderClient
from leitstand.config import Config, ConfigError
from leitstand.doctor import database as doctor_database
from leitstand.doctor.finding import Finding, in_time
from leitstand.exclusive import holder_of
from leitstand.survivor import LOCK

_RESERVE_BYTES = 2 * SEGMENT_BYTES
_MIB = 1 << 20
_ANSWER_SECONDS = 3.0
_AGAIN_SECONDS = 0.2


def check(config: Config) -> Iterator[Finding]:
    """All checks of the recorder that has these studios.

    Where the exporter alone is installed nothing is wrong with there being none.
    """
    is_used = _is_used(config)
    status = _status(config, _ANSWER_SECONDS if is_used else 0.0)
    if status is None and not is_used:
        seen = "not used here: neither control_api: nor recorder: is configured or was ever started"
        yield Finding("recorder", True, seen)
        return
    yield _answers(config, status)
    if status is not None:
        for studio in config.obs:
            yield _controls(studio.name, status, is_standby=config.recorder.standby)
        yield from _journal(config, status.storage)
    storage = status.storage if status else None
    yield doctor_database.check(config.control_api.database_url, storage)


def _is_used(config: Config) -> bool:
    """Whether a recorder is wanted, as far as the configuration or its traces tell."""
    if config.model_fields_set & {"control_api", "recorder"}:
        return True
    # A disk that does not answer is one that somebody put there.
    return in_time(lambda: any(map(os.path.exists, _traces(config)))) is not False


def _traces(config: Config) -> list[Path]:
    """The files that a recorder, or a control API, makes and leaves."""
    file = sqlite_file(make_url(config.control_api.database_url))
    return [*_locks(config), *([file] if file is not None else [])]


def _locks(config: Config) -> list[Path]:
    """The locks of which only one recorder at a time can have each."""
    locks = [config.control_api.state / LOCK, address_of(config).folder / LOCK]
    if (file := sqlite_file(make_url(config.control_api.database_url))) is not None:
        locks.append(file.with_name(f"{file.name}.{LOCK}"))
    return locks


def _status(config: Config, seconds: float) -> RecorderStatus | None:
    """What it answers within that time; it is asked once at least."""
    until = time.monotonic() + seconds
    client = RecorderClient(address_of(config), SystemClock())
    client.start()
    try:
        while (status := client.status) is None and time.monotonic() < until:
            time.sleep(_AGAIN_SECONDS)
        return status
    finally:
        client.stop()


def _answers(config: Config, status: RecorderStatus | None) -> Finding:
    if status is not None:
        seen = f"version {status.version}, process {status.pid} on {status.host}"
        return Finding("recorder", True, seen)
    address = address_of(config)
    if (holder := in_time(lambda: _process(config))) is not None:
        seen = f"{holder} is one, but does not answer at {address}"
        advice = (
            "give it the same recorder.runtime, recorder.listen and recorder.secret as here; if "
            "it has them, restart it: OBS goes on recording"
        )
        return Finding("recorder", False, seen, advice)
    hosts = in_time(lambda: _other_hosts(config)) or {}
    told = [f"the recorder on {host} controls {studio}" for studio, host in hosts.items()]
    if len(told) == len(config.obs):
        return Finding("recorder", True, f"none answers at {address}; {', '.join(told)}")
    told = told or ["nothing is recorded by schedule"]
    seen = f"does not answer at {address}: {', '.join(told)}"
    advice = (
        "start `leitstand recorder`, or `leitstand up`; if it runs, ask as its user, with the same "
        "configuration (control_api.state, recorder.runtime, recorder.listen, recorder.secret)"
    )
    return Finding("recorder", False, seen, advice)


def _process(config: Config) -> str | None:
    """The recorder's process, if one holds a lock."""
    return next((str(holder) for lock in _locks(config) if (holder := holder_of(lock))), None)


def _other_hosts(config: Config) -> dict[str, str]:
    """The studios that a recorder on another host controls; with SQLite there are none."""
    url = config.control_api.database_url
    found: dict[str, str] = {}
    if make_url(url).get_backend_name() == "sqlite":
        return found
    # Why it does not answer is for another check.
    with (
        contextlib.suppress(SQLAlchemyError, OSError, ConfigError),
        contextlib.closing(Database(url)) as opened,
    ):
        for studio in config.obs:
            lease = Leases(opened).holder_of(f"studio:{studio.name}")
            if lease is not None and lease.host != socket.gethostname():
                found[studio.name] = lease.host
    return found


def _controls(studio: str, status: RecorderStatus, *, is_standby: bool) -> Finding:
    subject = f"recorder studio {studio}"
    found = next((each for each in status.studios if each.studio == studio), None)
    if found is None:
        advice = "restart the recorder: it was started with another configuration"
        return Finding(subject, False, "is not known to the recorder", advice)
    other = next((each for each in found.faults if each.code is Code.OTHER_LEITSTAND), None)
    if other is None:
        return Finding(subject, True, "is controlled by this recorder")
    if is_standby:
        return Finding(subject, True, f"stands by: {other.reason.text}")
    advice = "stop that one, or take the studio out of one of the two configurations"
    return Finding(subject, False, other.reason.text, advice)


def _journal(config: Config, storage: StorageStatus) -> Iterator[Finding]:
    subject, state = "recorder journal", config.control_api.state
    if storage.journal is not None or storage.place is None:
        seen = f"cannot be written anywhere ({storage.journal or 'not yet'})"
        advice = f"make room in {state}, let the recorder write there, or name a recorder.fallback"
        yield Finding(subject, False, seen, advice)
        return
    place = Path(storage.place)
    if in_time(lambda: place.parent.resolve() == state.resolve()):
        yield Finding(subject, True, f"is kept in {place}")
    else:
        advice = f"make room in {state}, or let the recorder write there; it goes back by itself"
        yield Finding(subject, False, f"is kept in {place}, as {state} takes nothing", advice)
    if reserved := in_time(lambda: _reserved(place)):
        yield reserved


def _reserved(place: Path) -> Finding | None:
    """Whether the journal's space is allocated; None where only the recorder can see it."""
    try:
        found = reserved_bytes(place)
    except OSError:
        return None
    seen = f"{found // _MIB} MiB of {_RESERVE_BYTES // _MIB} MiB are reserved"
    advice = f"make room on the file system of {place}, and restart the recorder"
    return Finding("recorder reserve", found >= _RESERVE_BYTES, seen, advice)
