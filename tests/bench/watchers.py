"""Many WebSocket clients in a process of their own, so that the server is measured and not they.

`python -m tests.bench.watchers ADDRESS TOKEN COUNT SECONDS` says "ready" once all are connected,
and at the end prints, as JSON, how many seconds after the poll each change came to each.
"""

from __future__ import annotations

import asyncio
import json
import re
import resource
import sys
import time

from websockets.asyncio.client import ClientConnection, connect

_POLLED = re.compile(rb'"polled":([0-9.]+)')
_AT_ONCE = 50


async def _connected(address: str, token: str, gate: asyncio.Semaphore) -> ClientConnection:
    async with gate:
        socket = await connect(
            address,
            additional_headers={"Authorization": f"Bearer {token}"},
            max_size=None,
            open_timeout=60,
            compression=None,
        )
        await socket.recv(decode=False)
        return socket


async def _lags(socket: ClientConnection, until: float) -> list[float]:
    lags, begun = [], time.time()
    while (left := until - time.time()) > 0:
        try:
            message = await asyncio.wait_for(socket.recv(decode=False), left)
        except TimeoutError:
            break
        # That of the newest of its servers: the others only tell what they told before.
        polled = max(map(float, _POLLED.findall(bytes(message))), default=0.0)
        # What came before all were connected has waited here, not at the server.
        if polled > begun:
            lags.append(time.time() - polled)
    return lags


async def _watch(address: str, token: str, count: int, seconds: float) -> list[list[float]]:
    gate = asyncio.Semaphore(_AT_ONCE)
    sockets = await asyncio.gather(*(_connected(address, token, gate) for _ in range(count)))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    until = time.time() + seconds
    found = await asyncio.gather(*(_lags(each, until) for each in sockets))
    await asyncio.gather(*(each.close() for each in sockets))
    return list(found)


if __name__ == "__main__":
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    _, given, secret, clients, length = sys.argv
    sys.stdout.write(json.dumps(asyncio.run(_watch(given, secret, int(clients), float(length)))))
