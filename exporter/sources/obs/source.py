"""One poll of one studio: a batch of requests, what came by events, a look at file and picture."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exporter.sources.obs import answers
from exporter.sources.obs.audio import Audio
from exporter.sources.obs.picture import ProgramPicture
from exporter.sources.obs.state import Record, Stream, StudioState
from exporter.sources.obs.totals import Totals
from exporter.sources.source import SourceError, SourceId
from leitstand.clients.obs import News, ObsError, ObsLink, RequestFailed
from leitstand.recordfile import Progress, RecordFile
from leitstand.recordfile.output import ask_path

KIND = "obs"

_STATUS = ("GetStats", "GetRecordStatus", "GetStreamStatus", "GetSceneList")
_MOST_SCENES = 200
_MEGABYTE = 1024 * 1024
# OBS answers a batch in a few milliseconds; one that takes longer has no time for pictures.
_BUSY_SECONDS = 0.25
_CHANGES_INPUTS = frozenset({"InputCreated", "InputRemoved", "InputNameChanged"})


@dataclass(slots=True)
class ObsSource:
    """Polls one studio; keeps what only time tells of it."""

    name: str
    link: ObsLink
    recordings: Path | None = None
    slow_interval: float = 30.0
    clock: Callable[[], float] = time.time
    interval: float = 2.0
    _totals: Totals = field(init=False, default_factory=Totals)
    _audio: Audio = field(init=False, default_factory=Audio)
    _file: RecordFile = field(init=False)
    _picture: ProgramPicture = field(init=False)
    _version: str = field(init=False, default="")
    _directory: str | None = field(init=False, default=None)
    _inputs: tuple[str, ...] = field(init=False, default=())
    _slow_due: float = field(init=False, default=float("-inf"))
    _records: int = field(init=False, default=0)
    _streams: int = field(init=False, default=0)
    _was_recording: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self._file = RecordFile(self.recordings, interval=self.interval, now=self.clock)
        self._picture = ProgramPicture(self.link, clock=self.clock)

    @property
    def id(self) -> SourceId:
        return SourceId(KIND, self.name)

    def poll(self) -> StudioState:
        try:
            return self._poll()
        except ObsError as error:
            raise SourceError(str(error)) from None

    def abort(self) -> None:
        self.link.abort()

    def close(self) -> None:
        self.link.close()

    def _poll(self) -> StudioState:
        # Before anything is asked: what an event told is then true in every answer.
        news = self.link.events()
        self._heed(news)
        if news.is_incomplete or time.monotonic() >= self._slow_due:
            self._ask_slow()
        began = time.monotonic()
        mutes = [("GetInputMute", {"inputName": name}) for name in self._inputs]
        given = self.link.batch([*((name, None) for name in _STATUS), *mutes])
        busy = time.monotonic() - began > _BUSY_SECONDS
        return self._state(given, news, busy=busy)

    def _heed(self, news: News) -> None:
        for event in news.events:
            state = event.data.get("outputState")
            if event.name == "RecordStateChanged" and state == "OBS_WEBSOCKET_OUTPUT_STARTED":
                self._records += 1
                self._file.begin(event.data.get("outputPath") or "", self._directory)
            elif event.name == "RecordFileChanged":
                self._file.go_on_in(event.data.get("newOutputPath") or "")
            elif event.name == "StreamStateChanged" and state in (
                "OBS_WEBSOCKET_OUTPUT_STARTED",
                "OBS_WEBSOCKET_OUTPUT_RECONNECTED",
            ):
                self._streams += 1
            elif event.name in _CHANGES_INPUTS:
                self._slow_due = float("-inf")

    def _ask_slow(self) -> None:
        """What changes seldom: version, record directory, the inputs that have sound."""
        version, directory, inputs = self.link.batch(
            [("GetVersion", None), ("GetRecordDirectory", None), ("GetInputList", None)]
        )
        self._version = answers.read(version, answers.Version).obsVersion
        self._directory = answers.read(directory, answers.RecordDirectory).recordDirectory
        names = [i.inputName for i in answers.read(inputs, answers.InputList).inputs]
        asked = self.link.batch([("GetInputMute", {"inputName": name}) for name in names])
        sounding = zip(names, asked, strict=True)
        self._inputs = tuple(n for n, answer in sounding if not isinstance(answer, RequestFailed))
        self._slow_due = time.monotonic() + self.slow_interval

    def _state(
        self, given: list[dict[str, Any] | RequestFailed], news: News, *, busy: bool
    ) -> StudioState:
        stats = answers.read(given[0], answers.Stats)
        record = answers.read(given[1], answers.RecordStatus)
        stream = answers.read(given[2], answers.StreamStatus)
        scenes = answers.read(given[3], answers.SceneList)
        self._totals.update(stats, (stream, self._streams), (record, self._records))
        render, output = self._totals.of("render"), self._totals.of("output")
        return StudioState(
            studio=self.name,
            version=self._version,
            fps=stats.activeFps,
            frame_render_time=stats.averageFrameRenderTime / 1000,
            cpu_usage=stats.cpuUsage / 100,
            memory_bytes=stats.memoryUsage * _MEGABYTE,
            disk_available_bytes=stats.availableDiskSpace * _MEGABYTE,
            render_frames=render[0] or 0,
            render_skipped_frames=render[1] or 0,
            output_frames=output[0] or 0,
            output_skipped_frames=output[1] or 0,
            stream=self._stream(stream),
            record=self._record(record),
            scenes=_scenes(scenes),
            inputs=self._audio.states(self._muted(given[4:]), news.levels, self.clock()),
            picture=self._picture.look(scenes.currentProgramSceneName, busy=busy),
        )

    def _muted(self, given: list[dict[str, Any] | RequestFailed]) -> Mapping[str, bool]:
        """By input; one that was removed since is left out."""
        return {
            name: answers.read(answer, answers.Mute).inputMuted
            for name, answer in zip(self._inputs, given, strict=True)
            if not isinstance(answer, RequestFailed)
        }

    def _stream(self, status: answers.StreamStatus) -> Stream:
        sent, frames, skipped = self._totals.of("stream")
        return Stream(
            active=status.outputActive,
            reconnecting=status.outputReconnecting,
            duration=status.outputDuration / 1000,
            congestion=status.outputCongestion,
            bytes=sent or 0,
            frames=frames or 0,
            skipped_frames=skipped or 0,
        )

    def _record(self, status: answers.RecordStatus) -> Record:
        (written,) = self._totals.of("record")
        duration, active = status.outputDuration / 1000, status.outputActive
        known = Record(active, status.outputPaused, duration, written or 0)
        if not active:
            if self._was_recording:
                self._file.end()
            self._was_recording = False
            return known
        self._was_recording = True
        if self._file.path is None and (path := ask_path(self.link)):
            # It ran before anybody listened.
            self._file.begin(path, self._directory)
        growth = self._file.look(status.outputBytes, duration, paused=status.outputPaused)
        return Record(
            active,
            status.outputPaused,
            duration,
            written or 0,
            growth.file_bytes,
            growth.last_growth,
            growth.progress is not Progress.HEALTHY,
        )


def _scenes(given: answers.SceneList) -> tuple[tuple[str, bool], ...]:
    names = [scene.sceneName for scene in given.scenes][:_MOST_SCENES]
    return tuple((name, name == given.currentProgramSceneName) for name in names)
