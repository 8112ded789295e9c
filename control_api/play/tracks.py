"""The tracks of the MP4 that a job makes: copied packet by packet, or decoded and encoded."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Protocol

import av
from av.filter import Graph

from leitstand.media.canvas import Canvas, Press, apply, even
from leitstand.media.look import Look

_SOUND_RATE = 48_000
_SOUND_BITS = 160_000
_SOUND_AT_ONCE = 1024
_FASTEST = 240
_USUAL_RATE = Fraction(25)
_KEY_SECONDS = 2
"""A player seeks to a key frame; without many, each seek decodes a lot."""
_QUALITY = {"preset": "veryfast", "crf": "21"}
_MOST_WITHOUT_TIME = 64


class CannotCopy(Exception):
    """A track has to be encoded after all."""


class Track(Protocol):
    """`origin` is what is shown at 0, in seconds of the source's clock."""

    def take(self, packet: Any) -> Iterator[Any]:
        """Packets of the source in, packets for the muxer out; an empty one at the end."""


class Copied:
    def __init__(self, made: Any, stream: Any, origin: Fraction) -> None:
        try:
            self._track = made.add_stream_from_template(stream, opaque=True)
        except ValueError as error:
            raise CannotCopy(str(error)) from None
        self._is_audio = stream.type == "audio"
        self._late = round(origin / Fraction(stream.time_base))
        self._waiting: list[Any] = []
        self._last: int | None = None
        self._has_begun = False

    def take(self, packet: Any) -> Iterator[Any]:
        if packet.size:
            self._has_begun = self._has_begun or packet.is_keyframe
            if not self._has_begun:
                return
            if packet.pts is None:
                raise CannotCopy("there are packets without a time")
            self._waiting.append(packet)
            if packet.dts is None and len(self._waiting) <= _MOST_WITHOUT_TIME:
                return
        yield from self._flushed()

    def _flushed(self) -> Iterator[Any]:
        """The first ones have no time of decoding where the format does not keep it."""
        waiting, self._waiting = self._waiting, []
        known = next((one.dts for one in reversed(waiting) if one.dts is not None), None)
        for number, packet in enumerate(waiting):
            if packet.dts is None:
                step = max(1, packet.duration or 1) * (len(waiting) - 1 - number)
                packet.dts = (packet.pts if known is None else known) - step
            packet.pts -= self._late
            packet.dts -= self._late
            if self._last is not None and packet.dts <= self._last and self._is_audio:
                # Takes that overlap: what was heard is not heard again.
                continue
            if self._last is not None:
                packet.dts = max(packet.dts, self._last + 1)
            packet.pts = max(packet.pts, packet.dts)
            self._last = packet.dts
            packet.stream = self._track
            yield packet


class Pictures:
    """H.264 for browsers: 8 bits and 4:2:0, progressive, upright, in the limited range; what has
    more light or colours than BT.709 is mapped to that. The size is that of `look`, the look of
    the first frame; others are drawn into it, with black beside them."""

    def __init__(self, made: Any, stream: Any, origin: Fraction, look: Look) -> None:
        rate = stream.average_rate or _USUAL_RATE
        rate = min(max(Fraction(rate), Fraction(1)), Fraction(_FASTEST))
        options = {**_QUALITY, "g": str(round(rate * _KEY_SECONDS))}
        self._track = made.add_stream("libx264", rate=rate, options=options)
        self._canvas = Canvas.of(look, even(look.shown_size))
        apply(self._canvas, self._track.codec_context)
        self._track.codec_context.time_base = Fraction(stream.time_base)
        self._stream = stream
        self._late = round(origin / Fraction(stream.time_base))
        self._press: Press | None = None
        self._light = look.light
        self._last: int | None = None
        stream.thread_type = "AUTO"

    def take(self, packet: Any) -> Iterator[Any]:
        for frame in _decoded(packet):
            if frame.pts is not None:
                yield from self._drawn(frame)
        if not packet.size:
            yield from self._rest()
            yield from self._track.encode(None)

    def _drawn(self, frame: Any) -> Iterator[Any]:
        look = Look.of(self._stream, frame).lit(self._light)
        self._light = look.light
        if self._press is None or self._press.look != look:
            yield from self._rest()
            self._press = Press(self._canvas, look)
        yield from self._encoded(self._press.pressed(frame))

    def _rest(self) -> Iterator[Any]:
        press, self._press = self._press, None
        if press is not None:
            yield from self._encoded(press.rest())

    def _encoded(self, frames: Iterator[Any]) -> Iterator[Any]:
        for ready in frames:
            ready.pts -= self._late
            if self._last is not None and ready.pts <= self._last:
                continue
            self._last = ready.pts
            ready.pict_type = av.video.frame.PictureType.NONE
            yield from self._track.encode(ready)


class Sound:
    """AAC, in stereo; gaps become silence."""

    def __init__(self, made: Any, stream: Any, origin: Fraction) -> None:
        self._track = made.add_stream("aac", rate=_SOUND_RATE)
        self._track.layout = "stereo"
        self._track.bit_rate = _SOUND_BITS
        self._origin = origin
        self._graph: Graph | None = None
        self._form: tuple[Any, ...] = ()

    def take(self, packet: Any) -> Iterator[Any]:
        for frame in _decoded(packet):
            if frame.pts is None:
                continue
            form = (frame.sample_rate, frame.format.name, frame.layout.name)
            if form != self._form:
                yield from self._rest()
                self._graph, self._form = self._filters(frame), form
            frame.pts -= round(self._origin / Fraction(frame.time_base))
            assert self._graph is not None
            self._graph.push(frame)
            yield from self._encoded()
        if not packet.size:
            yield from self._rest()
            yield from self._track.encode(None)

    def _rest(self) -> Iterator[Any]:
        if self._graph is not None:
            self._graph.push(None)
            yield from self._encoded()
            self._graph = None

    def _encoded(self) -> Iterator[Any]:
        for ready in _pulled(self._graph):
            yield from self._track.encode(ready)

    def _filters(self, frame: Any) -> Graph:
        graph = Graph()
        even = f"sample_fmts=fltp:sample_rates={_SOUND_RATE}:channel_layouts=stereo"
        graph.link_nodes(
            graph.add_abuffer(
                sample_rate=frame.sample_rate,
                format=frame.format.name,
                layout=frame.layout.name,
                time_base=frame.time_base,
            ),
            graph.add("aresample", f"{_SOUND_RATE}:async=1"),
            graph.add("aformat", even),
            graph.add("asetnsamples", f"n={_SOUND_AT_ONCE}:p=0"),
            graph.add("abuffersink"),
        ).configure()
        return graph


def _decoded(packet: Any) -> Iterator[Any]:
    # What is damaged is passed over, as players do.
    try:
        yield from packet.decode()
    except (av.error.InvalidDataError, av.error.EOFError):
        return


def _pulled(graph: Any) -> Iterator[Any]:
    while True:
        try:
            yield graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
