"""A fingerprint of a media file: hashes of packets at several places of each track.

A remux and a copy keep the packets, whatever the container: only what it puts before a packet's
payload differs, so the ends of packets are hashed. Taken in the process that examines a file.
"""

from __future__ import annotations

import hashlib
import time
from typing import Any

from leitstand.media import tracks
from leitstand.media.opening import Media

PLACES = (0.0, 1.0371, 4.1093, 19.2713, 61.3079, 301.2931, 1201.3413, 3601.2697, 10801.3141)
"""Seconds after the first packet; none is a multiple of a frame's length."""
_RUN = 4
"""That many packets are hashed at each place."""
_TAIL_BYTES = 64
_LEAST_BYTES = 96
"""A shorter packet may be silence or a repeated frame, which many recordings have; and its end
would reach into what a container puts before the payload."""
_MARGIN_SECONDS = 12.0
"""MPEG-TS has no index of key frames: how long before a place reading begins."""
_PATIENCE_SECONDS = 2.0
"""How long after a place packets that are long enough are waited for."""
_MOST_PACKETS = 5000
_CPU_SECONDS = 4.0
_SEEKABLE = ("matroska", "mp4", "mpegts")
"""Formats in which a place is found without reading everything before it."""


def taken(media: Media) -> dict[str, Any] | None:
    """The fingerprint of an open file; None where it cannot be read at all."""
    taker = _Taker(media)
    until = time.process_time() + _CPU_SECONDS
    try:
        for seconds in PLACES:
            if not taker.take(seconds) or time.process_time() > until:
                break
    except (OSError, ValueError):
        # A damaged end: the places before it are known.
        pass
    return taker.result


class _Run:
    """The hashes of one track at one place: of video from the last key frame before it on, of audio
    the last before it; at the beginning, the first of either."""

    def __init__(self, is_video: bool, seconds: float) -> None:
        self._is_video = is_video
        self._seconds = seconds
        self._has_key = not is_video
        self.hashes: list[str] = []
        self.is_over = False

    def add(self, packet: Any, moment: float) -> None:
        is_before = moment <= self._seconds
        if self._is_video and packet.is_keyframe and (is_before or not self._has_key):
            self._has_key, self.hashes = True, []
        is_wanted = is_before or self._is_video or not self._seconds
        if self._has_key and is_wanted and packet.size >= _LEAST_BYTES:
            self.hashes.append(_hash(packet))
        keeps_last = not self._is_video and self._seconds
        self.hashes = self.hashes[-_RUN:] if keeps_last else self.hashes[:_RUN]
        is_full = len(self.hashes) == _RUN or moment > self._seconds + _PATIENCE_SECONDS
        self.is_over = self.is_over or (moment > self._seconds and is_full)


class _Taker:
    """Reads the places one after the other; times count from the first packet of the main track."""

    def __init__(self, media: Media) -> None:
        self._media = media
        self._container = container = media.container
        self._streams = streams = [*tracks.video_tracks(container), *tracks.audio_tracks(container)]
        self._main = next((one for one in streams if one.type == "video"), streams[0])
        self._origin: float | None = None
        self._places: list[dict[str, list[str]]] = [{} for _ in streams]
        names = container.format.name.split(",")
        self._margin = _MARGIN_SECONDS if "mpegts" in names else 0.0
        self._can_seek = bool(container.duration) and any(name in names for name in _SEEKABLE)

    @property
    def result(self) -> dict[str, Any] | None:
        if self._origin is None:
            return None
        found = zip(self._streams, self._places, strict=True)
        return {"tracks": [{"kind": one.type, "places": places} for one, places in found]}

    def take(self, seconds: float) -> bool:
        """Read one place; False where the file ends before it, or it cannot be found."""
        if seconds and not self._can_seek:
            return False
        start = (self._container.start_time or 0) / 1e6 if self._origin is None else self._origin
        self._container.seek(int((start + seconds - self._margin) * 1e6))
        runs = [_Run(one.type == "video", seconds) for one in self._streams]
        self._read(runs)
        is_there = not seconds or runs[self._streams.index(self._main)].is_over
        for places, run in zip(self._places, runs, strict=True):
            if is_there and run.hashes:
                places[f"{seconds:g}"] = run.hashes
        return is_there

    def _read(self, runs: list[_Run]) -> None:
        for count, packet in enumerate(self._media.packets(self._streams)):
            if packet.pts is None or not packet.size:
                continue
            at = float(packet.pts * packet.time_base)
            if self._origin is None and packet.stream is self._main:
                self._origin = at
            moment = 0.0 if self._origin is None else at - self._origin
            runs[self._streams.index(packet.stream)].add(packet, moment)
            if count > _MOST_PACKETS or all(run.is_over for run in runs):
                return


def _hash(packet: Any) -> str:
    return hashlib.blake2b(bytes(packet)[-_TAIL_BYTES:], digest_size=6).hexdigest()
