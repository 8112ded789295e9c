"""Pictures out of a decoder, and through an encoder."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from av.video.codeccontext import VideoCodecContext

from leitstand.cut.bitstream import Nals, joined
from leitstand.cut.media import Media, codec_of, packets_from
from leitstand.cut.request import CannotCopy

# Of others (AV1) a decoder leaves out pictures that are shown later.
_SKIPPING = {"h264", "hevc", "mpeg2video", "vp9"}
_P_PICTURE = 2


@dataclass(frozen=True, slots=True)
class Sample:
    """One encoded picture, ready for the muxer; `pts` in the source's unit.

    `dts` is the encoder's own; None where it has to be worked out.
    """

    data: bytes
    pts: int
    key: bool
    dts: int | None = None


def decoded(
    media: Media,
    wanted: Sequence[int],
    step: Callable[[], None] = lambda: None,
    *,
    also: Collection[int] = (),
) -> Iterator[Any]:
    """The pictures with these time stamps (in the order shown), from the key frame before; and
    those of `also` that come by.

    Raises CannotCopy if the decoder does not give all that are wanted.
    """
    stream = media.video
    if stream is None or not wanted:
        return
    missing = set(wanted)
    first, last = wanted[0], wanted[-1]
    decoder = stream.codec_context
    decoder.flush_buffers()
    skips = codec_of(stream) in _SKIPPING
    for packet in packets_from(media, stream, first):
        step()
        if skips:
            # What nothing refers to need not be decoded unless it is wanted.
            needed = packet.pts in missing or packet.pts in also
            decoder.skip_frame = "DEFAULT" if needed else "NONREF"
        for frame in decoder.decode(packet if packet.size else None):
            if frame.pts in missing or frame.pts in also:
                missing.discard(frame.pts)
                yield frame
        if not missing:
            return
        if not packet.size:
            break
    raise CannotCopy(f"{len(missing)} of the pictures from {first} to {last} cannot be decoded")


def placed(frames: Iterator[Any], tick: Callable[[int], int], unit: Fraction) -> Iterator[Any]:
    """The same frames with their times in the clip."""
    for frame in frames:
        frame.pts, frame.time_base = tick(frame.pts), unit
        yield frame


def encoded(
    encoder: VideoCodecContext, frames: Iterator[Any], rotated: Nals | None
) -> Iterator[Sample]:
    """Encodes frames; `rotated` has the form of H.264 and HEVC.

    Raises CannotCopy at a frame of another size or pixel format than the encoder's.
    """
    width, height, pixels = encoder.width, encoder.height, encoder.pix_fmt
    kind = 0
    for frame in frames:
        if (frame.width, frame.height, frame.format.name) != (width, height, pixels):
            raise CannotCopy("the frame size or the pixel format changes inside the range")
        # Otherwise the encoder would follow the source's picture types.
        frame.pict_type = kind
        if encoder.name == "libx264" and rotated is not None:
            kind = _P_PICTURE
        for packet in encoder.encode(frame):
            yield _sample(packet, rotated)
    for packet in encoder.encode(None):
        yield _sample(packet, rotated)


def _sample(packet: Any, nals: Nals | None) -> Sample:
    data = bytes(packet)
    if nals is not None:
        data = joined([nal for nal in nals.split(data) if not nals.is_delimiter(nal)])
    return Sample(data, packet.pts, packet.is_keyframe, packet.dts)
