"""One OBS Studio: requests to it, and the news from it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from leitstand.clients.obs import messages
from leitstand.clients.obs.address import Address
from leitstand.clients.obs.asker import Asker
from leitstand.clients.obs.errors import ObsError, RequestFailed
from leitstand.clients.obs.inbox import Inbox, News
from leitstand.clients.obs.listener import Listener, Subscription
from leitstand.clients.obs.messages import Outcome, Request

_USUAL = (
    Subscription.GENERAL
    | Subscription.CONFIG
    | Subscription.SCENES
    | Subscription.INPUTS
    | Subscription.OUTPUTS
    | Subscription.MEDIA_INPUTS
    | Subscription.INPUT_VOLUME_METERS
)
_LONGEST_CLOSE_SECONDS = 0.5


class ObsLink:
    """Connects when it is first used and, whatever happens, anew; used by any number of threads.

    After a failure it pauses, 3 s at most, or 30 s for a wrong password; a request fails meanwhile
    at once, with the last error. One that was `Hung` may still be carried out by OBS.
    """

    def __init__(
        self,
        address: Address,
        *,
        timeout: float = 2.0,
        subscriptions: Subscription = _USUAL,
        silence: float = 2.0,
        room: int = 1_000,
    ) -> None:
        self._timeout = timeout
        self._asker = Asker(address)
        self._inbox = Inbox(room)
        self._listener = Listener(
            address,
            self._inbox,
            subscriptions,
            timeout=timeout,
            silence=silence,
            on_loss=self._asker.drop_idle,
        )
        self._listening = threading.Lock()
        self._is_listening = False
        self._is_over = False

    @property
    def error(self) -> ObsError | None:
        """Why the last request, or the connection for events, failed; None once it works again."""
        return self._asker.backoff.error or self._listener.backoff.error

    @property
    def is_connected(self) -> bool:
        return self.error is None and (self._asker.is_connected or self._listener.is_connected)

    def request(
        self, name: str, data: Mapping[str, Any] | None = None, *, timeout: float | None = None
    ) -> dict[str, Any]:
        """The data of OBS's answer. Raises RequestFailed if OBS refuses, else another ObsError."""
        outcome = self._asker.ask(
            messages.REQUEST,
            messages.request(name, data),
            lambda raw: messages.outcome(raw, name),
            self._timeout if timeout is None else timeout,
        )
        if isinstance(outcome, RequestFailed):
            raise outcome
        return outcome

    def batch(self, requests: Sequence[Request], *, timeout: float | None = None) -> list[Outcome]:
        """What each request gave, in one round trip; one that is refused does not stop the rest."""
        if not requests:
            return []
        return self._asker.ask(
            messages.BATCH,
            messages.batch(requests),
            lambda raw: messages.outcomes(raw, [name for name, _ in requests]),
            self._timeout if timeout is None else timeout,
        )

    def events(self, wait: float = 0.0) -> News:
        """What came since the last call; the first one begins to listen.

        If there is nothing, an event or reconnect is waited for; levels alone end no wait.
        """
        with self._listening:
            if not self._is_listening and not self._is_over:
                self._is_listening = True
                self._listener.start()
        return self._inbox.take(wait)

    def retry(self) -> None:
        """Forget the pause after a failure, as when the password was changed."""
        self._asker.backoff.retry()
        self._listener.retry()

    def abort(self) -> None:
        """Make whatever waits, and all that is asked later, fail at once; from any thread."""
        self._asker.abort()
        self._stop_listening()

    def close(self) -> None:
        """Leave OBS, hung or not, within a second."""
        self._stop_listening()
        self._asker.close()
        if self._is_listening:
            self._listener.join(_LONGEST_CLOSE_SECONDS)

    def _stop_listening(self) -> None:
        with self._listening:
            self._is_over = True
        self._listener.stop()
        self._inbox.close()
