"""The pictures of an exact clip: made anew at its ends, copied between them.

New pictures are joined to copied ones in H.264, HEVC and VP9. In AV1 a track has one sequence
header, and no encoder here makes another encoder's; MPEG-2 does not fit into MP4, and no browser
plays it. Clips of both are copied where no picture has to be made anew, else made anew whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from av.video.codeccontext import VideoCodecContext

from leitstand.cut.bitstream import Key, Nals, as_broken_link, joined
from leitstand.cut.encoders import seam_encoder
from leitstand.cut.media import Media, Scan, codec_of, nals_of, packets_from
from leitstand.cut.open_group import OpenGroup
from leitstand.cut.pictures import Sample, decoded, encoded
from leitstand.cut.plan import Plan
from leitstand.cut.request import CannotCopy, CutError


class _Copier:
    """Packets of the source, as they may stand after pictures that are not the source's."""

    def __init__(self, nals: Nals | None, group: OpenGroup | None) -> None:
        self._nals = nals
        self._group = group
        self._in_band = nals is not None and nals.codec == "hevc"
        self._first = True

    def sample(self, packet: Any, *, leading: bool) -> Sample | None:
        """None for a leading picture, which is left out.

        Raises CannotCopy if the stream's parameters change.
        """
        data = bytes(packet)
        if self._nals is not None:
            data = self._rewritten(data, self._nals, leading=leading)
        self._first = False
        return None if leading else Sample(data, packet.pts, packet.is_keyframe)

    def _rewritten(self, data: bytes, nals: Nals, *, leading: bool) -> bytes:
        if not self._in_band and nals.new_sets(data):
            raise CannotCopy("the parameters of the pictures change inside the range")
        units = [nal for nal in nals.split(data) if not nals.is_delimiter(nal)]
        if not self._in_band:
            units = [nal for nal in units if not nals.is_set(nal)]
            return joined(self._group.renewed(units, leading=leading) if self._group else units)
        if self._first:
            units = nals.sets + [as_broken_link(nal) for nal in units]
        return joined(units)


@dataclass(frozen=True, slots=True)
class Splice:
    """The pictures of an exact clip: encoded, copied, encoded; and what the track's header says."""

    extradata: bytes | None
    tag: str | None
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
    codec = codec_of(stream)
    nals = nals_of(stream)
    head, tail = plan.head(), plan.tail()
    free = sorted(set(range(1, 31)) - (nals.used_ids() if codec == "h264" and nals else set()))
    first = seam_encoder(stream, set_id=free[-1]) if head else None
    last = seam_encoder(stream, set_id=free[-2]) if tail else None
    in_band = codec == "hevc"

    def samples(step: Callable[[], None]) -> Iterator[Sample]:
        yield from made_anew(first, pictures, nals, in_band)
        yield from copied(media, found, plan, step)
        yield from made_anew(last, decoded(tail_media, tail, step), nals, in_band)

    order = head + copied_order(found, plan) + tail
    return Splice(_header(nals, first, last), "hev1" if in_band else None, samples, order)


def _header(nals: Nals | None, *encoders: VideoCodecContext | None) -> bytes | None:
    if nals is None:
        return None
    sets = list(nals.sets)
    if nals.codec == "h264":
        for one in encoders:
            if one is not None:
                made = Nals.of("h264", one.extradata).sets
                sets += made
    return joined(sorted(sets, key=nals.kind))


def made_anew(
    encoder: VideoCodecContext | None, frames: Iterator[Any], nals: Nals | None, in_band: bool
) -> Iterator[Sample]:
    """Pictures from a seam encoder, in the form of the copied ones."""
    if encoder is None:
        return
    own = Nals.of(nals.codec, encoder.extradata) if nals else None
    form = Nals(nals.codec, None) if nals else None
    for place, sample in enumerate(encoded(encoder, frames, form)):
        if place == 0 and in_band and own is not None:
            sample = Sample(joined(own.sets) + sample.data, sample.pts, sample.key)
        yield sample


def copied(media: Media, found: Scan, plan: Plan, step: Callable[[], None]) -> Iterator[Sample]:
    """The pictures that the plan copies; raises CannotCopy where that cannot be."""
    nals = nals_of(media.video)
    opens = nals is not None and found.keys[plan.copy_from] == Key.OPEN
    copier = _Copier(nals, OpenGroup(nals.sets) if nals and opens else None)
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
