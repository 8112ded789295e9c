"""Several parts, one after the other in one clip: copied where they agree, else made anew."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
from av.container.output import OutputContainer

from leitstand.cut import audio, chapters, join_sound, mux, subtitles, writer
from leitstand.cut.alike import alike
from leitstand.cut.bitstream import Nals, joined, merged
from leitstand.cut.files import Opener
from leitstand.cut.header import Header, header_at, header_of
from leitstand.cut.media import codec_of, nals_of, opened
from leitstand.cut.pictures import Sample, decoded, encoded, placed
from leitstand.cut.plan import Plan, planned
from leitstand.cut.request import CannotCopy, CutError, Mode, Verdict
from leitstand.cut.splice import (
    SetIds,
    copied,
    copied_order,
    extradata,
    free_ids,
    made_anew,
    seam,
)
from leitstand.cut.timeline import UNIT, Picture, Piece, laid, named
from leitstand.cut.verify_parts import check_pieces
from leitstand.cut.whole import drawn, whole_encoder
from leitstand.cut.work import Work, must_fit
from leitstand.cut.writer import hevc_tag
from leitstand.media.look import Look, looked_at

# A part without a key frame to copy from is made anew up to this length.
_ANEW_TICKS = 15 / UNIT
_SAME_RATE = 0.02


def made(work: Work) -> tuple[Mode, str, Verdict | None]:
    """Writes the part file, and says how."""
    pictures = _with_pictures(work) and not work.request.audio_only
    opener = work.files.opened
    pieces = laid(work.request.parts, work.step, pictures=pictures, opener=opener)
    pictures = any(one.ticks for one in pieces)
    work.seconds = float(pieces[-1].until)
    mode, why = work.request.mode, []
    if pictures and mode is not Mode.REENCODE:
        try:
            why += _copied(work, pieces)
            verdict = check_pieces(pieces, writer.part_of(work.request.output), work.step)
            if verdict.right:
                if mode is Mode.COPY:
                    why.append("several parts are always joined exactly")
                return Mode.EXACT, "; ".join(why), verdict
            why = ["the check of the copied clip failed: " + "; ".join(verdict.faults)]
        except CannotCopy as problem:
            why = [str(problem)]
        except av.FFmpegError as problem:
            if problem.errno == errno.ENOSPC:
                raise
            why = [f"copying failed: {problem}"]
    why += _whole(work, pieces) if pictures else _sound_only(work, pieces)
    verdict = check_pieces(pieces, writer.part_of(work.request.output), work.step)
    if not verdict.right:
        raise CutError("The clip is not as it should be: " + "; ".join(verdict.faults))
    return Mode.REENCODE if pictures else mode, "; ".join(why), verdict


def _with_pictures(work: Work) -> bool:
    found, marks, at = [], [], 0.0
    for number, part in enumerate(work.request.parts, 1):
        work.step()
        with named(number, part), work.files.opened(part.source) as media:
            found.append(media.video is not None)
            marks += chapters.of_part(media, part, at)
        at += part.end - part.start
    work.tag(marks)
    return any(found)


def _copied(work: Work, pieces: Sequence[Piece]) -> list[str]:
    """The clip with as much copied as can be; raises CannotCopy. Says what was not."""
    framed = _framed(pieces)
    _must_agree(framed)
    plans = _planned(framed)
    work.pictures = sum(len(one.ticks) for one in framed)
    work.pictures_encoded = sum(len(one.head()) + len(one.tail()) for one in plans)
    look = alike(framed, work.step)
    with opened(framed[0].part.source) as first:
        seams = _Seams.of(first.video, look, framed, plans, work.files.opened)
        must_fit(seams.codec, work.container)
        order = [
            tick for one, plan in zip(framed, plans, strict=True) for tick in _order(one, plan)
        ]

        def write(made: OutputContainer) -> Iterator[mux.Timed]:
            track = writer.copied_track(made, first.video, extradata=seams.header, tag=seams.tag)
            samples = seams.samples(framed, plans, work.step)
            return mux.spliced(samples, order, _times(pieces), track)

        return _write(work, pieces, write)


def _must_agree(pieces: Sequence[Piece]) -> None:
    first = pieces[0].picture
    for piece in pieces[1:]:
        other = piece.picture
        if first is None or other is None:
            raise CannotCopy(f"part {piece.number} has no picture")
        if what := _difference(first, other):
            raise CannotCopy(f"the parts differ: {what} in part {piece.number}")


def _difference(one: Picture, other: Picture) -> str:
    if one.codec != other.codec or one.profile != other.profile:
        return f"{other.codec} {other.profile} after {one.codec} {one.profile}"
    if (one.width, one.height, one.aspect) != (other.width, other.height, other.aspect):
        return f"{other.width}x{other.height} after {one.width}x{one.height}"
    if (one.pixels, one.colours) != (other.pixels, other.colours):
        return f"other colours ({other.pixels} after {one.pixels})"
    if abs(other.rate / one.rate - 1) > _SAME_RATE:
        return f"{float(other.rate):.4g} pictures a second after {float(one.rate):.4g}"
    if one.codec not in ("h264", "hevc", "vp9", "av1") and one.extradata != other.extradata:
        return "other codec parameters"
    return ""


def _planned(pieces: Sequence[Piece]) -> list[Plan]:
    plans, reason = [], None
    for piece in pieces:
        found = piece.scan
        try:
            plans.append(planned(found))
        except CannotCopy as problem:
            reason = reason or problem
            if piece.ticks[-1] - piece.ticks[0] > _ANEW_TICKS:
                raise
            plans.append(Plan(found.shown, 0, 0, found.shown[-1] + 1, None))
    if reason is not None and not any(plan.copy_to for plan in plans):
        raise reason
    return plans


def _order(piece: Piece, plan: Plan) -> list[int]:
    stamps = [*plan.head(), *copied_order(piece.scan, plan), *plan.tail()]
    return [piece.tick(one) for one in stamps]


def _framed(pieces: Sequence[Piece]) -> list[Piece]:
    """Those in which a frame is shown."""
    return [one for one in pieces if one.ticks]


def _times(pieces: Sequence[Piece]) -> mux.Times:
    ticks = [tick for one in pieces for tick in one.ticks]
    return mux.Times(ticks, ticks, max(round(pieces[-1].until / UNIT), ticks[-1] + 1), UNIT)


@dataclass(frozen=True, slots=True)
class _Seams:
    """What all seams of a clip share: the first part's track, the ids beside the sources', and what
    opens the parts."""

    stream: Any
    look: Look
    codec: str
    header: bytes | None
    ids: Sequence[SetIds]
    opener: Opener
    in_band: bool = False

    @property
    def tag(self) -> str | None:
        return "hev1" if self.in_band else hevc_tag(self.stream)

    @classmethod
    def of(
        cls,
        stream: Any,
        look: Look,
        pieces: Sequence[Piece],
        plans: Sequence[Plan],
        opener: Opener,
    ) -> _Seams:
        """Raises CannotCopy where the parameter sets cannot stand side by side."""
        codec = codec_of(stream)
        if codec not in ("h264", "hevc"):
            return cls(stream, look, codec, None, (0, 0), opener)
        kept = [Nals.of(codec, one.picture.extradata) for one in pieces if one.picture]
        if codec == "hevc" and any(one.sets != kept[0].sets for one in kept):
            # They stand in the packets: each part brings its own.
            return cls(stream, look, codec, joined(kept[0].sets), (0, 0), opener, in_band=True)
        sources = merged(codec, kept) if codec == "h264" else kept[0]
        ids = free_ids(sources)
        used = (any(one.tail() for one in plans), any(one.head() for one in plans))
        seams = [
            seam(stream, own, look, unit=UNIT)
            for own, is_used in zip(ids, used, strict=True)
            if is_used
        ]
        return cls(stream, look, codec, extradata(sources, *seams), ids, opener)

    def samples(
        self, pieces: Sequence[Piece], plans: Sequence[Plan], step: Callable[[], None]
    ) -> Iterator[Sample]:
        for piece, plan in zip(pieces, plans, strict=True):
            if plan.head():
                yield from self._anew(piece, plan.head(), self.ids[1], step)
            if plan.copy_to:
                yield from self._copied(piece, plan, step)
            if plan.tail():
                yield from self._anew(piece, plan.tail(), self.ids[0], step)

    def _anew(
        self, piece: Piece, wanted: Sequence[int], own: SetIds, step: Callable[[], None]
    ) -> Iterator[Sample]:
        # From the first part's parameters, so that the parameter sets are those of the header.
        new = seam(self.stream, own, self.look, unit=UNIT)
        with opened(piece.part.source) as media:
            frames = placed(decoded(media, wanted, step), piece.tick, UNIT)
            nals = nals_of(media.video)
            size = self.look.width, self.look.height
            header = Header(nals, size) if nals else header_at(media, wanted[0])
            yield from made_anew(new, frames, header, in_band=self.in_band)

    def _copied(self, piece: Piece, plan: Plan, step: Callable[[], None]) -> Iterator[Sample]:
        with self.opener(piece.part.source) as media:
            header = header_of(media, piece.scan.pts[plan.copy_from], self.look)
            for one in copied(media, piece.scan, plan, step, header, in_band=self.in_band):
                yield Sample(one.data, piece.tick(one.pts), one.key)


def _whole(work: Work, pieces: Sequence[Piece]) -> list[str]:
    """The clip with every picture made anew, in the size of the first part."""
    work.pictures = work.pictures_encoded = sum(len(one.ticks) for one in pieces)
    framed = _framed(pieces)
    with opened(framed[0].part.source) as first:

        def write(made: OutputContainer) -> Iterator[mux.Timed]:
            name = "libvpx-vp9" if work.container == "webm" else "libx264"
            track = writer.encoded_track(made, name, first.video, Fraction(30))
            encoder = track.codec_context
            shown = (frame for one in framed for frame in _decoded(one, work.step))
            canvas, frames = drawn(shown, work.container, work.request)
            whole_encoder(encoder, first.video, canvas, work.request)
            encoder.time_base = UNIT
            return mux.encoded(encoded(encoder, frames, None), _times(pieces), track)

        return _write(work, pieces, write)


def _decoded(piece: Piece, step: Callable[[], None]) -> Iterator[tuple[Look, Any]]:
    with opened(piece.part.source) as media:
        frames = decoded(media, piece.scan.shown, step)
        yield from looked_at(media.video, placed(frames, piece.tick, UNIT))


def _write(
    work: Work,
    pieces: Sequence[Piece],
    pictures: Callable[[OutputContainer], Iterator[mux.Timed]] | None,
) -> list[str]:
    """Sound beside the pictures, both in the order of time; says why sound was made anew."""
    why = join_sound.why_anew(work, pieces)
    try:
        _written(work, pieces, pictures, anew=bool(why))
    except (join_sound.Gap, audio.Uneven) as problem:
        why = str(problem)
        _written(work, pieces, pictures, anew=True)
    work.uneven = "" if work.request.mode is Mode.REENCODE else why
    return [f"the sound was encoded: {why}"] if why else []


def _written(
    work: Work,
    pieces: Sequence[Piece],
    pictures: Callable[[OutputContainer], Iterator[mux.Timed]] | None,
    *,
    anew: bool,
) -> None:
    request = work.request
    with (
        writer.written(request.output, work.container, request.title) as made,
        ExitStack() as stack,
    ):
        tracks = [pictures(made)] if pictures else []
        texts = []
        if pictures:
            spans = _spans(pieces)
            texts = subtitles.tracks(made, work.container, spans, stack, work.files.opened)
        tracks += join_sound.tracks(work, made, pieces, stack, anew=anew)
        mux.interleave(made, tracks + texts, work.told(Fraction(0), pieces[-1].until))


def _spans(pieces: Sequence[Piece]) -> list[subtitles.Span]:
    return [
        subtitles.Span(one.part.source, one.zero + one.begin, one.zero + one.until, one.begin)
        for one in pieces
    ]


def _sound_only(work: Work, pieces: Sequence[Piece]) -> list[str]:
    """A clip without pictures: of recordings that have none, or as asked for."""
    return _write(work, pieces, None)
