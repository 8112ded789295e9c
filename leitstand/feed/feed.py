"""What every way to the snapshot offers, and the one error of all of them."""

from __future__ import annotations

from typing import Any, Protocol

Json = dict[str, Any]


class FeedError(Exception):
    """There is no snapshot to be had. One line for people, without secrets."""


class Feed(Protocol):
    """Used by one thread at a time, but for `abort`."""

    def next(self, after: int | None, seconds: float) -> Json | None:
        """The latest snapshot whose `sequence` is not `after`.

        Waits for one up to `seconds`; None if none came. Raises FeedError.
        """

    def abort(self) -> None:
        """Make what is asked now or later fail soon; from any thread."""

    def close(self) -> None:
        """Let go of the connection."""
