"""Takes pictures out of one media file, alone in a process of its own that cannot open any other.

The file is its standard input, the wish one line of JSON, the answer one line of JSON and then the
picture. Before the file is touched the process gives up opening anything.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np
from av.video.reformatter import Colorspace

from control_api.library.child import late_imports, lock_in, whitelist

_MOST_OUTPUT = 64 << 20
_LESS_URGENT = 5
_MARGINS = (0, 1, 3, 10, 30, 120)
"""How many seconds further back to look for a key frame, until one is found."""
_BEFORE = 10
"""Seconds before the first picture's time where its packet lies for certain."""
_JUST_OVER = Fraction(2, 1_000_000)
_MOST_PACKETS = 3000
_MOST_KEYS = 1000
_HIGH_DEFINITION = 720
_UNSPECIFIED = 2
_MOST_ASPECT = Fraction(20)
_QUALITY = {
    "jpeg": (".jpg", [cv2.IMWRITE_JPEG_QUALITY, 88]),
    "png": (".png", [cv2.IMWRITE_PNG_COMPRESSION, 3]),
    "webp": (".webp", [cv2.IMWRITE_WEBP_QUALITY, 85]),
}

Picture = np.ndarray[Any, Any]


class Refused(Exception):
    """Nothing can be shown; says why in one word."""


def main(form: str, given: str) -> None:
    """`form` is the demuxer; `given` as `frame` or `strip` take it, under `wish` which of them."""
    late_imports()
    cv2.setNumThreads(1)
    os.nice(_LESS_URGENT)
    lock_in()
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MOST_OUTPUT, _MOST_OUTPUT))
    try:
        told, body = look(form, json.loads(given))
    except Refused as why:
        told, body = {"refused": str(why)}, b""
    except (av.FFmpegError, cv2.error, ValueError, EOFError, MemoryError):
        told, body = {"refused": "broken"}, b""
    sys.stdout.buffer.write(json.dumps(told).encode() + b"\n" + body)


