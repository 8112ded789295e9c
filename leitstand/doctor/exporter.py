"""Checks of the exporter's own address: is it free, who can get in."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Callable, Iterator
from functools import partial

from leitstand.config import ConfigError, ExporterConfig
from leitstand.doctor.finding import PATIENCE_SECONDS, Finding
from leitstand.serving import listening

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def check(exporter: ExporterConfig) -> Iterator[Finding]:
    yield _address(exporter)
    yield _doors(exporter)


def _address(exporter: ExporterConfig) -> Finding:
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
    connection = connect(listen.host, listen.port, timeout=PATIENCE_SECONDS)
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
