"""Checks of a studio: does OBS answer, can what it records be seen, does it survive a crash."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from leitstand.clients.obs import (
    Absent,
    Address,
    Hung,
    NotObs,
    ObsError,
    ObsLink,
    RequestFailed,
    WrongPassword,
)
from leitstand.config import ObsConfig
from leitstand.doctor.finding import Finding, in_time

ADVICE: dict[type[ObsError], str] = {
    Absent: "start OBS; Tools > WebSocket Server Settings > Enable WebSocket server; check port",
    Hung: "look at OBS itself: it may wait for somebody to answer a question; else restart it",
    WrongPassword: "copy the password from Tools > WebSocket Server Settings > Show Connect Info",
    NotObs: "check port: something else listens there, or an OBS older than 28",
}
_LEAST_FREE_BYTES = 10 * 1024**3
_MEGABYTE = 1024**2
_OLDEST_PROTOCOL = (5, 0)
# What a power cut leaves playable, by the names that OBS gives its formats.
_SAFE_FORMATS = frozenset(
    {"mkv", "flv", "mpegts", "ts", "m3u8", "hls"}
    | {"fragmented_mp4", "fragmented_mov", "hybrid_mp4", "hybrid_mov"}
)
_FRAGMENTED = "frag_"


def check(studio: ObsConfig) -> Iterator[Finding]:
    password = studio.password
    address = Address(
        studio.host, studio.port, lambda: password.get_secret_value() if password else None
    )
    subject = f"obs {studio.name}"
    link = ObsLink(address)
    try:
        yield from _answers(subject, link)
        yield from _disk(subject, link)
        yield from _format(subject, link)
    except ObsError as error:
        advice = ADVICE.get(type(error), "look at OBS's own log (Help > Log Files)")
        where = f"{subject} at {studio.host}:{studio.port}"
        yield Finding(where, False, str(error), advice)
    finally:
        link.close()
    if studio.recordings is not None:
        yield _folder(subject, studio.recordings)


def _answers(subject: str, link: ObsLink) -> Iterator[Finding]:
    said = link.request("GetVersion")
    obs, protocol = str(said["obsVersion"]), str(said["obsWebSocketVersion"])
    yield Finding(subject, True, f"OBS {obs}, obs-websocket {protocol}")
    if tuple(int(part) for part in protocol.split(".")[:2]) < _OLDEST_PROTOCOL:
        yield Finding(f"{subject} protocol", False, protocol, "update OBS to 28 or newer")


def _disk(subject: str, link: ObsLink) -> Iterator[Finding]:
    folder = str(link.request("GetRecordDirectory")["recordDirectory"])
    free = float(link.request("GetStats")["availableDiskSpace"]) * _MEGABYTE
    seen = f"{free / 1024**3:.1f} GiB free where OBS records ({folder})"
    if free <= 0:
        seen, advice = f"{folder} is gone or full", "Settings > Output > Recording Path"
        yield Finding(f"{subject} disk", False, seen, advice)
    else:
        advice = "make room, or record to another disk (Settings > Output > Recording Path)"
        yield Finding(f"{subject} disk", free >= _LEAST_FREE_BYTES, seen, advice)


def _format(subject: str, link: ObsLink) -> Iterator[Finding]:
    mode = _parameter(link, "Output", "Mode") or "Simple"
    section = "AdvOut" if mode == "Advanced" else "SimpleOutput"
    name = _parameter(link, section, "RecFormat2") or _parameter(link, section, "RecFormat")
    muxer = _parameter(link, section, "RecMuxerCustom" if section == "AdvOut" else "MuxerCustom")
    if name is None:
        return
    safe = name in _SAFE_FORMATS or _FRAGMENTED in (muxer or "")
    seen = f"records {name}" + ("" if safe else ", which a crash or power cut destroys")
    advice = "Settings > Output > Recording Format: Matroska Video (.mkv)"
    yield Finding(f"{subject} format", safe, seen, advice)


def _parameter(link: ObsLink, section: str, name: str) -> str | None:
    """A setting of OBS's profile; None if it has none of that name."""
    wish: dict[str, Any] = {"parameterCategory": section, "parameterName": name}
    try:
        said = link.request("GetProfileParameter", wish)
    except RequestFailed:
        return None
    return said.get("parameterValue") or said.get("defaultParameterValue")


def _folder(subject: str, folder: Path) -> Finding:
    subject = f"{subject} recordings"
    seen = {True: "visible and writable", False: "visible, but not writable"}
    advice = f"mount it, or let this user write to {folder}"
    if not in_time(folder.is_dir):
        return Finding(subject, False, f"{folder} is not there, or does not answer", advice)
    writable = bool(in_time(lambda: _is_writable(folder)))
    return Finding(subject, writable, f"{folder} is {seen[writable]}", advice)


def _is_writable(folder: Path) -> bool:
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=f".leitstand-{os.getpid()}-"):
            return True
    except OSError:
        return False
