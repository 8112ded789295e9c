"""Makes a clip: plans it, writes it, checks it, and falls back to encoding the whole."""

from __future__ import annotations

import errno
import math
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing
from fractions import Fraction
from typing import Any

import av
from av.container.output import OutputContainer

from leitstand.cut import audio, audio_tracks, chapters, likeness, mux, subtitles, writer
from leitstand.cut.ahead import ahead
from leitstand.cut.extent import Extent, extent, widened
from leitstand.cut.media import Media, Scan, base, codec_of, opened
from leitstand.cut.pictures import decoded, encoded, placed
from leitstand.cut.plan import Plan, from_key, planned
from leitstand.cut.request import (
    CONTAINERS,
    Asked,
    CannotCopy,
    CutError,
    Mode,
    Part,
    Progress,
    Request,
    Result,
    Tags,
    Verdict,
)
from leitstand.cut.running import settled
from leitstand.cut.splice import splice
from leitstand.cut.whole import drawn, whole_encoder
from leitstand.cut.work import Work, must_fit
from leitstand.media.look import looked_at

# What has to be known of every part stays in memory.
PARTS_AT_MOST = 50
# So many decoded pictures may wait to be encoded.
_AHEAD = 8
_SOUND_NAMES = {"m4a": "mp4", "mka": "mkv"}


class _NoFrames(Exception):
    """There is audio in the range, and no frame is shown yet."""


def cut(
    request: Request,
    progress: Progress = lambda share: None,
    cancelled: Asked = lambda: False,
) -> Result:
    """Makes the clip; raises CutError (Cancelled if `cancelled` says so).

    `progress` is told a share from 0 to 1; `cancelled` is asked at every packet.
    """
    work = _checked(request, progress, cancelled)
    try:
        mode, reason, verdict = _any(work)
        writer.publish(request.output)
    except CannotCopy as problem:
        raise CutError(f"The clip cannot be made: {problem}.") from problem
    except av.FFmpegError as problem:
        names = ", ".join(dict.fromkeys(part.path.name for part in request.parts))
        raise CutError(f"{names} cannot be cut: {problem}") from problem
    except OSError as problem:
        raise CutError(f"The clip cannot be written: {problem}") from problem
    finally:
        work.files.close()
        writer.discard(request.output)
    progress(1.0)
    return Result(
        request.output,
        mode,
        reason,
        verdict,
        work.pictures,
        work.pictures_encoded,
        work.seconds,
        work.notes(),
    )


def _checked(request: Request, progress: Progress, cancelled: Asked) -> Work:
    count = len(request.parts)
    if not 1 <= count <= PARTS_AT_MOST:
        raise CutError(f"A clip has 1 to {PARTS_AT_MOST} parts, not {count}.")
    for number, part in enumerate(request.parts, 1):
        if wrong := _wrong(part):
            raise CutError(wrong if count == 1 else f"Part {number}: {wrong}")
    if request.effects is not None:
        from leitstand.cut import effects

        if problem := effects.wrong(request):
            raise CutError(problem)
    container = request.container or request.output.suffix.lstrip(".").lower()
    if request.container is None and container not in CONTAINERS:
        container = _SOUND_NAMES.get(container, "mp4")
    if container not in CONTAINERS:
        raise CutError(f"{container!r} is none of {', '.join(CONTAINERS)}.")
    return Work(settled(request), container, progress, cancelled)


def _wrong(part: Part) -> str:
    if not (math.isfinite(part.start) and math.isfinite(part.end)) or part.start < 0:
        return "Start and end are seconds from the start of the recording, 0 or more."
    if part.end <= part.start:
        return f"The end ({part.end:g} s) must come after the start ({part.start:g} s)."
    return ""


def _any(work: Work) -> tuple[Mode, str, Verdict | None]:
    # To load what few clips need takes a good part of the time of a short one.
    if work.request.effects is not None:
        from leitstand.cut import effects

        return effects.made(work, cut)
    if len(work.request.parts) > 1:
        from leitstand.cut import join

        return join.made(work)
    return _made(work)


def _made(work: Work) -> tuple[Mode, str, Verdict | None]:
    """Writes the part file, and says how."""
    try:
        return _written(work)
    except audio.Uneven as problem:
        work.uneven = str(problem)
        mode, reason, verdict = _written(work)
        return mode, "; ".join(filter(None, [reason, f"the audio was encoded: {problem}"])), verdict


def _written(work: Work) -> tuple[Mode, str, Verdict | None]:
    with opened(work.part.source) as media:
        frames = media.video is not None and not work.request.audio_only
        work.tag(chapters.of_part(media, work.part))
    if not frames:
        return _sound_only(work)
    try:
        return _with_frames(work)
    except _NoFrames:
        return _sound_only(work)


