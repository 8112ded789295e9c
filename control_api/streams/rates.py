"""What a snapshot does not say but two do: bitrates; and in one word how a path is. Pure."""

from __future__ import annotations

from collections import deque
from typing import Any

Json = dict[str, Any]
Key = tuple[str, str]

_BITS = 8
# Sooner than MediaMTX drops a publisher that is silent (readTimeout, 10 s): else nobody sees it.
_FROZEN_SECONDS = 5.0
# Over three polls at the usual interval: one alone jumps with every key frame.
_OVER_SECONDS = 5.5


class Rates:
    """Bitrates of every path from its last polls."""

    def __init__(self) -> None:
        self._seen: dict[Key, deque[tuple[float, int, int]]] = {}

    def add(self, snapshot: Json) -> None:
        """Write `inbound_bitrate`, `outbound_bitrate` (bits per second, None while unknown) and
        `state` into every path of it."""
        known, self._seen = self._seen, {}
        for server in snapshot["servers"]:
            polled = server.get("polled") or snapshot["time"]
            for path in server["paths"]:
                key = server["name"], path["name"]
                polls = self._seen[key] = known.get(key) or deque()
                path["state"] = state(path, polled)
                _take(polls, (polled, path["inbound_bytes"], path["outbound_bytes"]))
                path["inbound_bitrate"], path["outbound_bitrate"] = _bitrates(polls)


def state(path: Json, now: float) -> str:
    """live, frozen (no data for 5 s), offline (expected and not there), or idle."""
    if not path["online"]:
        return "offline" if path["expected"] else "idle"
    last = path["last_data"]
    return "frozen" if last is not None and now - last > _FROZEN_SECONDS else "live"


def _take(polls: deque[tuple[float, int, int]], poll: tuple[float, int, int]) -> None:
    if polls and (poll[0] < polls[-1][0] or poll[1] < polls[-1][1] or poll[2] < polls[-1][2]):
        # Another exporter, or the same one after a restart: its counters began anew.
        polls.clear()
    if not polls or poll[0] > polls[-1][0]:
        polls.append(poll)
    while len(polls) > 2 and poll[0] - polls[1][0] >= _OVER_SECONDS:
        polls.popleft()


def _bitrates(polls: deque[tuple[float, int, int]]) -> tuple[float | None, float | None]:
    if len(polls) < 2:
        return None, None
    (before, inbound, outbound), (now, inbound_now, outbound_now) = polls[0], polls[-1]
    passed = now - before
    return (
        round((inbound_now - inbound) * _BITS / passed, 1),
        round((outbound_now - outbound) * _BITS / passed, 1),
    )
