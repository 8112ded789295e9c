"""What holds for the frames of a range though the file's header may say something else.

A camera that was turned, or an encoder that was started again, brings new parameter sets and
another frame size with a key frame in the middle of a file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from leitstand.cut import hevc_ids, obus, superframes
from leitstand.cut.av1 import SequenceUnits
from leitstand.cut.bitstream import Nals
from leitstand.cut.media import Media, codec_of, nals_of, packets_from
from leitstand.cut.request import CannotCopy
from leitstand.media.look import Look

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Header:
    """The parameters (of H.264 and HEVC, and of AV1; None: another codec) and the size of the
    frames from a key frame on."""

    nals: Nals | None
    size: Size
    sequence: SequenceUnits | None = None


def header_at(media: Media, pts: int) -> Header:
    """What holds from the key frame with that time stamp on."""
    stream = media.video
    assert stream is not None
    nals, size = nals_of(stream), (stream.width, stream.height)
    packet = next(iter(packets_from(media, stream, pts)))
    if nals is None:
        codec, data = codec_of(stream), bytes(packet)
        extradata = stream.codec_context.extradata
        sequence = SequenceUnits.of(data, extradata) if codec == "av1" else None
        return Header(None, key_size(codec, data, extradata) or size, sequence)
    sets = _updated(nals, bytes(packet))
    if sets == nals.sets:
        return Header(nals, size)
    return Header(Nals(nals.codec, nals.length_size, sets), _decoded_size(stream, packet) or size)


def header_of(media: Media, pts: int, look: Look) -> Header:
    """The same; raises CannotCopy unless it is that of the whole file, and of frames with this
    look."""
    header, nals = header_at(media, pts), nals_of(media.video)
    if header.size != (look.width, look.height):
        raise CannotCopy("the frame size changes inside the range")
    if nals and header.nals and header.nals.sets != nals.sets:
        raise CannotCopy("the parameters of the pictures change inside the range")
    return header


def key_size(codec: str, data: bytes, extradata: bytes | None = None) -> Size | None:
    """The frame size in a key frame of VP9 or AV1; None where it says none."""
    if codec not in ("vp9", "av1"):
        return None
    frames = superframes.frames if codec == "vp9" else obus.Frames(extradata).read
    try:
        first = next(iter(frames(data)), None)
    except CannotCopy:
        return None
    return first.size if first is not None else None


def _updated(nals: Nals, data: bytes) -> list[bytes]:
    """The stream's parameter sets, as those in a packet replace them."""
    identify = _set_id(nals)
    sets = {identify(nal): nal for nal in nals.sets}
    sets |= {identify(nal): nal for nal in nals.split(data) if nals.is_set(nal)}
    return list(sets.values())


def _set_id(nals: Nals) -> Callable[[bytes], tuple[int, int | None]]:
    if nals.codec == "hevc":
        return lambda nal: (nals.kind(nal), hevc_ids.id_of(nal))
    return lambda nal: (nals.kind(nal), nals.set_id(nal))


def _decoded_size(stream: Any, packet: Any) -> Size | None:
    decoder = stream.codec_context
    decoder.flush_buffers()
    frames = [*decoder.decode(packet), *decoder.decode(None)]
    decoder.flush_buffers()
    if not frames:
        raise CannotCopy("the key frame cannot be decoded alone")
    return frames[0].width, frames[0].height
