"""One thread a studio: a look every second, and at every event from OBS."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from control_api.recorder.reconciler import Reconciler
from leitstand.clients.obs import Event, ObsLink

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0
_JOIN_SECONDS = 3.0


class StudioSupervisor:
    """Lets a reconciler look; a mistake in one look is logged, and the next one is made."""

    def __init__(
        self,
        studio: str,
        link: ObsLink,
        hear: Callable[[Event], object],
        reconciler: Reconciler,
    ) -> None:
        self._studio = studio
        self._link = link
        self._hear = hear
        self._reconciler = reconciler
        self._looked_at = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"studio {studio}", daemon=True)

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def idle(self) -> float:
        """Seconds since the last look that came to an end."""
        return time.monotonic() - self._looked_at

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """OBS goes on with what it does."""
        self._stop.set()
        self._link.abort()
        if self._thread.is_alive():
            self._thread.join(_JOIN_SECONDS)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._reconciler.look()
            except Exception:
                # One mistake must not end the thread: the studio would be lost for good.
                logger.exception("%s: this is a mistake in Leitstand", self._studio)
                self._stop.wait(_LOOK_SECONDS)
            self._looked_at = time.monotonic()
            for event in self._link.events(_LOOK_SECONDS).events:
                with self._reconciler.lock:
                    self._hear(event)
