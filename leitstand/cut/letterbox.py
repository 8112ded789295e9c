"""Pictures of one size inside those of another, with black beside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from av.filter import Graph


@dataclass(slots=True)
class Letterbox:
    """Fits pictures into one size without changing their shape."""

    width: int
    height: int
    pixels: str
    aspect: Fraction
    _graphs: dict[tuple[Any, ...], Graph] = field(default_factory=dict)

    @classmethod
    def of(cls, encoder: Any) -> Letterbox:
        aspect = Fraction(encoder.sample_aspect_ratio or 1)
        return cls(encoder.width, encoder.height, encoder.pix_fmt, aspect)

    def fitted(self, frame: Any, aspect: Fraction) -> Any:
        """The picture in this size; itself where it has it. `aspect` is that of its pixels."""
        kind = (frame.width, frame.height, frame.format.name, aspect)
        if (*kind[:2], aspect) == (self.width, self.height, self.aspect):
            return frame
        if kind not in self._graphs:
            self._graphs[kind] = self._graph(frame, aspect)
        graph = self._graphs[kind]
        pts, unit = frame.pts, frame.time_base
        graph.push(frame)
        made = graph.pull()
        made.pts, made.time_base = pts, unit
        return made

    def _graph(self, frame: Any, aspect: Fraction) -> Graph:
        left, top, width, height = box((frame.width, frame.height), aspect, self)
        graph = Graph()
        chain = [
            graph.add_buffer(
                width=frame.width,
                height=frame.height,
                format=frame.format.name,
                time_base=frame.time_base,
            ),
            graph.add("scale", f"{width}:{height}"),
            graph.add("format", self.pixels),
            graph.add("pad", f"{self.width}:{self.height}:{left}:{top}:black"),
            graph.add("buffersink"),
        ]
        graph.link_nodes(*chain).configure()
        return graph


def box(size: tuple[int, int], aspect: Fraction, into: Letterbox) -> tuple[int, int, int, int]:
    """Left, top, width and height of a picture inside another size; all even."""
    shape = Fraction(size[0], size[1]) * aspect
    wide = min(Fraction(into.width), shape / into.aspect * into.height)
    high = min(Fraction(into.height), into.width * into.aspect / shape)
    width = max(2, min(into.width, round(wide / 2) * 2))
    height = max(2, min(into.height, round(high / 2) * 2))
    left, top = (into.width - width) // 4 * 2, (into.height - height) // 4 * 2
    return left, top, width, height
