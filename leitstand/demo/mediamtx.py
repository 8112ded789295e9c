"""A MediaMTX that is not there: the server, faults to switch on, and a command to run it."""

from __future__ import annotations

import argparse
import base64
import binascii
import random
import ssl
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence

from leitstand.demo.api import Answer, Api, failure
from leitstand.demo.connections import Server
from leitstand.demo.faults import Fault
from leitstand.demo.world import World
from leitstand.signals import stop_event

__all__ = ["DemoMediaMTX", "Fault", "World", "main", "serve"]

SLOWEST_REFUSAL_SECONDS = 4.0
REMEMBERED_REQUESTS = 1000


class DemoMediaMTX:
    """A MediaMTX that speaks the real API about a simulated world, also after stop and start.

    `fault` and `fault_paths` (endpoints it applies to, None for all) may be set at any time.
    `missing` are endpoints it does not offer, as "/v3/moqsessions" or "/v3/moqsessions/list".
    """

    def __init__(
        self,
        world: World | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        username: str | None = None,
        password: str | None = None,
        tls: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.time,
        missing: frozenset[str] = frozenset(),
    ) -> None:
        self.world = world or World.standard()
        self.fault = Fault.NONE
        self.fault_paths: frozenset[str] | None = None
        self.requests: Counter[str] = Counter()
        self.targets: deque[str] = deque(maxlen=REMEMBERED_REQUESTS)
        self.tick_seconds = 0.05
        self.drip_seconds = 0.5
        self.wrong_password_delay: float | None = None
        self.stopped = threading.Event()
        self._host, self._port, self._tls = host, port, tls
        self._credentials = f"{username}:{password or ''}" if username is not None else None
        self._clock = clock
        self._api = Api(self.world, missing)
        self._server: Server | None = None
        self._last_tick = float("-inf")
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """Known once the server has started, if the port was left to chance."""
        return f"{'https' if self._tls else 'http'}://{self._host}:{self._port}"

    def start(self) -> None:
        self.stopped.clear()
        self._api.prepare(self._tick())
        self._server = Server((self._host, self._port), self, self._tls)
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Open connections end too, also those that hang."""
        self.stopped.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.close()
            self._server = None

    def __enter__(self) -> DemoMediaMTX:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def note(self, target: str) -> Fault:
        """Count the request; answers what is to go wrong with it."""
        endpoint = target.partition("?")[0]
        with self._lock:
            self.requests[endpoint] += 1
            self.targets.append(target)
        applies = self.fault_paths is None or endpoint in self.fault_paths
        return self.fault if applies else Fault.NONE

    def answer(self, target: str, authorization: str | None) -> Answer:
        if self._credentials is not None:
            given = _credentials(authorization)
            if given is None:
                refusal = failure(401, "authentication error")
                return Answer(refusal.status, refusal.body, asks_for_credentials=True)
            if given != self._credentials:
                return self._refuse()
        return self._api.answer(target, self._tick())

    def _tick(self) -> float:
        """Requests in quick succession see one moment, and share what was rendered for it."""
        with self._lock:
            now = self._clock()
            if not 0 <= now - self._last_tick < self.tick_seconds:
                self._last_tick = now
            return self._last_tick

    def _refuse(self) -> Answer:
        """Late, and not a word about what was wrong: so that passwords cannot be guessed."""
        delay = self.wrong_password_delay
        if delay is None:
            delay = random.uniform(0, SLOWEST_REFUSAL_SECONDS)
        self.stopped.wait(delay)
        return failure(401, "authentication error")


def _credentials(authorization: str | None) -> str | None:
    """The user:pass of a Basic or Bearer header."""
    scheme, _, value = (authorization or "").partition(" ")
    if scheme == "Basic":
        try:
            return base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return None
    return value if scheme == "Bearer" and ":" in value else None


def serve(
    *, port: int = 9997, paths: int = 0, readers: int = 0, idle: int = 0, seed: int = 1
) -> None:
    """Run until SIGINT or SIGTERM; the newcomer's world unless a number of paths is given."""
    world = World.standard(seed=seed)
    if idle:
        world = World.idle(idle)
    elif paths:
        world = World.large(paths, readers, seed=seed)
    ended = stop_event()
    with DemoMediaMTX(world, port=port) as demo:
        sys.stdout.write(f"{demo.url}\n")
        sys.stdout.flush()
        ended.wait()


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="leitstand.demo.mediamtx", description=__doc__)
    parser.add_argument("--port", type=int, default=9997)
    parser.add_argument("--paths", type=int, default=0, help="live publishers, for benchmarks")
    parser.add_argument("--readers", type=int, default=0, help="spread over the live paths")
    parser.add_argument("--idle", type=int, default=0, help="configured paths nobody publishes to")
    parser.add_argument("--seed", type=int, default=1)
    serve(**vars(parser.parse_args(argv)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
