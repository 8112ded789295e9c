"""Faults of the surroundings in work that is done again and again, each logged once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError

from control_api.database_faults import sentence_of
from control_api.errors import ApiError

_DATABASE = (OperationalError, InterfaceError, TimeoutError)


class FaultLog:
    """A full disk, a database that is away, an unreadable folder: logged when the fault begins,
    when another takes its place, and when it is over. Every other exception is a mistake in the
    code and goes on."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._faults: dict[str, object] = {}
        self._lock = threading.Lock()

    def run(self, name: str, work: Callable[[], object]) -> None:
        """Do the work that has this name in the log."""
        try:
            work()
        except _DATABASE as error:
            self._failed(name, type(error), sentence_of(error))
        except OSError as error:
            self._failed(name, (type(error), error.errno), str(error))
        except ApiError as error:
            self._failed(name, type(error), error.detail)
        else:
            self._succeeded(name)

    def _failed(self, name: str, fault: object, sentence: str) -> None:
        with self._lock:
            is_new = self._faults.get(name) != fault
            self._faults[name] = fault
        if is_new:
            self._logger.warning("%s: %s", name, sentence)

    def _succeeded(self, name: str) -> None:
        with self._lock:
            was_failing = self._faults.pop(name, None) is not None
        if was_failing:
            self._logger.info("%s: works again", name)
