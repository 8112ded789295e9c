"""Where the snapshot is to be had: an address that says which way."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from leitstand.feed.feed import Feed
from leitstand.feed.http import HttpFeed
from leitstand.feed.redis import RedisFeed, connected


@dataclass(frozen=True, slots=True)
class Source:
    """`http(s)://…` of an exporter or `redis(s)://…`. The password is in no repr."""

    url: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None


def open_feed(source: Source) -> Feed:
    """A feed from there; connects when it is asked first."""
    at = source.url, source.username, source.password, source.ca_file
    if source.url.startswith(("redis://", "rediss://")):
        return RedisFeed(connected(*at), source.url)
    return HttpFeed(*at)
