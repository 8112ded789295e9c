"""What the server has recorded, asked seldom: the call walks the server's disk."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.sources.mediamtx.answers import as_source_error, seconds
from exporter.sources.mediamtx.state import Recording, RecordingsState
from exporter.sources.source import SourceId
from leitstand.clients.mediamtx import MediaMTXClient, objects

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
                found = self.client.items("recordings", objects.Recording) or []
            recordings = sorted((_recording(one) for one in found), key=lambda r: r.path)
            return RecordingsState(self.server, tuple(recordings[: self.limit]))

    def abort(self) -> None:
        self.client.abort()

    def close(self) -> None:
        self.client.close()


def _recording(recorded: objects.Recording) -> Recording:
    # In the server's order, oldest first.
    segments = recorded.segments
    newest = seconds(segments[-1].start) if segments else None
    return Recording(recorded.name, len(segments), newest)
