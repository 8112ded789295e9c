"""Which of OBS's outputs writes the record file, and what OBS calls that file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from leitstand.clients.obs import ObsLink, RequestFailed

_OWN_OUTPUTS = ("simple_file_output", "adv_file_output", "adv_ffmpeg_output")
"""The names of OBS's own record outputs; plugins may have more outputs of the same kinds."""
_FILE_KINDS = frozenset({"ffmpeg_muxer", "ffmpeg_output", "mp4_output", "mov_output", "flv_output"})
"""Kinds of outputs that write a file all the time; not the replay buffer."""


class _Output(msgspec.Struct):
    outputName: str
    outputKind: str
    outputActive: bool


class _Outputs(msgspec.Struct):
    outputs: list[_Output]


def active_output(answer: Mapping[str, Any]) -> str | None:
    """The name of the output that records now, by the answer of GetOutputList."""
    try:
        outputs = msgspec.convert(answer, _Outputs).outputs
    except msgspec.ValidationError:
        return None
    active = {output.outputName: output.outputKind for output in outputs if output.outputActive}
    own = [name for name in _OWN_OUTPUTS if name in active]
    others = [name for name, kind in active.items() if kind in _FILE_KINDS]
    return next(iter((*own, *others)), None)


def path_in(answer: Mapping[str, Any]) -> str | None:
    """The path of the record file, by the answer of GetOutputSettings.

    A recording that was split has the path of its first file there.
    """
    settings = answer.get("outputSettings")
    if not isinstance(settings, dict):
        return None
    for name in ("path", "url"):
        path = settings.get(name)
        if isinstance(path, str) and path and "://" not in path:
            return path
    return None


def ask_path(link: ObsLink) -> str | None:
    """OBS's path of the file that it records into, if it tells. Raises ObsError."""
    (outputs,) = link.batch([("GetOutputList", None)])
    name = None if isinstance(outputs, RequestFailed) else active_output(outputs)
    if name is None:
        return None
    (settings,) = link.batch([("GetOutputSettings", {"outputName": name})])
    return None if isinstance(settings, RequestFailed) else path_in(settings)