def _with_frames(work: Work) -> tuple[Mode, str, Verdict | None]:
    mode, reason = work.request.mode, ""
    if mode is not Mode.REENCODE:
        try:
            _copied(work)
            verdict = _verdict(work) if mode is Mode.EXACT else None
            if verdict is None or verdict.right:
                return mode, "", verdict
            reason = "the check of the copied clip failed: " + "; ".join(verdict.faults)
        except CannotCopy as problem:
            reason = str(problem)
        except av.FFmpegError as problem:
            if problem.errno == errno.ENOSPC:
                raise
            reason = f"copying failed: {problem}"
    _whole(work)
    verdict = _verdict(work)
    if not verdict.right:
        raise CutError("The clip is not as it should be: " + "; ".join(verdict.faults))
    return Mode.REENCODE, reason, verdict


def _verdict(work: Work) -> Verdict:
    from leitstand.cut.verify import check

    work.step()
    clip, audio_only = writer.part_of(work.request.output), work.request.audio_only
    return check(work.part, clip, work.step, work.seen, audio_only=audio_only)


def _copied(work: Work) -> None:
    """The clip with as much copied as can be; raises CannotCopy."""
    path = work.part.source
    with opened(path) as media, opened(path) as tail, ExitStack() as stack:
        span, found = _looked_at(work, media)
        must_fit(codec_of(media.video), work.container)
        copying = work.request.mode is Mode.COPY
        plan = from_key(found) if copying else planned(found)
        # Closed before the file is, whatever happens: a thread of its own reads there.
        pictures = stack.enter_context(closing(_head(work, media, found, plan)))
        spliced = splice(media, tail, found, plan, pictures)
        work.pictures = len(plan.shown)
        work.pictures_encoded = len(plan.head()) + len(plan.tail())
        asked, span = span, widened(span, plan.shown, media) if copying else span
        tags = _tags(work, float(asked.start - span.start))
        with writer.written(work.request.output, work.container, tags) as made:
            track = writer.copied_track(
                made, media.video, extradata=spliced.extradata, tag=spliced.tag, size=spliced.size
            )
            times = mux.Times.of(plan.shown, base(media.video), span.start, span.end)
            track.time_base = times.unit
            samples = mux.spliced(spliced.samples(work.step), spliced.order, times, track)
            _write(work, made, samples, span)


def _head(work: Work, media: Media, found: Scan, plan: Plan) -> Generator[Any]:
    """The pictures before the copy. On the way the check is given those that it asks for."""
    head = plan.head()
    if not head:
        return
    group = likeness.first(len(plan.shown), len(head))
    places = likeness.beside(found, group)
    wanted = sorted({*head, *(plan.shown[at] for at in group)})
    frames = likeness.noted(decoded(media, wanted, work.step, also=places), places, work.seen)
    # Decoded while others are encoded: both are most of the work.
    with closing(ahead(frames, _AHEAD)) as shown:
        yield from (frame for frame in shown if plan.shown[0] <= frame.pts < plan.copy_pts)


def _tags(work: Work, early: float) -> Tags:
    """A copy from the key frame before begins earlier than requested."""
    tags = Tags.of(work.request.title)
    return Tags(tags.title, chapters.later(tags.chapters, max(0.0, early)))


def _whole(work: Work) -> None:
    """The clip with every picture made anew."""
    with opened(work.part.source) as media:
        span, found = _looked_at(work, media)
        stream = media.video
        work.pictures = work.pictures_encoded = len(found.shown)
        with writer.written(work.request.output, work.container, work.request.title) as made:
            name = "libvpx-vp9" if work.container == "webm" else "libx264"
            track = writer.encoded_track(made, name, stream, Fraction(30))
            shown = looked_at(stream, decoded(media, found.shown, work.step))
            canvas, frames = drawn(shown, work.container, work.request)
            whole_encoder(track.codec_context, stream, canvas, work.request)
            times = mux.Times.of(found.shown, base(stream), span.start, span.end)
            track.codec_context.time_base = times.unit
            frames = placed(frames, times.tick, times.unit)
            samples = encoded(track.codec_context, frames, None)
            _write(work, made, mux.encoded(samples, times.own, track), span)


def _looked_at(work: Work, media: Media) -> tuple[Extent, Scan]:
    span = extent(work.part, media)
    if span.found is None:
        raise _NoFrames
    return span, span.found


def _write(
    work: Work, made: OutputContainer, frames: Iterator[mux.Timed] | None, span: Extent
) -> None:
    """Audio beside the frames, both in the order of time."""
    work.seconds = float(span.seconds)
    with ExitStack() as stack:
        own = subtitles.Span(work.part.source, span.start, span.end)
        texts = subtitles.tracks(made, work.container, [own], stack) if frames is not None else []
        tracks = audio_tracks.tracks(work, made, (span.start, span.end), stack)
        if frames is not None:
            tracks.insert(0, frames)
        mux.interleave(made, tracks + texts, work.told(span.start, span.end))


def _sound_only(work: Work) -> tuple[Mode, str, Verdict | None]:
    """A clip without pictures: of a recording that has none, or as asked for."""
    with opened(work.part.source) as media:
        if not media.audio:
            raise CutError(f"{work.part.path.name} has no sound.")
        span = extent(work.part, media, frames=False)
    with writer.written(work.request.output, work.container, work.request.title) as made:
        _write(work, made, None, span)
    verdict = _verdict(work)
    if not verdict.right:
        raise CutError("The clip is not as it should be: " + "; ".join(verdict.faults))
    return work.request.mode, "", verdict
