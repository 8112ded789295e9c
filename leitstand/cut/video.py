"""The pictures of a clip: made anew where they must be, copied where they can be.

New pictures are joined to copied ones in H.264, HEVC and VP9. In AV1 a track has one sequence
header, and no encoder here makes another encoder's; MPEG-2 does not fit into MP4, and no browser
plays it. Clips of both are copied where no picture has to be made anew, else made anew whole.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext

from leitstand.cut.bitstream import Key, Nals, as_broken_link, joined
from leitstand.cut.media import Media, Scan, base, packets_from
from leitstand.cut.open_group import OpenGroup
from leitstand.cut.plan import Plan
from leitstand.cut.request import CannotCopy, CutError, Request

ENCODERS = {"h264": "libx264", "hevc": "libx265", "vp9": "libvpx-vp9"}
_NEVER = 1 << 20
# Of others (AV1) a decoder leaves out pictures that are shown later.
_SKIPPING = {"h264", "hevc", "mpeg2video", "vp9"}
_PROFILES = {"Baseline": "baseline", "Constrained Baseline": "baseline", "Main": "main"}
_SETTINGS = {
    "libx264": {"preset": "ultrafast", "crf": "20"},
    "libx265": {"preset": "superfast", "crf": "18"},
    "libvpx-vp9": {
        "crf": "20",
        "b": "0",
        "deadline": "realtime",
        "cpu-used": "6",
        "auto-alt-ref": "0",
        "lag-in-frames": "0",
        "row-mt": "1",
    },
}
_SEAM = "scenecut=0:open-gop=0:repeat-headers=0:annexb=1:keyint=9999"
_P_PICTURE = 2


def codec_of(stream: Any) -> str:
    """`h264`, `hevc`, `vp9`, `av1` and so on, whatever decodes it."""
    return str(stream.codec_context.codec.canonical_name)


def nals_of(stream: Any) -> Nals | None:
    """The form of H.264 and HEVC; None for other codecs."""
    codec = codec_of(stream)
    return Nals.of(codec, stream.codec_context.extradata) if codec in ("h264", "hevc") else None


@dataclass(frozen=True, slots=True)
class Sample:
    """One encoded picture, ready for the muxer; `pts` in the source's unit.

    `dts` is the encoder's own; None where it has to be worked out.
    """

    data: bytes
    pts: int
    key: bool
    dts: int | None = None


def seam_encoder(stream: Any, *, set_id: int, unit: Fraction | None = None) -> VideoCodecContext:
    """An encoder whose pictures can stand in one track with the source's own.

    H.264's parameter sets get the id `set_id`, so that they stand beside the source's.
    `unit` is that of the time stamps where it is not the source's.
    Raises CannotCopy where there is no such encoder.
    """
    codec = codec_of(stream)
    if codec not in ENCODERS:
        raise CannotCopy(f"pictures in {codec} cannot be joined to new ones")
    source = stream.codec_context
    encoder: VideoCodecContext = av.CodecContext.create(ENCODERS[codec], "w")  # type: ignore[assignment]
    if source.pix_fmt not in {one.name for one in encoder.codec.video_formats or ()}:
        raise CannotCopy(f"no encoder here makes {codec} pictures in {source.pix_fmt}")
    _set_up(encoder, stream, (source.width, source.height), source.pix_fmt)
    encoder.time_base = unit or encoder.time_base
    if codec == "h264":
        # No B pictures are made, but a reader that guesses decoding times must expect them.
        ahead = "bframes=2:b-pyramid=normal" if source.has_b_frames else "bframes=0"
        # The preset leaves 8x8 out; with it the profile is High, as the source's mostly is.
        encoder.options["x264-params"] = f"{_SEAM}:8x8dct=1:{ahead}:sps-id={set_id}"
        if source.profile in _PROFILES:
            encoder.options["profile"] = _PROFILES[source.profile]
    if codec == "hevc":
        encoder.options["x265-params"] = f"{_SEAM}:bframes=0:log-level=none:info=0"
    _open(encoder)
    return encoder


def whole_encoder(encoder: VideoCodecContext, stream: Any, request: Request) -> None:
    """Sets up the encoder of a clip in which every picture is made anew; does not open it."""
    source = stream.codec_context
    width, height = _size(source.width, source.height, request)
    deep = source.format is not None and source.format.components[0].bits > 8
    _set_up(encoder, stream, (width, height), "yuv420p10le" if deep else "yuv420p")
    encoder.gop_size = 250
    if encoder.name == "libx264":
        encoder.options["preset"] = "veryfast"
        encoder.options["crf"] = "18"
    if request.video_bitrate:
        encoder.options.pop("crf")
        encoder.options.pop("b", None)
        encoder.bit_rate = request.video_bitrate


def _size(width: int, height: int, request: Request) -> tuple[int, int]:
    wide, high = request.width, request.height
    if wide is None and high is not None:
        wide = round(width * high / height)
    if high is None and wide is not None:
        high = round(height * wide / width)
    return (wide or width) // 2 * 2, (high or height) // 2 * 2


def _set_up(
    encoder: VideoCodecContext, stream: Any, size: tuple[int, int], pixels: str | None
) -> None:
    source = stream.codec_context
    encoder.width, encoder.height = size
    encoder.pix_fmt = pixels
    encoder.time_base = base(stream)
    encoder.framerate = Fraction(stream.average_rate or stream.guessed_rate or 30)
    if source.sample_aspect_ratio:
        encoder.sample_aspect_ratio = source.sample_aspect_ratio
    encoder.color_range = source.color_range
    encoder.color_primaries = source.color_primaries
    encoder.color_trc = source.color_trc
    encoder.colorspace = source.colorspace
    encoder.flags |= Flags.global_header
    encoder.gop_size = _NEVER
    encoder.options = dict(_SETTINGS[encoder.name])


def _open(encoder: VideoCodecContext) -> None:
    try:
        encoder.open()
    except (av.FFmpegError, ValueError) as error:
        raise CannotCopy(f"{encoder.name} refuses these pictures: {error}") from error


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


def encoded(
    encoder: VideoCodecContext, frames: Iterator[Any], rotated: Nals | None
) -> Iterator[Sample]:
    """Encodes pictures; `rotated` has the form of H.264 and HEVC."""
    width, height, pixels = encoder.width, encoder.height, encoder.pix_fmt
    kind = 0
    for frame in frames:
        if (frame.width, frame.height, frame.format.name) != (width, height, pixels):
            pts, unit = frame.pts, frame.time_base
            frame = frame.reformat(width=width, height=height, format=pixels)
            frame.pts, frame.time_base = pts, unit
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
