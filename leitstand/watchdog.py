"""What systemd is told under Type=notify: ready, stopping, and with WatchdogSec= still alive."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping

logger = logging.getLogger(__name__)

_SEND_SECONDS = 1.0


@contextlib.contextmanager
def told(
    is_alive: Callable[[], bool], environment: Mapping[str, str] = os.environ
) -> Iterator[None]:
    """Tell systemd, while it lasts, that the service runs; without systemd do nothing.

    Half as often as it would have to, and only while `is_alive` says so: else systemd restarts us.
    """
    place = environment.get("NOTIFY_SOCKET", "")
    over = threading.Event()
    interval = _interval(environment)
    beating = None
    if place and interval is not None:
        beating = threading.Thread(
            target=_beat, args=(place, interval, is_alive, over), name="watchdog", daemon=True
        )
    _send(place, "READY=1")
    if beating is not None:
        beating.start()
    try:
        yield
    finally:
        over.set()
        _send(place, "STOPPING=1")
        if beating is not None:
            beating.join(_SEND_SECONDS)


def still_starting(seconds: int, environment: Mapping[str, str] = os.environ) -> None:
    """Tell systemd that the start takes longer, for at least so many seconds from now."""
    _send(environment.get("NOTIFY_SOCKET", ""), f"EXTEND_TIMEOUT_USEC={seconds}000000")


def _interval(environment: Mapping[str, str]) -> float | None:
    """Seconds; None if nobody waits for a sign of life of this process."""
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    usec = environment.get("WATCHDOG_USEC", "")
    if not (usec.isascii() and usec.isdigit() and int(usec) > 0):
        return None
    return int(usec) / 1_000_000 / 2


def _beat(place: str, interval: float, is_alive: Callable[[], bool], over: threading.Event) -> None:
    was_alive = True
    while not over.is_set():
        alive = _asked(is_alive)
        if alive:
            _send(place, "WATCHDOG=1")
        elif was_alive:
            logger.error("not alive any more: systemd is not told otherwise, and will restart us")
        was_alive = alive
        over.wait(interval)


def _asked(is_alive: Callable[[], bool]) -> bool:
    try:
        return is_alive()
    except Exception:
        logger.exception("whether we are alive cannot be said")
        return False


def _send(place: str, state: str) -> None:
    if not place:
        return
    # An @ stands for the zero byte of an abstract socket.
    address = "\0" + place[1:] if place.startswith("@") else place
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.settimeout(_SEND_SECONDS)
            sock.connect(address)
            sock.send(state.encode())
    except OSError as error:
        logger.warning("systemd could not be told %s (%s)", state, error.strerror)
