"""The pictures of an exact clip: made anew at its ends, copied between them.

New pictures are joined to copied ones in H.264, HEVC, VP9 and AV1. MPEG-2 does not fit into MP4,
and no browser plays it: its clips are copied where no picture has to be made anew, else made anew
whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from itertools import chain
from typing import Any

from av.video.codeccontext import VideoCodecContext

from leitstand.cut import hevc_ids, obus
from leitstand.cut.bitstream import Key, Nals, as_broken_link, joined
from leitstand.cut.encoders import seam_encoder
from leitstand.cut.header import Header, header_at, key_size
from leitstand.cut.likeness import first_look
from leitstand.cut.media import Media, Scan, codec_of, packets_from
from leitstand.cut.open_group import OpenGroup
from leitstand.cut.pictures import Sample, decoded, encoded
from leitstand.cut.plan import Plan
from leitstand.cut.request import CannotCopy, CutError
from leitstand.cut.writer import hevc_tag
from leitstand.media.hdr import Light
from leitstand.media.look import Look

SetIds = int | hevc_ids.Ids


class _Copier:
    """Packets of the source, as they may stand after pictures that are not the source's."""

    def __init__(self, header: Header, codec: str, group: OpenGroup | None, in_band: bool) -> None:
        self._header = header
        self._nals = header.nals
        self._codec = codec
        self._group = group
        self._in_band = in_band
        self._first = True

    def sample(self, packet: Any, *, leading: bool) -> Sample | None:
        """None for a leading picture, which is left out.

        Raises CannotCopy if the stream's parameters change.
        """
        data = bytes(packet)
        if self._nals is not None:
            data = self._rewritten(data, self._nals, leading=leading)
        elif packet.is_keyframe:
            data = self._checked(data)
        self._first = False
        return None if leading else Sample(data, packet.pts, packet.is_keyframe)

    def _checked(self, data: bytes) -> bytes:
        """A key frame of a codec without parameter sets."""
        if self._header.sequence is not None:
            data = self._header.sequence.copied(data)
        if key_size(self._codec, data) not in (None, self._header.size):
            raise CannotCopy("the frame size changes inside the range")
        return data

    def _rewritten(self, data: bytes, nals: Nals, *, leading: bool) -> bytes:
        if nals.new_sets(data):
            raise CannotCopy("the parameters of the pictures change inside the range")
        units = [nal for nal in nals.split(data) if not nals.is_delimiter(nal)]
        if not self._in_band:
            units = [nal for nal in units if not nals.is_set(nal)]
        if self._group:
            units = self._group.renewed(units, leading=leading)
        if self._first and nals.codec == "hevc":
            units = [as_broken_link(nal) for nal in units]
        return joined(nals.sets + units if self._first and self._in_band else units)


@dataclass(frozen=True, slots=True)
class Seam:
    """An encoder beside a copy, and the ids of its parameter sets where it cannot set them."""

    encoder: VideoCodecContext
    ids: hevc_ids.Ids | None = None

    def sets(self, codec: str) -> list[bytes]:
        """Its parameter sets as they stand in the clip."""
        return [self.renamed(nal) for nal in Nals.of(codec, self.encoder.extradata).sets]

    def renamed(self, nal: bytes) -> bytes:
        return hevc_ids.renamed(nal, self.ids) if self.ids else nal


@dataclass(frozen=True, slots=True)
class Splice:
    """The frames of an exact clip: encoded, copied, encoded; and what the track's header says."""

    extradata: bytes | None
    tag: str | None
    size: tuple[int, int]
    samples: Callable[[Callable[[], None]], Iterator[Sample]]
    order: Sequence[int]


def splice(
    media: Media, tail_media: Media, found: Scan, plan: Plan, pictures: Iterator[Any]
) -> Splice:
    """Prepares an exact clip. `tail_media` is the same file, opened once more; `pictures` are
    those of the head, decoded from `media`."""
    stream = media.video
    if stream is None:
        raise CutError("There is no picture in the file.")
    head, tail = plan.head(), plan.tail()
    header = header_at(tail_media, found.pts[plan.copy_from])
    ids = free_ids(header.nals)
    look, pictures = _with_look(stream, pictures)
    if look and look.colours.is_wide and look.light == Light():
        look = look.lit(first_look(tail_media, found.pts[0]).light)
    tail_pictures = decoded(tail_media, tail)
    if look is None:
        # A second decoder takes memory: it begins when the first one is finished, if there is one.
        look, tail_pictures = _with_look(tail_media.video, tail_pictures)
    first = _opener(stream, ids[1], look if head else None, header)
    last = _opener(stream, ids[0], look if tail else None, header)
    if look and (look.width, look.height) != header.size:
        raise CannotCopy("the frame size changes inside the range")

    def samples(step: Callable[[], None]) -> Iterator[Sample]:
        yield from made_anew(first(), pictures, header)
        yield from copied(media, found, plan, step, header)
        yield from made_anew(last(), _stepped(tail_pictures, step), header)

    order = head + copied_order(found, plan) + tail
    said = extradata(header.nals, first(), last()) if header.nals else None
    if header.sequence:
        said = obus.reconfigured(stream.codec_context.extradata, header.sequence.header)
    return Splice(said, hevc_tag(stream), header.size, samples, order)


