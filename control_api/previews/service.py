"""The live picture of each studio: one screenshot in OBS serves everybody who looks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future

from control_api.clock import Clock
from control_api.previews import shot
from control_api.previews.shot import Shot
from control_api.studios.studio import Studios

# How soon an OBS that gave no picture is asked anew.
_FAILED_SECONDS = 1.0


class Preview:
    """One screenshot an interval at most, and none while nobody looks."""

    def __init__(
        self, take: Callable[[float], Shot], clock: Clock, interval: Callable[[], float]
    ) -> None:
        self._take = take
        self._clock = clock
        self._interval = interval
        self._lock = threading.Lock()
        self._newest: Future[Shot] | None = None
        self._taken_at = 0.0

    def ask(self) -> Future[Shot]:
        """The picture of now, done or coming; whoever asks meanwhile gets the same."""
        with self._lock:
            if self._newest is None or self._is_old(self._newest):
                self._newest = self._begin()
            return self._newest

    def _is_old(self, newest: Future[Shot]) -> bool:
        if not newest.done():
            return False
        lasts = self._interval()
        if newest.exception() is not None:
            lasts = min(lasts, _FAILED_SECONDS)
        return self._clock.monotonic() - self._taken_at >= lasts

    def _begin(self) -> Future[Shot]:
        coming: Future[Shot] = Future()
        # Else one viewer who goes away would cancel it for all.
        coming.set_running_or_notify_cancel()
        self._taken_at = self._clock.monotonic()
        # Not in the threads that serve requests: a hanging OBS would hold them all.
        threading.Thread(
            target=self._run, args=(coming, self._taken_at), name="preview", daemon=True
        ).start()
        return coming

    def _run(self, coming: Future[Shot], taken_at: float) -> None:
        try:
            coming.set_result(self._take(taken_at))
        except Exception as error:
            coming.set_exception(error)


class PreviewService:
    """`interval` gives seconds, `width` pixels, `microphone` a studio's input or None."""

    def __init__(
        self,
        studios: Studios,
        clock: Clock,
        *,
        interval: Callable[[], float] = lambda: 2.0,
        width: Callable[[], int] = lambda: 640,
        microphone: Callable[[str], str | None] = lambda studio: None,
    ) -> None:
        self._studios = studios
        self._clock = clock
        self._interval = interval
        self._width = width
        self._microphone = microphone
        self._previews = {name: self._preview(name) for name in studios.names}

    def ask(self, studio: str | None) -> Future[Shot]:
        """Its result raises Unavailable; an unknown studio is NotFound or BadInput at once."""
        return self._previews[self._studios.get(studio).name].ask()

    def age(self, picture: Shot) -> float:
        """Seconds since it was taken."""
        return max(0.0, self._clock.monotonic() - picture.taken_at)

    def _preview(self, name: str) -> Preview:
        studio = self._studios.get(name)

        def take(taken_at: float) -> Shot:
            return shot.take(studio, self._width(), self._microphone(name), taken_at)

        return Preview(take, self._clock, self._interval)
