"""The latest snapshot, handed from exporters to whoever shows it: by HTTP, or through Redis.

`open_feed` gives what reads it; `redis.RedisWriter` is what an exporter writes with.
"""

from leitstand.feed.feed import Feed, FeedError, Json
from leitstand.feed.source import Source, open_feed

__all__ = ["Feed", "FeedError", "Json", "Source", "open_feed"]
