"""The golden pages: what every recorded set turns into. `make golden` writes them anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from exporter import collectors
from exporter.exposition import Format, Renderer, page
from exporter.pages import render
from exporter.sources.mediamtx.forwards import ForwardsSource
from exporter.sources.mediamtx.recordings import RecordingsSource
from exporter.sources.mediamtx.source import MediaMTXSource, Watch
from exporter.sources.obs.source import ObsSource
from leitstand.clients.mediamtx import Access, MediaMTXClient
from tests.recorded import RecordedMediaMTX, moment, sets
from tests.recorded_obs import SITUATIONS, RecordedLink

FOLDER = Path(__file__).parent / "golden"

_WHEN_OBS_WAS_RECORDED = 1_795_318_179.0

SEQUENCE = ("t0", "t1", "t2b", "t2c", "t3")
"""One server over time: a publisher stops, comes back, then the server restarts."""

EXPECTED_PATHS = ("cam_rtsp", "site1/*", "never/there")


class Recording:
    """The real sources over recorded answers; the clock shows when they were recorded."""

    def __init__(self, server: RecordedMediaMTX) -> None:
        self._server = server
        self._now = 0.0
        watch = Watch(name="main", expected_paths=EXPECTED_PATHS, slow_interval=0)
        self.main = MediaMTXSource(watch, self._client(), clock=lambda: self._now)
        self._sources: Sequence[Any] = (
            self.main,
            ForwardsSource("main", self._client(), lambda: self.main.forwarding_paths, 5),
            RecordingsSource("main", self._client(), 5, 2_000),
        )
        self._renderer = Renderer()

    def metrics(self, name: str) -> str:
        """The page after one poll of that set."""
        self._server.use(name)
        self._now = moment(name)
        bodies: dict[Any, bytes] = {}
        for source in self._sources:
            bodies |= render(self._renderer, source.id.kind, source.poll())
        shown = ((f, [bodies[f]]) for f in collectors.FAMILIES if f in bodies)
        return page(shown, Format.PROMETHEUS).decode()

    def close(self) -> None:
        for source in self._sources:
            source.close()

    def _client(self) -> MediaMTXClient:
        return MediaMTXClient(Access(self._server.url, lambda: None))


def pages() -> Iterator[tuple[str, str]]:
    """Every golden page: its file name and what it should hold."""
    with RecordedMediaMTX(sets()[0]) as server:
        for name in sets():
            recording = Recording(server)
            yield f"{name}.prom", recording.metrics(name)
            recording.close()
        recording = Recording(server)
        for name in SEQUENCE:
            text = recording.metrics(name)
        yield "sequence.prom", text
        recording.close()


def obs_pages() -> Iterator[tuple[str, str]]:
    """What a studio turns into in each situation that was recorded."""
    for situation in SITUATIONS:
        link: Any = RecordedLink(situation)
        source = ObsSource("stage", link, clock=lambda: _WHEN_OBS_WAS_RECORDED)
        bodies = render(Renderer(), source.id.kind, source.poll())
        shown = ((f, [bodies[f]]) for f in collectors.FAMILIES if f in bodies)
        yield f"{situation}.prom", page(shown, Format.PROMETHEUS).decode()


def main() -> None:
    for name, text in (*pages(), *obs_pages()):
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
