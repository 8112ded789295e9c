"""The record output of a real OBS: one look, start, stop and pause, with the file as the judge.

OBS answers 100 to a start that fails, and counts bytes while its file stands still.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from control_api.clock import Clock, SystemClock
from control_api.recorder.observation import Observation, Refused, Unreachable
from control_api.recordings.reasons import Code, Reason
from control_api.studios.studio import Studio
from leitstand.calls import Call
from leitstand.clients.obs import Event, ObsError, RequestFailed
from leitstand.recordfile import RecordFile, SplitFile
from leitstand.recordfile.output import active_output, path_in

T = TypeVar("T")

_FOLDER_SECONDS = 1.0
_STARTED = "OBS_WEBSOCKET_OUTPUT_STARTED"
_STOPPING = "OBS_WEBSOCKET_OUTPUT_STOPPING"
"""Comes if OBS is asked to stop, which it does itself where its disk is full or its folder gone;
a recording that fails otherwise ends without it."""
_FULL_MEGABYTES = 50
"""OBS starts no recording with less (LOW_DISK in its window-basic-main-outputs.cpp)."""
_MIB = 1024**2
_GONE_OR_FULL = "is gone, or its disk is full"
_NO_FILE_SECONDS = 15.0
"""A recording that has no file after that is one whose folder is not the one we see."""
_NOT_RECORDING, _IS_PAUSED, _IS_NOT_PAUSED = 501, 502, 503


class _Status(msgspec.Struct):
    outputActive: bool
    outputPaused: bool
    outputDuration: float
    outputBytes: float


class _Stats(msgspec.Struct):
    availableDiskSpace: float


class _Directory(msgspec.Struct):
    recordDirectory: str


@dataclass(frozen=True, slots=True)
class _Answers:
    """What OBS says at one look. `first_path` is None where the output is not known yet."""

    status: _Status
    free_megabytes: float
    directory: str
    first_path: str | None


@dataclass(frozen=True, slots=True)
class _Folder:
    """The record folder as this machine sees it. `is_full`: 0 bytes free do not mean it is gone."""

    is_there: bool
    is_full: bool


class ObsOutput:
    """The record output of a studio, as RecordOutput. Used by one thread at a time.

    `interval` is how often it is looked at, in seconds.
    """

    def __init__(
        self, studio: Studio, clock: Clock | None = None, *, interval: float = 1.0
    ) -> None:
        self._studio = studio
        self._clock = clock or SystemClock()
        self._file = RecordFile(
            studio.recordings,
            interval=interval,
            monotonic=self._clock.monotonic,
            now=self._clock.now,
        )
        self._folder = Call("record folder of the studio", self._folder_as_seen)
        self._directory: str | None = None
        self._output: str | None = None
        self._first_path: str | None = None
        self._began: float | None = None
        self._duration = 0.0
        self._grew = self._was_stopped = False
        self._ended_by: Reason | None = None

    @property
    def files(self) -> tuple[SplitFile, ...]:
        """All files of the recording that runs, in order; more than one if OBS split it."""
        return self._file.files

    def hear(self, event: Event) -> None:
        """Take in an event that just came."""
        if event.name == "RecordFileChanged":
            path = event.data.get("newOutputPath")
            if isinstance(path, str) and path:
                self._file.go_on_in(path)
        elif event.name == "RecordStateChanged":
            state = event.data.get("outputState")
            if state == _STARTED:
                self._begin(event.data.get("outputPath"))
                self._began, self._ended_by = self._clock.now(), None
            self._was_stopped = state == _STOPPING or (self._was_stopped and state != _STARTED)

    def look(self) -> Observation:
        """What OBS and the file show now. Raises Unreachable."""
        answers = self._ask()
        self._directory = answers.directory
        status, duration = answers.status, answers.status.outputDuration / 1000
        if not status.outputActive:
            # Between STARTING and STARTED the status is still that of the time before.
            if self._duration > 0:
                self._forget()
            ended_by, self._ended_by = self._ended_by, None
            return Observation(
                active=False,
                obstacle=self._obstacle(answers),
                stopped=self._was_stopped,
                ended_by=ended_by,
            )
        self._notice_own_stop(answers)
        self._notice_another(duration, answers.first_path)
        growth = self._file.look(status.outputBytes, duration, paused=status.outputPaused)
        self._grew = self._grew or self._has_arrived(status.outputBytes, growth.file_bytes)
        return Observation(
            active=True,
            paused=status.outputPaused,
            duration=duration,
            bytes=status.outputBytes,
            path=self._file.path,
            file=self._file.file,
            grew=self._grew,
            progress=growth.progress,
            still_seconds=growth.still_seconds,
            began=self._began,
        )

    def start(self) -> None:
        """Raises Unreachable or Refused."""
        self._forget()
        self._was_stopped, self._ended_by = False, None
        self._do("StartRecord")

    def stop(self) -> None:
        """Raises Unreachable or Refused. An OBS that says it does not record has stopped."""
        self._do("StopRecord", done=_NOT_RECORDING)

    def pause(self, paused: bool) -> None:
        """Pause, or go on. Raises Unreachable or Refused."""
        if paused:
            self._do("PauseRecord", done=_IS_PAUSED)
        else:
            self._do("ResumeRecord", done=_IS_NOT_PAUSED)

    def _begin(self, path: object) -> None:
        """Another recording; its path may still be unknown."""
        self._forget()
        if isinstance(path, str) and path:
            self._first_path = path
            self._file.begin(path, self._directory)

    def _forget(self) -> None:
        self._first_path = self._began = None
        self._duration, self._grew = 0.0, False
        self._file.end()

    def _notice_another(self, duration: float, path: str | None) -> None:
        """See whether this is another recording than last time, whose start was not reported."""
        known = {self._first_path, *(each.path for each in self._file.files)}
        if duration < self._duration or (path is not None and path not in known):
            began = self._began if self._first_path is None and self._duration == 0 else None
            self._begin(path)
            self._began = began
            self._was_stopped, self._ended_by = False, None
        self._duration = duration

    def _notice_own_stop(self, answers: _Answers) -> None:
        """See, while OBS stops, whether it does so unasked: by the end there may be space again."""
        # Only for what OBS itself sees: a folder that is away here does not stop it.
        is_full = answers.free_megabytes < _FULL_MEGABYTES
        if self._was_stopped and is_full and (why := self._obstacle(answers)) is not None:
            self._was_stopped, self._ended_by = False, why

    def _has_arrived(self, obs_bytes: float, file_bytes: int | None) -> bool:
        """Whether bytes were seen in the file; where it is not visible, in OBS's count."""
        if file_bytes is not None:
            return file_bytes > 0
        is_visible = self._studio.recordings is not None and self._duration <= _NO_FILE_SECONDS
        return obs_bytes > 0 and not is_visible

    def _ask(self) -> _Answers:
        wanted: list[tuple[str, Mapping[str, Any] | None]] = [
            ("GetRecordStatus", None),
            ("GetStats", None),
            ("GetRecordDirectory", None),
        ]
        if self._output is not None:
            wanted.append(("GetOutputSettings", {"outputName": self._output}))
        status, stats, directory, *settings = self._batch(wanted)
        read = _read(status, _Status)
        return _Answers(
            read,
            _read(stats, _Stats).availableDiskSpace,
            _read(directory, _Directory).recordDirectory,
            self._first_path_of(settings) if read.outputActive else None,
        )

    def _first_path_of(self, settings: list[dict[str, Any] | RequestFailed]) -> str | None:
        """OBS's path of the first file, which stands in the settings of the output."""
        if not settings or isinstance(settings[0], RequestFailed):
            self._output = self._active_output()
            if self._output is None:
                return None
            name = {"outputName": self._output}
            settings = self._batch([("GetOutputSettings", name)])
        (answer,) = settings
        return None if isinstance(answer, RequestFailed) else path_in(answer)

    def _active_output(self) -> str | None:
        (answer,) = self._batch([("GetOutputList", None)])
        return None if isinstance(answer, RequestFailed) else active_output(answer)

    def _batch(
        self, wanted: list[tuple[str, Mapping[str, Any] | None]]
    ) -> list[dict[str, Any] | RequestFailed]:
        try:
            return self._studio.link.batch(wanted)
        except ObsError as error:
            raise Unreachable(str(error)) from None

    def _do(self, name: str, *, done: int | None = None) -> None:
        """Make a request; `done` is the code by which OBS says that it is as asked already."""
        try:
            self._studio.link.request(name)
        except RequestFailed as error:
            if error.code != done:
                raise Refused(str(error)) from None
        except ObsError as error:
            raise Unreachable(str(error)) from None

    def _obstacle(self, answers: _Answers) -> Reason | None:
        """What would keep a recording from starting."""
        folder, seen = self._studio.recordings, None
        if folder is not None:
            # A dead network mount must not hold the look.
            self._folder.start()
            seen = self._folder.answer(time.monotonic() + _FOLDER_SECONDS)
            if seen is None or not seen.is_there:
                return _refuses(folder, "does not answer" if seen is None else "is gone")
        free = answers.free_megabytes
        if free >= _FULL_MEGABYTES:
            return None
        # OBS says 0 of a folder that is gone, too.
        if free > 0 or (seen is not None and seen.is_full):
            return Reason(Code.DISK_FULL, {"free_mb": int(free)})
        return _refuses(answers.directory, "is gone" if seen is not None else _GONE_OR_FULL)

    def _folder_as_seen(self) -> _Folder:
        """The record folder by our own eyes, and that of OBS where it has the same path here."""
        folder, directory = self._studio.recordings, self._directory
        if folder is None or not folder.is_dir():
            return _Folder(is_there=False, is_full=False)
        is_full = shutil.disk_usage(folder).free < _FULL_MEGABYTES * _MIB
        is_named = directory is not None and Path(directory).is_dir()
        return _Folder(is_there=True, is_full=is_full or is_named)


def _refuses(folder: Path | str, why: str) -> Reason:
    return Reason(Code.OBS_REFUSES, {"detail": f"the record folder {folder} {why}"})


def _read(answer: dict[str, Any] | RequestFailed, shape: type[T]) -> T:
    if isinstance(answer, RequestFailed):
        raise Unreachable(str(answer))
    try:
        return msgspec.convert(answer, shape)
    except msgspec.ValidationError:
        raise Unreachable("answers in an unknown shape") from None
