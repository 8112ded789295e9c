"""One thread a studio: a look every second, and at every event from OBS."""

from __future__ import annotations

import logging
import threading

from control_api.recordings.reconciler import Reconciler
from control_api.recordings.recorder import ObsRecorder
from leitstand.clients.obs import ObsLink

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0
_JOIN_SECONDS = 3.0


class Watch:
    """Lets a reconciler look; a mistake in a look is logged and the next one made all the same."""

    def __init__(
        self, name: str, link: ObsLink, recorder: ObsRecorder, reconciler: Reconciler
    ) -> None:
        self._name = name
        self._link = link
        self._recorder = recorder
        self._reconciler = reconciler
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"watch {name}", daemon=True)

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

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
                # One mistake must not end the watch: that studio would be lost for good.
                logger.exception("%s: this is a mistake in Leitstand", self._name)
                self._stop.wait(_LOOK_SECONDS)
            for event in self._link.events(_LOOK_SECONDS).events:
                with self._reconciler.lock:
                    self._recorder.hear(event)
