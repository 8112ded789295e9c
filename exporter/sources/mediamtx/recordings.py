"""What the server has recorded, asked seldom: the call walks the server's disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from exporter.sources.mediamtx.answers import as_source_error, seconds
from exporter.sources.mediamtx.state import Recording, RecordingsState
from exporter.sources.source import SourceId
from leitstand.clients.mediamtx import Item, MediaMTXClient

KIND = "mediamtx_recordings"


@dataclass(frozen=True, slots=True)
class RecordingsSource:
    """The recordings of one server; at most `limit` paths, first by name."""

    server: str
    client: MediaMTXClient
    deadline: float
    limit: int

    @property
    def id(self) -> SourceId:
        return SourceId(KIND, self.server)

    def poll(self) -> RecordingsState:
        with as_source_error():
            with self.client.within(self.deadline):
                items = self.client.items("recordings", keep) or []
            recordings = sorted((_recording(item) for item in items), key=lambda r: r.path)
            return RecordingsState(self.server, tuple(recordings[: self.limit]))

    def abort(self) -> None:
        self.client.abort()

    def close(self) -> None:
        self.client.close()


def keep(item: Item) -> Any:
    """A segment as its bare start, decided while it is parsed: there may be millions."""
    return item["start"] if item.keys() == {"start"} else item


def _recording(item: Item) -> Recording:
    # In the server's order, oldest first; a newer version's segments may stay objects.
    segments = item.get("segments") or []
    newest = segments[-1] if segments else None
    start = newest["start"] if isinstance(newest, dict) else newest
    return Recording(item["name"], len(segments), seconds(start))
