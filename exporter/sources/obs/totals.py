"""OBS's counters, which begin again with every output, reconnect and restart, as totals."""

from __future__ import annotations

from exporter.counters import Counters, Reading
from exporter.counters import Totals as Sums
from exporter.sources.obs.answers import RecordStatus, Stats, StreamStatus

_ONE = "studio"


class Totals:
    """What one studio rendered, encoded, sent and wrote, over all its sessions."""

    def __init__(self) -> None:
        self._counters = Counters()

    def update(
        self,
        stats: Stats,
        stream: tuple[StreamStatus, int],
        record: tuple[RecordStatus, int],
    ) -> None:
        """Take in one poll; each output with how many times it was seen to begin."""
        sent, streams = stream
        written, records = record
        rendered = (stats.renderTotalFrames, stats.renderSkippedFrames)
        encoded = (stats.outputTotalFrames, stats.outputSkippedFrames)
        streamed = (sent.outputBytes, sent.outputTotalFrames, sent.outputSkippedFrames)
        self._counters.update(
            (
                Reading("render", rendered, _ONE, ("render",)),
                Reading("output", encoded, _ONE, ("output",)),
                Reading("stream", streamed, _ONE, ("stream",), epoch=streams),
                Reading("record", (written.outputBytes,), _ONE, ("record",), epoch=records),
            )
        )

    def of(self, counted: str) -> Sums:
        return self._counters.get(_ONE, (counted,)) or ()
