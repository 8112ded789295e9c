"""The one home of MediaMTX's API."""

from leitstand.clients.mediamtx.client import Access, MediaMTXClient
from leitstand.clients.mediamtx.errors import (
    BadAnswer,
    MediaMTXError,
    Refused,
    TooSlow,
    Unreachable,
)

__all__ = [
    "Access",
    "BadAnswer",
    "MediaMTXClient",
    "MediaMTXError",
    "Refused",
    "TooSlow",
    "Unreachable",
]