def look(form: str, wish: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    source = open(0, "rb", buffering=0, closefd=False)
    options = {"protocol_whitelist": "file", "format_whitelist": whitelist(form)}
    with av.open(source, format=form, options=options, metadata_errors="replace") as container:
        reel = Reel(container)
        return frame(reel, wish) if wish["wish"] == "frame" else strip(reel, wish)


class Reel:
    """The moving picture of an open file; its times are seconds from the container's start."""

    def __init__(self, container: Any) -> None:
        self._container = container
        self._stream = _moving(container)
        self._origin = Fraction(container.start_time or 0, av.time_base)
        self._unit = Fraction(self._stream.time_base or Fraction(1, av.time_base))

        aspect = Fraction(self._stream.sample_aspect_ratio or 1)
        is_likely = 1 / _MOST_ASPECT <= aspect <= _MOST_ASPECT
        self.aspect = aspect if is_likely else Fraction(1)
        """A pixel's width by its height."""

    def decoded(self, at: Fraction) -> Iterator[tuple[Fraction, Any]]:
        """Pictures in the order they are shown, from the key frame before `at`."""
        # More threads would need more memory than there may be.
        self._stream.codec_context.thread_count = 2
        self._stream.thread_type = "AUTO"
        for packet in self._from_key(at):
            # What is damaged is passed over, as players do.
            with contextlib.suppress(av.error.InvalidDataError):
                for picture in packet.decode():
                    if picture.pts is not None:
                        yield self._seconds(picture.pts), picture

    def nearest_key(self, at: Fraction) -> tuple[Fraction, Any] | None:
        """The key frame nearest to `at`, not decoded."""
        known = [*self._keys_before(at), *self._keys(self._seeked(at, False), 1)]
        return min(known, key=lambda one: abs(one[0] - at), default=None)

    def _keys_before(self, at: Fraction) -> list[tuple[Fraction, Any]]:
        for margin in _MARGINS:
            known: list[tuple[Fraction, Any]] = []
            # Where a seek does not land on a key frame, others may follow before `at`.
            for one in self._keys(self._seeked(at - margin, True), _MOST_KEYS if margin else 1):
                known.append(one)
                if one[0] > at:
                    break
            if known and known[0][0] <= at:
                return known
        return []

    def _keys(self, source: Iterator[Any], most: int) -> Iterator[tuple[Fraction, Any]]:
        for _ in range(most):
            key = self._first_key(source)
            if key is None:
                return
            yield self._time(key), key

    def alone(self, packet: Any) -> Any | None:
        """The picture of a key frame, decoded without any other."""
        codec = self._stream.codec_context
        with contextlib.suppress(av.FFmpegError):
            pictures = [*codec.decode(packet), *codec.decode(None)]
            codec.flush_buffers()
            return pictures[0] if pictures else None
        codec.flush_buffers()
        return None

    def single(self) -> None:
        """From here on only `alone` is asked."""
        self._stream.codec_context.thread_count = 1

    def _from_key(self, at: Fraction) -> Iterator[Any]:
        for margin in _MARGINS:
            source = self._seeked(at - margin, True)
            key = self._first_key(source)
            if key is not None and self._time(key) <= at + _JUST_OVER:
                break
        else:
            # Before the first picture: that one.
            source = self._seeked(Fraction(-_BEFORE), True)
            key = self._first_key(source)
        if key is not None:
            yield key
            yield from source

    def _seeked(self, at: Fraction, is_before: bool) -> Iterator[Any]:
        place = int((at + self._origin + _JUST_OVER) / self._unit)
        # Some formats refuse a place before the first packet.
        for target in (place, self._stream.start_time or 0) if is_before else (place,):
            with contextlib.suppress(av.FFmpegError):
                self._container.seek(target, stream=self._stream, backward=is_before)
                return iter(self._container.demux(self._stream))
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
        return pts * self._unit - self._origin


def frame(reel: Reel, wish: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The picture that is shown `at` seconds; the first one where none was shown before."""
    at = Fraction(wish["at"])
    time_shown, shown = _shown(reel.decoded(at), at + _JUST_OVER)
    pixels = _pixels(shown, reel.aspect, wish["width"])
    return {"time": float(time_shown)}, _encoded(pixels, wish["format"])


def strip(reel: Reel, wish: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Small pictures side by side, of the key frames nearest to the `moments`.

    After `seconds` it asks no further, and the nearest known stand for the rest: not `whole`.
    """
    until = time.monotonic() + wish["seconds"]
    reel.single()
    known: dict[Fraction, Picture] = {}
    for moment in map(Fraction, wish["moments"]):
        if time.monotonic() > until:
            break
        found = reel.nearest_key(moment)
        if found is not None and found[0] not in known:
            picture = reel.alone(found[1])
            if picture is not None:
                known[found[0]] = _pixels(picture, reel.aspect, wish["width"])
    if not known:
        raise Refused("broken")
    times = [min(known, key=lambda at: abs(at - Fraction(one))) for one in wish["moments"]]
    told = {"times": [float(at) for at in times], "whole": time.monotonic() <= until}
    return _side_by_side([known[at] for at in times], told)


def _side_by_side(
    pictures: Sequence[Picture], told: dict[str, Any]
) -> tuple[dict[str, Any], bytes]:
    height, width = pictures[0].shape[:2]
    even = [cv2.resize(one, (width, height)) for one in pictures]
    return told | {"width": width, "height": height}, _encoded(np.hstack(even), "jpeg")


def _moving(container: Any) -> Any:
    """The first moving picture; cover art is none."""
    for stream in container.streams.video:
        cover = stream.disposition & av.stream.Disposition.attached_pic
        if stream.codec_context is not None and not cover:
            return stream
    raise Refused("no picture")


def _shown(pictures: Iterator[tuple[Fraction, Any]], at: Fraction) -> tuple[Fraction, Any]:
    last = None
    with contextlib.suppress(av.FFmpegError):
        for when, picture in pictures:
            if last is not None and when > at:
                break
            last = when, picture
            if when > at:
                break
    if last is None:
        raise Refused("broken")
    return last


def _pixels(picture: Any, aspect: Fraction, width: int) -> Picture:
    """At most that wide, with square pixels, turned as the camera was held."""
    turns = round(picture.rotation / 90) % 4 if picture.rotation else 0
    wide, high = _square(picture, aspect)
    across = high if turns % 2 else wide
    scale = min(1.0, width / across)
    size = (max(1, round(wide * scale)), max(1, round(high * scale)))
    even = _colours(picture)
    if even.shape[1::-1] != size:
        even = cv2.resize(even, size, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(np.rot90(even, turns))


def _colours(picture: Any) -> Picture:
    space = None
    if picture.colorspace == _UNSPECIFIED:
        # As players guess.
        is_high = picture.height >= _HIGH_DEFINITION
        space = Colorspace.ITU709 if is_high else Colorspace.ITU601
    plain = picture.reformat(
        format="bgr24", src_colorspace=space, src_color_range=picture.color_range
    )
    made: Picture = plain.to_ndarray()
    return made


def _square(picture: Any, aspect: Fraction) -> tuple[int, int]:
    """Width and height where pixels are square; neither is more than it was."""
    if aspect > 1:
        return picture.width, max(1, round(picture.height / aspect))
    return max(1, round(picture.width * aspect)), picture.height


def _encoded(pixels: Picture, format: str) -> bytes:
    extension, options = _QUALITY[format]
    is_made, content = cv2.imencode(extension, pixels, options)
    if not is_made:
        raise Refused("broken")
    return content.tobytes()
