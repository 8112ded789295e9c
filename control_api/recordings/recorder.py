"""What the reconciler needs of an OBS: one look at its recording, start, stop; nothing believed.

OBS answers 100 to a start that fails and reports growing bytes while the file stands still, so the
file itself is looked at wherever its folder is visible.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import msgspec

from control_api.studios.studio import Studio
from leitstand.calls import Call
from leitstand.clients.obs import Event, ObsError, RequestFailed
from leitstand.recordfile import Progress, RecordFile

_MEGABYTE = 1024 * 1024
_FOLDER_SECONDS = 1.0
_STARTED = "OBS_WEBSOCKET_OUTPUT_STARTED"
_FULL_BYTES = 50 * _MEGABYTE
"""OBS starts no recording with less (LOW_DISK in its window-basic-main-outputs.cpp)."""


def _is_there(folder: Path | None) -> bool:
    return folder is not None and folder.is_dir()


class Unreachable(Exception):
    """OBS does not answer; the text says why, in one line."""


class Refused(Exception):
    """OBS does not do it; the text says what it answered."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at a recording.

    `path` is OBS's own, `file` where this machine sees it. `began` is the Unix time of its first
    frame, where it was told. `trouble` is what would keep a recording from starting, if anything.
    """

    active: bool
    paused: bool = False
    duration: float = 0.0
    bytes: float = 0.0
    path: str | None = None
    file: Path | None = None
    grew: bool = False
    stalled: bool = False
    began: float | None = None
    trouble: str | None = None


class Recorder(Protocol):
    def look(self) -> Seen:
        """Raises Unreachable."""

    def start(self) -> None:
        """Raises Unreachable or Refused."""

    def stop(self) -> None:
        """Raises Unreachable or Refused."""


class _Status(msgspec.Struct):
    outputActive: bool
    outputPaused: bool
    outputDuration: float
    outputBytes: float


class _Stats(msgspec.Struct):
    availableDiskSpace: float


class _Directory(msgspec.Struct):
    recordDirectory: str


class _Output(msgspec.Struct):
    outputName: str
    outputActive: bool
    outputKind: str


class _Outputs(msgspec.Struct):
    outputs: list[_Output]


class ObsRecorder:
    """The recorder of a real studio. Used by one thread at a time."""

    def __init__(self, studio: Studio, clock: Callable[[], float] = time.time) -> None:
        self._studio = studio
        self._clock = clock
        self._file = RecordFile(studio.recordings, now=clock)
        self._folder = Call("record folder", lambda: _is_there(studio.recordings))
        self._path: str | None = None
        self._directory: str | None = None
        self._began: float | None = None
        self._duration = 0.0

    def hear(self, event: Event) -> None:
        """Take in an event that just came."""
        if event.name == "RecordStateChanged" and event.data.get("outputState") == _STARTED:
            self._forget()
            self._began = self._clock()

    def look(self) -> Seen:
        record, stats, directory = self._ask(
            ("GetRecordStatus", _Status), ("GetStats", _Stats), ("GetRecordDirectory", _Directory)
        )
        self._directory = directory.recordDirectory
        duration = record.outputDuration / 1000
        if not record.outputActive:
            self._forget_unless_starting()
            return Seen(active=False, trouble=self._trouble(stats.availableDiskSpace * _MEGABYTE))
        if duration < self._duration:
            # Another recording than last time, whose beginning nobody told.
            self._forget()
        self._duration = duration
        if self._path is None and (path := self._ask_path()):
            self._path = path
            self._file.begin(path, self._directory)
        growth = self._file.look(record.outputBytes, duration, paused=record.outputPaused)
        return Seen(
            active=True,
            paused=record.outputPaused,
            duration=duration,
            bytes=record.outputBytes,
            path=self._path,
            file=self._file.file,
            grew=record.outputBytes > 0 and growth.file_bytes != 0,
            stalled=growth.progress is not Progress.HEALTHY,
            began=self._began,
        )

    def start(self) -> None:
        self._forget()
        self._do("StartRecord")

    def stop(self) -> None:
        self._do("StopRecord")

    def _forget(self) -> None:
        self._path = self._began = None
        self._duration = 0.0
        self._file.end()

    def _forget_unless_starting(self) -> None:
        # Between STARTING and STARTED the status is still that of the time before.
        if self._duration > 0:
            self._forget()

    def _ask_path(self) -> str | None:
        """OBS's path of the file that is being written: it is in the output's settings."""
        (found,) = self._ask(("GetOutputList", _Outputs))
        for output in found.outputs:
            if output.outputActive and "file" in output.outputName:
                name = {"outputName": output.outputName}
                try:
                    settings = self._do("GetOutputSettings", name).get("outputSettings", {})
                except Refused:
                    # It ended meanwhile; the next look tells.
                    return None
                path = settings.get("path") or settings.get("url")
                if isinstance(path, str):
                    return path
        return None

    def _trouble(self, free: float) -> str | None:
        folder = self._studio.recordings
        if folder is not None:
            # A dead network mount must not hold the look.
            self._folder.start()
            is_there = self._folder.answer(time.monotonic() + _FOLDER_SECONDS)
            if not is_there:
                return f"the record folder {folder} {'is gone' if is_there is False else 'hangs'}"
        if free <= 0:
            return f"OBS's record folder {self._directory} is gone"
        if free < _FULL_BYTES:
            return f"the disk of the record folder is full ({free / _MEGABYTE:.0f} MB free)"
        return None

    def _ask(self, *wanted: tuple[str, type[Any]]) -> list[Any]:
        try:
            answers = self._studio.link.batch([(name, None) for name, _ in wanted])
        except ObsError as error:
            raise Unreachable(str(error)) from None
        given = []
        for answer, (name, shape) in zip(answers, wanted, strict=True):
            if isinstance(answer, RequestFailed):
                raise Unreachable(str(answer))
            try:
                given.append(msgspec.convert(answer, shape))
            except msgspec.ValidationError:
                raise Unreachable(f"answered {name} in an unknown shape") from None
        return given

    def _do(self, name: str, data: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            return self._studio.link.request(name, data)
        except RequestFailed as error:
            raise Refused(str(error)) from None
        except ObsError as error:
            raise Unreachable(str(error)) from None
