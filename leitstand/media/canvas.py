"""Frames of any look on a canvas of one look: upright, progressive, in one size and one colour
space. What is made for browsers, and what is made into pictures, is drawn here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import av
from av.filter import Graph
from av.video.codeccontext import VideoCodecContext
from av.video.format import VideoFormat
from av.video.reformatter import ColorPrimaries, ColorRange, ColorTrc

from leitstand.media import tone
from leitstand.media.look import MATRIX_709, Colours, Look

_UNIT = Fraction(1, 1000)
_DEEP = "gbrp16le"
_BT709 = Colours(int(ColorRange.MPEG), int(ColorPrimaries.BT709), int(ColorTrc.BT709), MATRIX_709)
_MATRICES = {
    1: "bt709",
    4: "fcc",
    5: "bt601",
    6: "bt601",
    7: "smpte240m",
    9: "bt2020",
    10: "bt2020",
}
_RGB = 0

Filters = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Canvas:
    """The look of frames that are made for display; `aspect` is the width of a pixel by its
    height."""

    width: int
    height: int
    aspect: Fraction = Fraction(1)
    pixels: str = "yuv420p"
    colours: Colours = _BT709

    @classmethod
    def of(cls, look: Look, size: tuple[int, int] | None = None) -> Canvas:
        """A canvas for frames of that look, in 8 bits: BT.709 where the look has more colours."""
        width, height = size or look.shown_size
        return cls(width, height, look.shown_aspect, colours=_in_eight_bits(look))

    def box(self, look: Look) -> tuple[int, int, int, int]:
        """Left, top, width and height of a frame on the canvas, as large as its shape allows.

        All are even unless the frame fills the canvas.
        """
        width = look.shape / self.aspect * self.height
        height = self.width * self.aspect / look.shape
        if min(abs(width - self.width), abs(height - self.height)) < 2:
            # Rounding alone must not leave a line of black.
            return 0, 0, self.width, self.height
        across, down = _even(width, self.width), _even(height, self.height)
        return (self.width - across) // 4 * 2, (self.height - down) // 4 * 2, across, down

    def shown(self, frames: Iterator[tuple[Look, Any]]) -> Iterator[Any]:
        """The frames on the canvas, each with its own time stamp."""
        press: Press | None = None
        for look, frame in frames:
            if press is None or press.look != look:
                yield from press.rest() if press else ()
                press = Press(self, look)
            yield from press.pressed(frame)
        yield from press.rest() if press else ()


def apply(look: Look | Canvas, encoder: VideoCodecContext) -> None:
    """Sets up an encoder for frames of that look."""
    encoder.width, encoder.height, encoder.pix_fmt = look.width, look.height, look.pixels
    encoder.sample_aspect_ratio = look.aspect
    colours = look.colours
    encoder.color_range, encoder.color_primaries = colours.range, colours.primaries
    encoder.color_trc, encoder.colorspace = colours.transfer, colours.matrix


def even(size: tuple[int, int]) -> tuple[int, int]:
    """The size in which H.264 with 4:2:0 can hold frames of this size."""
    width, height = size
    return max(2, width // 2 * 2), max(2, height // 2 * 2)


def _in_eight_bits(look: Look) -> Colours:
    if look.colours.is_wide or look.matrix not in _MATRICES:
        return _BT709
    own = look.colours
    return Colours(int(ColorRange.MPEG), own.primaries, own.transfer, look.matrix)


def _even(length: Fraction, most: int) -> int:
    return most if length >= most else max(2, round(length / 2) * 2)


@dataclass(slots=True)
class Press:
    """Draws frames of one look on a canvas."""

    canvas: Canvas
    look: Look
    _graph: Graph = field(init=False)
    _times: deque[tuple[int | None, Fraction | None]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self._graph = _graph(self.look, _steps(self.canvas, self.look))

    def pressed(self, frame: Any) -> Iterator[Any]:
        """The frames that are finished: this one, or where fields are interlaced one before."""
        self._times.append((frame.pts, frame.time_base))
        self._graph.push(frame)
        yield from self._pulled()

    def rest(self) -> Iterator[Any]:
        """The last frames; nothing can be drawn after that."""
        self._graph.push(None)
        yield from self._pulled()

    def _pulled(self) -> Iterator[Any]:
        while True:
            try:
                made = self._graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            # One frame comes out for each that went in; filters may count in another unit.
            made.pts, unit = self._times.popleft()
            # PyAV takes 0 as not known: a decoder that is drained gives no unit.
            made.time_base = unit or Fraction(0)
            _tag(made, self.canvas.colours)
            yield made


def _steps(canvas: Canvas, look: Look) -> Iterator[tuple[str, str]]:
    left, top, width, height = canvas.box(look)
    wide, high = look.orientation.size(width, height)
    if look.is_interlaced:
        yield "yadif", "deint=interlaced"
    if look.colours.is_wide:
        yield "scale", f"w={wide}:h={high}:{_source(look)}"
        yield "format", _DEEP
        yield from tone.filters(look)
        yield "scale", _target(canvas)
    else:
        yield "scale", f"w={wide}:h={high}:{_source(look)}:{_target(canvas)}"
    yield "format", canvas.pixels
    yield from look.orientation.filters()
    if (width, height) != (canvas.width, canvas.height):
        yield "pad", f"w={canvas.width}:h={canvas.height}:x={left}:y={top}:color=black"
    # A matrix, or light that is no longer there, must not reach an encoder.
    yield "sidedata", "mode=delete"


def _tag(frame: Any, colours: Colours) -> None:
    frame.color_range, frame.color_primaries = colours.range, colours.primaries
    frame.color_trc, frame.colorspace = colours.transfer, colours.matrix


def _source(look: Look) -> str:
    range = "full" if look.colours.is_full_range or look.matrix == _RGB else "limited"
    matrix = _MATRICES.get(look.matrix)
    return f"in_range={range}" + (f":in_color_matrix={matrix}" if matrix else "")


def _target(canvas: Canvas) -> str:
    range = "full" if canvas.colours.is_full_range else "limited"
    return f"out_range={range}:out_color_matrix={_MATRICES[canvas.colours.matrix]}"


def _graph(look: Look, steps: Iterator[tuple[str, str]]) -> Graph:
    graph = Graph()
    first = graph.add_buffer(
        width=look.width, height=look.height, format=VideoFormat(look.pixels), time_base=_UNIT
    )
    rest = [graph.add(name, options or None) for name, options in steps]
    graph.link_nodes(first, *rest, graph.add("buffersink")).configure()
    return graph
