"""One OBS under control: its link, with errors that say what it means for the request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from control_api.errors import BadGateway, BadInput, NotFound, Unavailable
from leitstand.clients.obs import Address, ObsError, ObsLink, RequestFailed, Subscription


@dataclass(frozen=True, slots=True)
class Studio:
    """`recordings` is where this machine sees the folder that OBS records into, if it does."""

    name: str
    link: ObsLink
    recordings: Path | None = None
    address: Address | None = None

    def levels_link(self) -> ObsLink:
        """A link of its own that hears nothing but levels; whoever asks for it closes it."""
        if self.address is None:
            raise Unavailable(f"studio {self.name}: its address is not known")
        return ObsLink(self.address, subscriptions=Subscription.INPUT_VOLUME_METERS)

    def request(
        self, name: str, data: Mapping[str, Any] | None = None, *, timeout: float | None = None
    ) -> dict[str, Any]:
        """OBS's answer. Raises BadGateway if OBS refuses, Unavailable if it does not answer."""
        try:
            return self.link.request(name, data, timeout=timeout)
        except RequestFailed as error:
            raise BadGateway(f"studio {self.name}: OBS refuses {name}: {error}") from None
        except ObsError as error:
            raise Unavailable(f"studio {self.name}: OBS {error}") from None


class Studios:
    """All of them, by name."""

    def __init__(self, studios: Sequence[Studio]) -> None:
        self._studios = {studio.name: studio for studio in studios}

    def __iter__(self) -> Iterator[Studio]:
        return iter(self._studios.values())

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._studios)

    def get(self, name: str | None) -> Studio:
        """The studio of that name; without a name the only one."""
        if name is None and len(self._studios) == 1:
            return next(iter(self._studios.values()))
        known = ", ".join(self._studios) or "none"
        if name is None:
            raise BadInput(f"studio: needed, since there is not exactly one; there are: {known}")
        if name not in self._studios:
            raise NotFound(f"studio: there is no {name!r}; there are: {known}")
        return self._studios[name]

    def close(self) -> None:
        for studio in self:
            studio.link.close()
