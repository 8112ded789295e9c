"""`leitstand doctor`: what works, and what to do about what does not."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psutil
from rich.console import Console
from rich.markup import escape

from leitstand.clients.mediamtx import (
    Access,
    Item,
    MediaMTXClient,
    MediaMTXError,
    Refused,
    Unreachable,
)
from leitstand.config import Config, MediaMTXConfig

_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: whether it is well, what was seen, and what to do if it is not."""

    subject: str
    good: bool
    seen: str
    advice: str = ""


def examine(config: Config) -> Iterator[Finding]:
    """All checks, one after the other; a check that fails does not end the others."""
    for check in _CHECKS:
        yield from check(config)


def report(findings: Iterator[Finding], console: Console) -> int:
    """Print each finding as it comes; 1 if any is bad."""
    bad = 0
    for finding in findings:
        sign = "[green]ok  [/]" if finding.good else "[red]BAD [/]"
        console.print(f"{sign} {escape(finding.subject)}: {escape(finding.seen)}", highlight=False)
        if not finding.good:
            bad += 1
            console.print(f"     -> {escape(finding.advice)}", highlight=False)
    console.print("everything is well" if not bad else f"{bad} to mend")
    return 1 if bad else 0


def _exporter(config: Config) -> Iterator[Finding]:
    listen = config.exporter.listen
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((listen.host, listen.port))
        except OSError as error:
            advice = "if that is the exporter running, all is well; else change exporter.listen"
            yield Finding("exporter.listen", False, f"{listen}: {error.strerror}", advice)
        else:
            yield Finding("exporter.listen", True, f"{listen} is free")
    loopback = listen.host in ("127.0.0.1", "::1", "localhost")
    if not loopback and not config.exporter.users:
        advice = "set exporter.users and exporter.tls, or listen on 127.0.0.1"
        yield Finding("exporter.users", False, f"{listen} is open to the network", advice)


def _mediamtx(config: Config) -> Iterator[Finding]:
    if not config.mediamtx:
        advice = "add a mediamtx: section if there is one to watch"
        yield Finding("mediamtx", False, "none is configured", advice)
    for server in config.mediamtx:
        client = MediaMTXClient(Access(server.url, server.authorization, server.ca_file))
        try:
            with client.within(_SECONDS):
                yield from _server(server, client)
        except MediaMTXError as error:
            subject = f"mediamtx {server.name} at {server.url}"
            yield Finding(subject, False, str(error), _advice(error))
        finally:
            client.close()


def _server(server: MediaMTXConfig, client: MediaMTXClient) -> Iterator[Finding]:
    subject = f"mediamtx {server.name}"
    info, paths = client.info(), client.items("paths")
    if paths is None:
        advice = "url must be the address of the API (`api: true`, `apiAddress`), not of a stream"
        yield Finding(subject, False, "answers, but not as a MediaMTX API", advice)
        return
    version = (info or {}).get("version", "older than v1.15.2")
    yield Finding(subject, True, f"{version}, {len(paths)} paths")
    yield from _expected(server, paths)


def _expected(server: MediaMTXConfig, paths: list[Item]) -> Iterator[Finding]:
    online = {item["name"] for item in paths if item.get("available", item.get("ready"))}
    for name in server.expected_paths:
        if any(character in name for character in "*?["):
            continue
        subject = f"mediamtx {server.name} path {name}"
        if name in online:
            yield Finding(subject, True, "online")
        else:
            yield Finding(subject, False, "expected, but not online", "start its publisher")


def _advice(error: MediaMTXError) -> str:
    if isinstance(error, Refused):
        return "check username and password_file, and that this user has the `api` permission"
    if isinstance(error, Unreachable):
        return "check url, that MediaMTX runs, and that its configuration has `api: true`"
    return "look at MediaMTX's own log; if it hangs, restart it"


def _host(config: Config) -> Iterator[Finding]:
    for mount in config.host.mounts:
        good = _in_time(lambda mount=mount: os.path.ismount(mount))  # type: ignore[misc]
        seen = {True: "mounted", False: "not a mount point", None: "does not answer"}[good]
        advice = "mount it, or take it out of host.mounts"
        yield Finding(f"host mount {mount}", bool(good), seen, advice)
    present = psutil.net_if_addrs()
    for device in config.host.devices or ():
        advice = f"one of: {', '.join(sorted(present))}"
        seen = "there" if device in present else "there is no such device"
        yield Finding(f"host device {device}", device in present, seen, advice)


def _in_time(question: Callable[[], bool]) -> bool | None:
    """The answer, or None if it takes too long, as a dead network mount does."""
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(question()), daemon=True)
    thread.start()
    thread.join(_SECONDS)
    return answers[0] if answers else None


_CHECKS: tuple[Callable[[Config], Iterator[Finding]], ...] = (_exporter, _mediamtx, _host)
