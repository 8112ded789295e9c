"""Takes frames out of one media file, in a process of its own that cannot open any other.

The file is its standard input, the request one line of JSON, the answer one line of JSON and then
the image. Before the file is touched the process gives up opening anything.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange

from leitstand.media.canvas import Canvas
from leitstand.media.frames import Frames
from leitstand.media.growth import NotYet
from leitstand.media.look import MATRIX_709, Colours, Look
from leitstand.media.opening import Unreadable, opened
from leitstand.media.sandbox import import_late_modules, lock_in
from leitstand.media.window import opened_at

_MOST_OUTPUT = 64 << 20
_LESS_URGENT = 5
_PIXELS = Colours(int(ColorRange.JPEG), matrix=MATRIX_709)
_QUALITY = {
    "jpeg": (".jpg", [cv2.IMWRITE_JPEG_QUALITY, 88]),
    "png": (".png", [cv2.IMWRITE_PNG_COMPRESSION, 3]),
    "webp": (".webp", [cv2.IMWRITE_WEBP_QUALITY, 85]),
}

Pixels = np.ndarray[Any, Any]


class Refused(Exception):
    """Nothing can be shown; the message is the key of a sentence in `frames.reading`."""


def main(form: str, given: str) -> None:
    """`form` is the demuxer; `given` as `frame` or `strip` take it, its `kind` is which of them."""
    import_late_modules()
    cv2.setNumThreads(1)
    os.nice(_LESS_URGENT)
    lock_in()
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MOST_OUTPUT, _MOST_OUTPUT))
    try:
        told, body = look(form, json.loads(given))
    except Refused as why:
        told, body = {"refused": str(why)}, b""
    except NotYet as failure:
        told, body = {"refused": failure.code}, b""
    except Unreadable as failure:
        told, body = {"refused": failure.code}, b""
    except (av.FFmpegError, cv2.error, ValueError, EOFError, MemoryError):
        told, body = {"refused": "broken"}, b""
    sys.stdout.buffer.write(json.dumps(told).encode() + b"\n" + body)


def look(form: str, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    source = open(0, "rb", buffering=0, closefd=False)
    size = request.get("size")
    with opened_at(source, form, size, request["at"]) if size else opened(source, form) as media:
        if media.video is None:
            raise Refused("no video")
        frames = Frames(media, media.video)
        if request["kind"] == "frame":
            return frame(frames, request)
        return strip(frames, request)


def frame(frames: Frames, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The frame that is shown `at` seconds; the first one where none was shown before."""
    found = frames.shown_at(Fraction(request["at"]))
    if found is None:
        raise Refused("broken")
    own = frames.look(found[1])
    pixels = _drawn(_canvas(own, request["width"]), own, found[1])
    return {"time": float(found[0])}, _encoded(pixels, request["format"])


def strip(frames: Frames, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Small frames side by side, of the key frames nearest to the `moments`.

    After `seconds` no more are read, and the nearest known stand for the rest: not `whole`.
    """
    until = time.monotonic() + request["seconds"]
    frames.use_one_thread()
    known: dict[Fraction, Pixels] = {}
    canvas: Canvas | None = None
    for moment in map(Fraction, request["moments"]):
        if time.monotonic() > until:
            break
        found = frames.nearest_key(moment)
        if found is not None and found[0] not in known:
            decoded = frames.decode_alone(found[1])
            if decoded is not None:
                own = frames.look(decoded)
                canvas = canvas or _canvas(own, request["width"])
                known[found[0]] = _drawn(canvas, own, decoded)
    if not known:
        raise Refused("broken")
    times = [min(known, key=lambda at: abs(at - Fraction(one))) for one in request["moments"]]
    told = {"times": [float(at) for at in times], "whole": time.monotonic() <= until}
    return _side_by_side([known[at] for at in times], told)


def _side_by_side(images: Sequence[Pixels], told: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    height, width = images[0].shape[:2]
    return told | {"width": width, "height": height}, _encoded(np.hstack(images), "jpeg")


def _canvas(look: Look, width: int) -> Canvas:
    """At most that wide, with square pixels, and no larger than the frame."""
    wide, high = look.shown_size
    aspect = look.shown_aspect
    square = (wide, high / aspect) if aspect > 1 else (wide * aspect, Fraction(high))
    scale = min(Fraction(1), width / Fraction(square[0]))
    width, high = (max(1, round(one * scale)) for one in square)
    return Canvas(width, high, pixels="bgr24", colours=_PIXELS)


def _drawn(canvas: Canvas, look: Look, decoded: Any) -> Pixels:
    made: Pixels = next(canvas.shown(iter([(look, decoded)]))).to_ndarray()
    return made


def _encoded(pixels: Pixels, format: str) -> bytes:
    extension, options = _QUALITY[format]
    is_made, content = cv2.imencode(extension, pixels, options)
    if not is_made:
        raise Refused("broken")
    return content.tobytes()
