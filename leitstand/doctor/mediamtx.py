"""Checks of a MediaMTX: does it answer, are its expected paths online."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from leitstand.clients.mediamtx import (
    Access,
    BadAnswer,
    MediaMTXClient,
    MediaMTXError,
    Refused,
    TooSlow,
    Unreachable,
)
from leitstand.clients.mediamtx.objects import Path
from leitstand.config import MediaMTXConfig
from leitstand.doctor.finding import PATIENCE_SECONDS, Finding

ADVICE: dict[type[MediaMTXError], str] = {
    Refused: "check username and password_file, and that this user has the `api` permission",
    Unreachable: "check url, that MediaMTX runs with `api: true`, and ca_file if it speaks HTTPS",
    TooSlow: "look at MediaMTX's own log; if it hangs, restart it",
    BadAnswer: "check that url is the address of its API (`apiAddress`), not of a stream",
}


def check(server: MediaMTXConfig) -> Iterator[Finding]:
    client = MediaMTXClient(Access(server.url, server.authorization, server.ca_file))
    try:
        with client.within(PATIENCE_SECONDS):
            info, paths = client.info(), client.items("paths", Path)
            if paths is None:
                raise BadAnswer("answers, but not as a MediaMTX API")
    except MediaMTXError as error:
        subject = f"mediamtx {server.name} at {server.url}"
        yield Finding(subject, False, str(error), ADVICE[type(error)])
    else:
        version = (info and info.version) or "older than v1.15.2"
        yield Finding(f"mediamtx {server.name}", True, f"{version}, {len(paths)} paths")
        yield from _expected(server, paths)
    finally:
        client.close()


def _expected(server: MediaMTXConfig, paths: Sequence[Path]) -> Iterator[Finding]:
    online = [path.name for path in paths if path.available or path.ready]
    for expected in server.expected_paths:
        subject = f"mediamtx {server.name} path {expected}"
        if any(fnmatchcase(name, expected) for name in online):
            yield Finding(subject, True, "online")
        else:
            yield Finding(subject, False, "expected, but not online", "start its publisher")
