"""A hundred people who look at the preview, in a process of their own so that the server is
measured and not they: `python viewers.py URL SECONDS` prints how long each answer took, as JSON."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from urllib.parse import urlsplit

_VIEWERS = 100
_PAUSE_SECONDS = 0.5


async def look(url: str, late: float, until: float) -> list[float]:
    where = urlsplit(url)
    # People do not look in step.
    await asyncio.sleep(late)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    took = []
    while time.monotonic() < until:
        began = time.monotonic()
        writer.write(f"GET {where.path} HTTP/1.1\r\nHost: leitstand\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        assert " 200 " in head.partition("\r\n")[0], head
        await reader.readexactly(int(head.partition("content-length: ")[2].partition("\r\n")[0]))
        took.append(time.monotonic() - began)
        await asyncio.sleep(_PAUSE_SECONDS)
    writer.close()
    return took


async def all_of_them(url: str, seconds: float) -> list[float]:
    until = time.monotonic() + seconds
    viewers = [look(url, n * _PAUSE_SECONDS / _VIEWERS, until) for n in range(_VIEWERS)]
    return sorted(itertools.chain(*await asyncio.gather(*viewers)))


if __name__ == "__main__":
    json.dump(asyncio.run(all_of_them(sys.argv[1], float(sys.argv[2]))), sys.stdout)
