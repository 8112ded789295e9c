"""OBS's answers, as far as they are needed, with the names that obs-websocket gives them.

Source: docs/generated/protocol.md of obs-websocket 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from exporter.sources.source import SourceError
from leitstand.clients.obs import RequestFailed

T = TypeVar("T")


class Version(msgspec.Struct):
    obsVersion: str


class Stats(msgspec.Struct):
    activeFps: float
    averageFrameRenderTime: float
    cpuUsage: float
    memoryUsage: float
    availableDiskSpace: float
    renderSkippedFrames: int
    renderTotalFrames: int
    outputSkippedFrames: int
    outputTotalFrames: int


class RecordStatus(msgspec.Struct):
    outputActive: bool
    outputPaused: bool
    outputDuration: float
    outputBytes: float


class StreamStatus(msgspec.Struct):
    """`outputCongestion` may be null before 5.4.0."""

    outputActive: bool
    outputReconnecting: bool
    outputDuration: float
    outputBytes: float
    outputSkippedFrames: int
    outputTotalFrames: int
    outputCongestion: float | None = None


class Scene(msgspec.Struct):
    sceneName: str


class SceneList(msgspec.Struct):
    scenes: list[Scene]
    currentProgramSceneName: str | None = None


class RecordDirectory(msgspec.Struct):
    recordDirectory: str


class InputName(msgspec.Struct):
    inputName: str


class InputList(msgspec.Struct):
    inputs: list[InputName]


class Mute(msgspec.Struct):
    inputMuted: bool


class Screenshot(msgspec.Struct):
    imageData: str


def read(answer: Mapping[str, Any] | RequestFailed, of: type[T]) -> T:
    """The answer as an object. Raises SourceError if OBS refused or answers something else."""
    if isinstance(answer, RequestFailed):
        raise SourceError(str(answer))
    try:
        return msgspec.convert(answer, of)
    except msgspec.ValidationError as error:
        # It tells place and types, never the value.
        raise SourceError(f"answered in an unknown shape: {error}") from None
