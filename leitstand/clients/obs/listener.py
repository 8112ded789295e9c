"""The connection that events come through: a thread that connects anew for ever."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from enum import IntFlag

from leitstand.clients.obs.address import Address
from leitstand.clients.obs.backoff import Backoff
from leitstand.clients.obs.errors import Hung, ObsError
from leitstand.clients.obs.handshake import identify
from leitstand.clients.obs.inbox import Event, Inbox, Level
from leitstand.clients.obs.messages import (
    EVENT,
    EventData,
    EventName,
    Message,
    Meter,
    MetersData,
    decoded,
)
from leitstand.clients.obs.wire import Wire

logger = logging.getLogger(__name__)

_METERS = "InputVolumeMeters"


class Subscription(IntFlag):
    """Kinds of events; OBS sends those that are subscribed to."""

    GENERAL = 1 << 0
    CONFIG = 1 << 1
    SCENES = 1 << 2
    INPUTS = 1 << 3
    TRANSITIONS = 1 << 4
    FILTERS = 1 << 5
    OUTPUTS = 1 << 6
    SCENE_ITEMS = 1 << 7
    MEDIA_INPUTS = 1 << 8
    VENDORS = 1 << 9
    UI = 1 << 10
    INPUT_VOLUME_METERS = 1 << 16


class Listener:
    """Puts what comes into the inbox, and does nothing else with it.

    Connected and silent for `silence` seconds OBS is pinged; silent as long again, it is hung.
    """

    def __init__(
        self,
        address: Address,
        inbox: Inbox,
        subscriptions: Subscription,
        *,
        timeout: float,
        silence: float,
        on_loss: Callable[[], None],
    ) -> None:
        self.backoff = Backoff()
        self.is_connected = False
        self._address = address
        self._inbox = inbox
        self._subscriptions = subscriptions
        self._timeout = timeout
        self._silence = silence
        self._on_loss = on_loss
        self._wire: Wire | None = None
        self._is_over = False
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="obs events", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def retry(self) -> None:
        """Connect now, whatever the back-off says."""
        self.backoff.retry()
        self._wake.set()

    def stop(self) -> None:
        """Let the thread end; it says goodbye to OBS."""
        self._is_over = True
        self._wake.set()
        if (wire := self._wire) is not None:
            wire.hang_up()

    def join(self, timeout: float) -> None:
        self._thread.join(timeout)

    def _run(self) -> None:
        while not self._is_over:
            try:
                self._listen()
            except ObsError as error:
                self.backoff.failed(error)
                self._on_loss()
            except Exception as error:
                self._mistaken(error)
            if not self._is_over:
                self._wake.wait(self.backoff.left)
                self._wake.clear()

    def _listen(self) -> None:
        self._wire = wire = Wire(self._address.host, self._address.port)
        try:
            if self._is_over:
                return
            wire.allow(self._timeout)
            identify(wire, self._address, self._subscriptions)
            self.is_connected = True
            self._inbox.mark_incomplete()
            # Only what is heard ends the back-off: not an OBS that lets in and closes at once.
            wire.ping()
            while not self._is_over:
                if (text := self._next(wire)) is not None:
                    self._deliver(decoded(text, Message))
                self.backoff.succeeded()
        finally:
            self.is_connected = False
            wire.close()

    def _next(self, wire: Wire) -> bytes | None:
        wire.allow(self._silence)
        try:
            return wire.hear()
        except Hung:
            wire.allow(self._silence)
            wire.ping()
            return wire.hear()

    def _deliver(self, message: Message) -> None:
        if message.op != EVENT:
            return
        name = decoded(message.d, EventName).eventType
        if name == _METERS:
            self._inbox.put_levels(_levels(decoded(message.d, MetersData).eventData.inputs))
        else:
            self._inbox.put(Event(name, decoded(message.d, EventData).eventData or {}))

    def _mistaken(self, error: Exception) -> None:
        """A mistake of ours must not end the thread: there would be no events for good."""
        reason = f"failed unexpectedly: {type(error).__name__}"
        if str(self.backoff.error) != reason:
            logger.exception("OBS events: this is a mistake in Leitstand")
        self.backoff.failed(ObsError(reason))


def _levels(meters: list[Meter]) -> dict[str, Level]:
    levels = {}
    for meter in meters:
        channels = [channel for channel in meter.inputLevelsMul if None not in channel]
        if channels:
            loudest = (max(values) for values in zip(*channels, strict=True))
            levels[meter.inputName] = Level(*loudest)
    return levels