def _opener(
    stream: Any, own: SetIds, look: Look | None, header: Header
) -> Callable[[], Seam | None]:
    """What gives the encoder of one end of the clip; without a look there is none.

    One whose parameter sets stand in the track's header is opened now, another one when it is
    needed, so that it takes memory no longer than that.
    """
    if look is None:
        return lambda: None
    if header.nals is None:
        return partial(seam, stream, own, look)
    opened = seam(stream, own, look)
    return lambda: opened


def _with_look(stream: Any, frames: Iterator[Any]) -> tuple[Look | None, Iterator[Any]]:
    """The look of the first frame, if there is one; and all frames."""
    for first in frames:
        return Look.of(stream, first), chain([first], frames)
    return None, frames


def _stepped(frames: Iterator[Any], step: Callable[[], None]) -> Iterator[Any]:
    for frame in frames:
        step()
        yield frame


def seam(stream: Any, own: SetIds, look: Look, *, unit: Fraction | None = None) -> Seam:
    """An encoder whose parameter sets have these ids; raises CannotCopy where there is none."""
    if isinstance(own, int):
        return Seam(seam_encoder(stream, set_id=own, unit=unit, look=look))
    return Seam(seam_encoder(stream, set_id=0, unit=unit, look=look), own)


def free_ids(nals: Nals | None) -> Sequence[SetIds]:
    """Two sets of ids that the source does not use; raises CannotCopy if there are none."""
    if nals is None:
        return (0, 0)
    if nals.codec == "hevc":
        return hevc_ids.free(nals.sets, 2)
    found = sorted(set(range(1, 31)) - nals.used_ids())[-2:]
    if len(found) < 2:
        raise CannotCopy("the source leaves no id for parameter sets of new pictures")
    return found


def extradata(nals: Nals, *seams: Seam | None) -> bytes:
    """The track's header: the source's parameter sets and those of the seams."""
    sets = nals.sets + [nal for one in seams if one for nal in one.sets(nals.codec)]
    return joined(sorted(sets, key=nals.kind))


def made_anew(
    seam: Seam | None, frames: Iterator[Any], header: Header, *, in_band: bool = False
) -> Iterator[Sample]:
    """Frames from a seam encoder, in the form of the copied ones; `in_band` with its parameter
    sets in front."""
    if seam is None:
        return
    nals = header.nals
    if nals is None:
        samples = encoded(seam.encoder, frames, None)
        yield from header.sequence.joined(samples) if header.sequence else samples
        return
    form = Nals(nals.codec, None)
    for place, sample in enumerate(encoded(seam.encoder, frames, form)):
        units = [nal for nal in form.split(sample.data) if in_band or not form.is_set(nal)]
        sets = seam.sets(nals.codec) if in_band and place == 0 else []
        data = joined(sets + [seam.renamed(nal) for nal in units])
        yield replace(sample, data=data)


def copied(
    media: Media,
    found: Scan,
    plan: Plan,
    step: Callable[[], None],
    header: Header,
    *,
    in_band: bool = False,
) -> Iterator[Sample]:
    """The frames that the plan copies, `in_band` with their parameter sets in front; raises
    CannotCopy where that cannot be."""
    nals = header.nals
    opens = nals is not None and found.keys[plan.copy_from] == Key.OPEN
    group = OpenGroup(nals.sets) if nals and opens else None
    copier = _Copier(header, codec_of(media.video), group, in_band)
    for packet in _copied_packets(media, found, plan):
        step()
        sample = copier.sample(packet, leading=packet.pts < found.pts[plan.copy_from])
        if sample is not None:
            yield sample


def _copied_packets(media: Media, found: Scan, plan: Plan) -> Iterator[Any]:
    # The same seek as for the scan gives the same packets.
    for place, packet in enumerate(packets_from(media, media.video, found.start)):
        if place >= plan.copy_to:
            return
        if place >= plan.copy_from:
            if packet.pts != found.pts[place]:
                raise CannotCopy("the file gives other packets when it is read again")
            yield packet


def copied_order(found: Scan, plan: Plan) -> list[int]:
    """Their time stamps."""
    seam = found.pts[plan.copy_from]
    return [one for one in found.pts[plan.copy_from : plan.copy_to] if one >= seam]
