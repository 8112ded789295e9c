"""`leitstand doctor`: what works, and what to do about what does not."""

from __future__ import annotations

import http.client
import os
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial

import psutil
from rich.console import Console
from rich.markup import escape

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
from leitstand.config import Config, ConfigError, ExporterConfig, MediaMTXConfig
from leitstand.serving import listening

_SECONDS = 5.0
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_ADVICE: dict[type[MediaMTXError], str] = {
    Refused: "check username and password_file, and that this user has the `api` permission",
    Unreachable: "check url, that MediaMTX runs with `api: true`, and ca_file if it speaks HTTPS",
    TooSlow: "look at MediaMTX's own log; if it hangs, restart it",
    BadAnswer: "check that url is the address of its API (`apiAddress`), not of a stream",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: whether it is well, what was seen, and what to do if it is not."""

    subject: str
    good: bool
    seen: str
    advice: str = ""


def examine(config: Config) -> Iterator[Finding]:
    """All checks, one after the other; a check that fails does not end the others."""
    yield _exporter(config.exporter)
    yield _doors(config.exporter)
    if not config.mediamtx:
        advice = "add a mediamtx: section if there is one to watch"
        yield Finding("mediamtx", False, "none is configured", advice)
    for server in config.mediamtx:
        yield from _mediamtx(server)
    yield from map(_mount, config.host.mounts)
    yield from map(_device, config.host.devices or ())


def report(findings: Iterable[Finding], console: Console) -> int:
    """Print each finding as it comes; 1 if any is bad."""
    say = partial(console.print, highlight=False, soft_wrap=True)
    bad = 0
    for finding in findings:
        sign = "[green]ok [/]" if finding.good else "[red]BAD[/]"
        say(f"{sign} {escape(f'{finding.subject}: {finding.seen}')}")
        if not finding.good:
            bad += 1
            say(f"    -> {escape(finding.advice)}")
    say("everything is well" if not bad else f"{bad} to mend")
    return 1 if bad else 0


def _exporter(exporter: ExporterConfig) -> Finding:
    subject = "exporter.listen"
    try:
        listening(exporter.listen, subject).close()
    except ConfigError as error:
        if _is_leitstand(exporter):
            return Finding(subject, True, f"the exporter runs at {exporter.url}")
        seen = str(error).removeprefix(f"{subject}: ").partition(";")[0]
        return Finding(subject, False, seen, "choose another address or port, or end what has it")
    return Finding(subject, True, f"{exporter.listen} is free")


def _is_leitstand(exporter: ExporterConfig) -> bool:
    """Whether what has the address is an exporter that is well, or that asks who we are."""
    listen = exporter.listen.from_here()
    connect: Callable[..., http.client.HTTPConnection] = http.client.HTTPConnection
    if exporter.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # Nothing secret is said to it, and nothing it says is used.
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connect = partial(http.client.HTTPSConnection, context=context)
    connection = connect(listen.host, listen.port, timeout=_SECONDS)
    try:
        connection.request("GET", "/-/healthy")
        answer = connection.getresponse()
        asks = 'realm="leitstand"' in answer.headers.get("WWW-Authenticate", "")
        return asks or answer.read(100) == b"healthy\n"
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _doors(exporter: ExporterConfig) -> Finding:
    """Who can get in."""
    if exporter.listen.host in _LOOPBACK:
        return Finding("exporter.users", True, "only this machine can ask")
    if not exporter.users:
        advice = "set exporter.users and exporter.tls, or listen on 127.0.0.1"
        seen = f"{exporter.listen} is open to the network"
        return Finding("exporter.users", False, seen, advice)
    if not exporter.tls:
        advice = "set exporter.tls, or listen on 127.0.0.1 behind a proxy that speaks HTTPS"
        return Finding("exporter.tls", False, "passwords cross the network in the clear", advice)
    return Finding("exporter.users", True, "passwords, over HTTPS")


def _mediamtx(server: MediaMTXConfig) -> Iterator[Finding]:
    client = MediaMTXClient(Access(server.url, server.authorization, server.ca_file))
    try:
        with client.within(_SECONDS):
            info, paths = client.info(), client.items("paths", Path)
            if paths is None:
                raise BadAnswer("answers, but not as a MediaMTX API")
    except MediaMTXError as error:
        subject = f"mediamtx {server.name} at {server.url}"
        yield Finding(subject, False, str(error), _ADVICE[type(error)])
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


def _mount(mount: str) -> Finding:
    mounted = _in_time(partial(os.path.ismount, mount))
    seen = {True: "mounted", False: "not a mount point", None: "does not answer"}[mounted]
    advice = "mount it, or take it out of host.mounts"
    return Finding(f"host.mounts {mount}", bool(mounted), seen, advice)


def _device(device: str) -> Finding:
    present = psutil.net_if_addrs()
    seen = "there" if device in present else "there is no such device"
    advice = f"host.devices may name {', '.join(sorted(present))}"
    return Finding(f"host.devices {device}", device in present, seen, advice)


def _in_time(question: Callable[[], bool]) -> bool | None:
    """The answer, or None if it takes too long, as a dead network mount does."""
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(question()), daemon=True)
    thread.start()
    thread.join(_SECONDS)
    return answers[0] if answers else None
