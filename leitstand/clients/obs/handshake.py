"""Connects and identifies, by way of obsws-python."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from typing import Any

from obsws_python.baseclient import ObsClient  # type: ignore[import-untyped]
from obsws_python.error import OBSSDKError  # type: ignore[import-untyped]

from leitstand.clients.obs.address import Address
from leitstand.clients.obs.errors import NotObs, WrongPassword
from leitstand.clients.obs.wire import Wire

# It logs the password, and a traceback for what is told by an exception anyway. This logger is in
# nobody's tree, so no configuration of logging can make it speak.
_NOBODY = logging.Logger("obsws_python")
_NOBODY.disabled = True

# What obsws-python raises when a server greets with anything but what OBS does.
_RUBBISH = (OBSSDKError, ValueError, LookupError, TypeError, AttributeError, RecursionError)


class _Client(ObsClient):  # type: ignore[misc]
    """obsws-python's client on a wire of ours."""

    def __init__(self, wire: Wire, address: Address, subscriptions: int) -> None:
        self._wire = wire
        # Without a host it would look for a config.toml. The password is not told to it before
        # the server asks for one.
        super().__init__(
            host=f"[{address.host}]" if ":" in address.host else address.host,
            port=address.port,
            password=None,
            subs=subscriptions,
            logger=_NOBODY,
        )

    @property
    def ws(self) -> Wire:
        return self._wire

    @ws.setter
    def ws(self, _: Any) -> None:
        """Ours stays: nobody could bound the one it makes, or close it after a failure."""


def identify(wire: Wire, address: Address, subscriptions: int) -> None:
    """Connect the wire and be let in."""
    with _greeting():
        client = _Client(wire, address, subscriptions)
        needs_password = "authentication" in client.server_hello["d"]
    if needs_password:
        client.password = address.password()
        if not client.password:
            raise WrongPassword("needs a password, and none is configured")
    with _greeting():
        client.authenticate()


@contextlib.contextmanager
def _greeting() -> Iterator[None]:
    try:
        yield
    except _RUBBISH as error:
        raise NotObs(f"does not greet as OBS does ({type(error).__name__})") from None
