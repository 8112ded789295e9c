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

from leitstand.cut import audio, chapters, likeness, mux, writer
from leitstand.cut.ahead import ahead, in_batches_ahead
from leitstand.cut.encoders import whole_encoder
from leitstand.cut.media import Media, Scan, base, codec_of, opened
from leitstand.cut.pictures import decoded, encoded
from leitstand.cut.plan import Plan, planned
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
from leitstand.cut.splice import splice
from leitstand.cut.work import SLACK_SECONDS, Work, last_ticks, must_fit, scanned, seconds

# What has to be known of every part stays in memory.
PARTS_AT_MOST = 50
# So many decoded pictures may wait to be encoded.
_AHEAD = 8
# And so many packets of sound, a minute and a half of it.
_SOUNDS_AHEAD = 4096
_SOUND_NAMES = {"m4a": "mp4", "mka": "mkv"}


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
        writer.discard(request.output)
    progress(1.0)
    return Result(
        request.output, mode, reason, verdict, work.pictures, work.pictures_encoded, work.seconds
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
    return Work(request, container, progress, cancelled)


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
    mode, reason = work.request.mode, ""
    with opened(work.part.path) as media:
        pictures = media.video is not None and not work.request.audio_only
    if not pictures:
        return _sound_only(work)
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
    return check(work.part, writer.part_of(work.request.output), work.step, work.seen)


def _copied(work: Work) -> None:
    """The clip with as much copied as can be; raises CannotCopy."""
    path = work.part.path
    with opened(path) as media, opened(path) as tail, ExitStack() as stack:
        found = scanned(work.part, media)
        must_fit(codec_of(media.video), work.container)
        copying = work.request.mode is Mode.COPY
        plan = _from_key(found) if copying else planned(found)
        # Closed before the file is, whatever happens: a thread of its own reads there.
        pictures = stack.enter_context(closing(_head(work, media, found, plan)))
        spliced = splice(media, tail, found, plan, pictures)
        work.pictures = len(plan.shown)
        work.pictures_encoded = len(plan.head()) + len(plan.tail())
        with writer.written(
            work.request.output, work.container, _tags(work, plan, found, media)
        ) as made:
            track = writer.copied_track(
                made, media.video, extradata=spliced.extradata, tag=spliced.tag
            )
            times = mux.Times(plan.shown, last_ticks(found, media.video), base(media.video))
            samples = mux.spliced(spliced.samples(work.step), spliced.order, times, track)
            _write(work, made, samples, times)


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


def _tags(work: Work, plan: Plan, found: Scan, media: Media) -> Tags:
    """A copy from the key frame before begins earlier than asked."""
    tags = Tags.of(work.request.title)
    early = float((found.start - plan.shown[0]) * base(media.video))
    return Tags(tags.title, chapters.later(tags.chapters, max(0.0, early)))


def _whole(work: Work) -> None:
    """The clip with every picture made anew."""
    with opened(work.part.path) as media:
        found = scanned(work.part, media)
        stream = media.video
        work.pictures = work.pictures_encoded = len(found.shown)
        with writer.written(work.request.output, work.container, work.request.title) as made:
            name = "libvpx-vp9" if work.container == "webm" else "libx264"
            track = writer.encoded_track(made, name, stream, Fraction(30))
            whole_encoder(track.codec_context, stream, work.request)
            times = mux.Times(found.shown, last_ticks(found, stream), base(stream))
            frames = decoded(media, found.shown, work.step)
            pictures = mux.encoded(encoded(track.codec_context, frames, None), times, track)
            _write(work, made, pictures, times)


def _write(
    work: Work, made: OutputContainer, pictures: Iterator[mux.Timed], times: mux.Times
) -> None:
    """Sound beside the pictures, both in the order of time."""
    start = times.shown[0] * times.unit
    end = times.shown[-1] * times.unit + times.last * times.unit
    work.seconds = float(end - start)
    with ExitStack() as stack:
        sounds = _sounds(work, made, start, end, stack)
        mux.interleave(made, [pictures, *sounds], work.told(start, end))


def _sound_only(work: Work) -> tuple[Mode, str, Verdict | None]:
    """A clip without pictures: of a recording that has none, or as asked for."""
    with opened(work.part.path) as media:
        if not media.audio:
            raise CutError(f"{work.part.path.name} has no sound.")
        if media.seconds is not None and work.part.end > media.seconds + SLACK_SECONDS:
            raise CutError(f"The recording is {media.seconds:.3f} s long, the end lies after that.")
        start = media.origin + seconds(work.part.start)
        end = media.origin + seconds(work.part.end)
    work.seconds = float(end - start)
    with writer.written(work.request.output, work.container, work.request.title) as made:
        with ExitStack() as stack:
            sounds = _sounds(work, made, start, end, stack)
            mux.interleave(made, sounds, work.told(start, end))
    verdict = _verdict(work)
    if not verdict.right:
        raise CutError("The clip is not as it should be: " + "; ".join(verdict.faults))
    return work.request.mode, "", verdict


def _sounds(
    work: Work, made: OutputContainer, start: Fraction, end: Fraction, stack: ExitStack
) -> list[Iterator[mux.Timed]]:
    """Every track of sound from a reader of its own: tracks lie apart in some files."""
    media = stack.enter_context(opened(work.part.path))
    prepared = []
    for place in range(len(media.audio)):
        if place:
            media = stack.enter_context(opened(work.part.path))
        prepared.append(_prepared(work, made, media, media.audio[place]))
    made.start_encoding()
    tracks = [mux.sound(sounds(start, end), start, track) for sounds, track in prepared]
    return [stack.enter_context(closing(in_batches_ahead(each, _SOUNDS_AHEAD))) for each in tracks]


def _prepared(work: Work, made: OutputContainer, media: Media, stream: Any) -> Any:
    codec = stream.codec_context.codec.canonical_name
    if audio.fits(codec, work.container) and work.request.mode is not Mode.REENCODE:
        track = writer.copied_track(made, stream)
        # Alone in Matroska, sound before the cut could not be hidden from players.
        primed = work.container == "mp4" or bool(work.pictures)
        return lambda a, b: audio.copied(media, stream, (a, b), work.step, primed=primed), track
    rate = 48_000 if work.container == "webm" else stream.codec_context.sample_rate
    track = writer.encoded_track(made, audio.encoder_name(work.container), stream, rate)
    audio.set_up(track.codec_context, stream, work.request)
    encoder = track.codec_context
    return lambda a, b: audio.encoded(media, stream, encoder, (a, b), work.step), track


def _from_key(found: Scan) -> Plan:
    wanted = set(found.shown)
    stop = max(place for place, one in enumerate(found.pts) if one in wanted) + 1
    seam = found.pts[0]
    return Plan(sorted(one for one in found.pts[:stop] if one >= seam), 0, stop, seam, None)
