"""Recordings with a look: turned, in other colours, in fields; frames carry their number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.codec.context import Flags
from av.filter import Graph

from leitstand.media.orientation import Orientation
from tests.leitstand.cut.media import picture

SIZE = (160, 96)
ORIENTATIONS = {
    "plain": (1, 0, 0, 1),
    "mirrored": (-1, 0, 0, 1),
    "upside down": (1, 0, 0, -1),
    "turned by 180": (-1, 0, 0, -1),
    "turned right": (0, 1, -1, 0),
    "turned left": (0, -1, 1, 0),
    "transposed": (0, 1, 1, 0),
    "transposed the other way": (0, -1, -1, 0),
}
"""Display matrices: a frame's point (x, y) is shown at (a x + c y, b x + d y)."""


def matrix(name: str) -> list[int]:
    a, b, c, d = (one << 16 for one in ORIENTATIONS[name])
    return [a, b, 0, c, d, 0, 0, 0, 1 << 30]


@dataclass(frozen=True)
class Film:
    """`draw` makes the picture that is to be shown; `x264` are further parameters."""

    codec: str = "libx264"
    options: dict[str, str] = field(default_factory=dict)
    orientation: str = "plain"
    seconds: int = 6
    pixels: str = "yuv420p"
    size: tuple[int, int] = SIZE
    aspect: Fraction = Fraction(1)
    colours: tuple[int, int, int, int] = (0, 2, 2, 2)
    tag: str | None = None
    draw: Callable[[int, tuple[int, int]], np.ndarray] = picture
    fields: str | None = None
    """Which field comes first: `tff`, `bff`."""
    sound: bool = True


def filmed(path: Path, film: Film) -> Path:
    """Writes a recording with 25 frames a second; frame n is shown at n / 25."""
    options = {"preset": "veryfast", "x264-params": "keyint=50:bframes=2"} | film.options
    fields = _Fields(film.fields) if film.fields else None
    with av.open(str(path), "w") as made:
        track = made.add_stream(film.codec, rate=25, options=options)
        coded = coded_frame(film, 0)
        track.height, track.width = coded.height, coded.width
        context = track.codec_context
        track.pix_fmt = film.pixels
        context.flags |= Flags.interlaced_dct | Flags.interlaced_me if film.fields else 0
        context.sample_aspect_ratio = film.aspect
        context.color_range, context.color_primaries, context.color_trc, context.colorspace = (
            film.colours
        )
        if film.tag:
            context.codec_tag = film.tag
        if film.orientation != "plain":
            track.set_display_matrix(matrix(film.orientation))
        sound = made.add_stream("aac", rate=48_000, layout="mono") if film.sound else None
        for number in range(film.seconds * 25):
            frame = coded_frame(film, number)
            frame.pts, frame.time_base = number, Fraction(1, 25)
            frame = fields.marked(frame) if fields else frame
            made.mux(track.encode(frame))
            if sound is not None:
                made.mux(sound.encode(_silence(number)))
        for one in (track, sound) if sound else (track,):
            made.mux(one.encode(None))
    return path


class _Fields:
    """Marks frames as two fields."""

    def __init__(self, first: str) -> None:
        self._first = first
        self._graph: Graph | None = None

    def marked(self, frame: Any) -> Any:
        if self._graph is None:
            self._graph = Graph()
            nodes = [
                self._graph.add_buffer(template=frame),
                self._graph.add("setfield", self._first),
            ]
            self._graph.link_nodes(*nodes, self._graph.add("buffersink")).configure()
        self._graph.push(frame)
        return self._graph.pull()


def coded_frame(film: Film, number: int) -> Any:
    """The frame that is shown as the picture when the matrix has been applied."""
    made = film.draw(number, film.size)
    # The way back: what is shown is the coded frame transposed, then mirrored.
    orientation = Orientation.of_matrix(np.array(matrix(film.orientation), "<i4").tobytes())
    back = np.ascontiguousarray(_turned_back(made, orientation))
    frame = av.VideoFrame.from_ndarray(back, format="gray")
    full = film.colours[0] == 2
    return frame.reformat(format=film.pixels, dst_color_range="JPEG" if full else "MPEG")


def _turned_back(pixels: np.ndarray, orientation: Orientation) -> np.ndarray:
    if orientation.is_upside_down:
        pixels = pixels[::-1]
    if orientation.is_mirrored:
        pixels = pixels[:, ::-1]
    return pixels.T if orientation.is_transposed else pixels


def _silence(number: int) -> Any:
    frame = av.AudioFrame.from_ndarray(
        np.zeros((1, 1920), np.float32), format="fltp", layout="mono"
    )
    frame.sample_rate, frame.pts, frame.time_base = 48_000, number * 1920, Fraction(1, 48_000)
    return frame


PATCHES = (0, 1, 10, 26, 100, 203, 400, 1000)
"""Light in cd/m², from left to right."""


def in_pq(light: float) -> float:
    """The share of the code values at which SMPTE ST 2084 has so much light."""
    powered = (light / 10_000) ** 0.1593017578125
    return float(((0.8359375 + 18.8515625 * powered) / (1 + 18.6875 * powered)) ** 78.84375)


def patches(curve: Callable[[float], float]) -> Callable[[int, tuple[int, int]], np.ndarray]:
    """A picture of patches, full gray where the curve says 1."""

    def draw(_number: int, size: tuple[int, int]) -> np.ndarray:
        width, height = size
        made = np.zeros((height, width), np.uint8)
        wide = width // len(PATCHES)
        for place, light in enumerate(PATCHES):
            made[:, place * wide : (place + 1) * wide] = round(255 * curve(light))
        return made

    return draw
