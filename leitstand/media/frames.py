"""The frames of an open file's video track, found by a seek to a key frame."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av

from leitstand.media.look import Look
from leitstand.media.opening import Media
from leitstand.media.times import last_tick, tolerance

_MARGINS = (0, 1, 3, 10, 30, 120)
"""How many seconds further back to look for a key frame, until one is found."""
_BEFORE = 10
"""Seconds before the first frame's time where its packet lies for certain."""
_MOST_PACKETS = 3000
_MOST_KEYS = 1000
_THREADS = 2
"""More of them would need more memory than there may be."""

Timed = tuple[Fraction, Any]
"""A frame or a packet, after the time in seconds from the file's origin at which it is shown."""


class Frames:
    """Reads the frames of `track`, a video track of `media`."""

    def __init__(self, media: Media, track: Any) -> None:
        self._media = media
        self._track = track
        self._unit = Fraction(track.time_base or Fraction(1, av.time_base))
        self.tolerance = tolerance(self._unit)

    def look(self, frame: Any) -> Look:
        """The look of one of its decoded frames."""
        return Look.of(self._track, frame)

    def shown_at(self, at: Fraction) -> Timed | None:
        """The frame that is shown at a moment; the first one where none was shown before."""
        last = None
        with contextlib.suppress(av.FFmpegError):
            for time, frame in self.decoded(at):
                is_later = time > at + self.tolerance
                if last is None or not is_later:
                    last = time, frame
                if is_later:
                    break
        return last

    def decoded(self, at: Fraction) -> Iterator[Timed]:
        """Frames in the order they are shown, from the key frame before `at`."""
        self._track.codec_context.thread_count = _THREADS
        self._track.thread_type = "AUTO"
        for packet in self.packets_from(at):
            # What is damaged is skipped, as players do.
            with contextlib.suppress(av.error.InvalidDataError):
                for frame in packet.decode():
                    if frame.pts is not None:
                        yield self._seconds(frame.pts), frame

    def packets_from(self, at: Fraction) -> Iterator[Any]:
        """Packets in decoding order from the key frame before `at`, else from the first one."""
        for margin in _MARGINS:
            source = self._seeked(at - margin, is_before=True)
            key = self._first_key(source)
            if key is not None and self._time(key) <= at + self.tolerance:
                break
        else:
            source = self._seeked(Fraction(-_BEFORE), is_before=True)
            key = self._first_key(source)
        if key is not None:
            yield key
            yield from source

    def nearest_key(self, at: Fraction) -> Timed | None:
        """The packet of the key frame nearest to `at`."""
        after = self._keys(self._seeked(at, is_before=False), 1)
        known = [*self._keys_before(at), *after]
        return min(known, key=lambda one: abs(one[0] - at), default=None)

    def decode_alone(self, packet: Any) -> Any | None:
        """The frame of a key frame's packet, decoded without any other; None if it is damaged."""
        codec = self._track.codec_context
        with contextlib.suppress(av.FFmpegError):
            frames = [*codec.decode(packet), *codec.decode(None)]
            codec.flush_buffers()
            return frames[0] if frames else None
        codec.flush_buffers()
        return None

    def use_one_thread(self) -> None:
        """From here on only `decode_alone` is used, which more threads would slow down."""
        self._track.codec_context.thread_count = 1

    def _keys_before(self, at: Fraction) -> list[Timed]:
        for margin in _MARGINS:
            known: list[Timed] = []
            source = self._seeked(at - margin, is_before=True)
            # Where a seek does not land on a key frame, others may follow before `at`.
            for one in self._keys(source, _MOST_KEYS if margin else 1):
                known.append(one)
                if one[0] > at:
                    break
            if known and known[0][0] <= at:
                return known
        return []

    def _keys(self, source: Iterator[Any], most: int) -> Iterator[Timed]:
        for _ in range(most):
            key = self._first_key(source)
            if key is None:
                return
            yield self._time(key), key

    def _seeked(self, at: Fraction, *, is_before: bool) -> Iterator[Any]:
        place = last_tick(at + self._media.origin, self._unit)
        # Some formats refuse a place before the first packet.
        for target in (place, self._track.start_time or 0) if is_before else (place,):
            with contextlib.suppress(av.FFmpegError):
                container = self._media.container
                container.seek(target, stream=self._track, backward=is_before)
                return self._media.packets([self._track])
        return iter(())

    def _first_key(self, source: Iterator[Any]) -> Any | None:
        with contextlib.suppress(av.FFmpegError):
            for count, packet in enumerate(source):
                known = packet.pts is not None or packet.dts is not None
                if packet.size and packet.is_keyframe and known:
                    return packet
                if count > _MOST_PACKETS:
                    break
        return None

    def _time(self, packet: Any) -> Fraction:
        return self._seconds(packet.dts if packet.pts is None else packet.pts)

    def _seconds(self, pts: int) -> Fraction:
        return self._media.seconds(pts, self._unit)
