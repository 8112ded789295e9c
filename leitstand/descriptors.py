"""How many descriptors (files, sockets) this process may have open at once."""

from __future__ import annotations

import resource

MOST = 65_536
"""More are never needed, and a program that closes all that it could have open takes long."""


def raise_limit() -> None:
    """Raise the soft limit to the hard one: many systems start a service with 1,024 of 524,288."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _finite(hard)
    if wanted > _finite(soft):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def limit() -> int:
    """The soft limit, which counts; no more than MOST."""
    return _finite(resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def _finite(count: int) -> int:
    return MOST if count == resource.RLIM_INFINITY else min(count, MOST)
