"""Makes a clip: plans it, writes it, checks it, and falls back to encoding the whole."""

from __future__ import annotations

import errno
import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
from av.container.output import OutputContainer

from leitstand.cut import audio, mux, video, writer
from leitstand.cut.media import Media, Scan, base, opened, scan, tick
from leitstand.cut.plan import Plan, exact
from leitstand.cut.request import (
    CONTAINERS,
    Asked,
    Cancelled,
    CannotCopy,
    CutError,
    Mode,
    Part,
    Progress,
    Request,
    Result,
    Verdict,
)
from leitstand.cut.verify import check

_WEBM_PICTURES = {"vp8", "vp9", "av1"}
_MP4_PICTURES = {"h264", "hevc", "vp9", "av1"}
# So much may be asked for after the last picture: durations are rounded.
_SLACK_SECONDS = 1.0
# What is left of the progress is the check.
_WRITING_SHARE = 0.9


@dataclass(slots=True)
class _Work:
    """One cut: what was asked, where it stands, whether it goes on."""

    request: Request
    part: Part
    container: str
    progress: Progress
    cancelled: Asked
    pictures: int = 0
    pictures_encoded: int = 0
    seconds: float = 0.0

    def step(self) -> None:
        if self.cancelled():
            raise Cancelled("The clip was cancelled.")


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
        mode, reason, verdict = _made(work)
        writer.publish(request.output)
    except CannotCopy as problem:
        raise CutError(f"The clip cannot be made: {problem}.") from problem
    except av.FFmpegError as problem:
        raise CutError(f"{work.part.path.name} cannot be cut: {problem}") from problem
    except OSError as problem:
        raise CutError(f"The clip cannot be written: {problem}") from problem
    finally:
        writer.discard(request.output)
    progress(1.0)
    return Result(
        request.output, mode, reason, verdict, work.pictures, work.pictures_encoded, work.seconds
    )


def _checked(request: Request, progress: Progress, cancelled: Asked) -> _Work:
    if len(request.parts) != 1:
        raise CutError("A clip is cut out of one recording; several are not joined yet.")
    part = request.parts[0]
    if not (math.isfinite(part.start) and math.isfinite(part.end)) or part.start < 0:
        raise CutError("Start and end are seconds from the start of the recording, 0 or more.")
    if part.end <= part.start:
        raise CutError(f"The end ({part.end:g} s) must come after the start ({part.start:g} s).")
    container = request.container or request.output.suffix.lstrip(".").lower()
    if request.container is None and container not in CONTAINERS:
        container = "mp4"
    if container not in CONTAINERS:
        raise CutError(f"{container!r} is none of {', '.join(CONTAINERS)}.")
    return _Work(request, part, container, progress, cancelled)


def _made(work: _Work) -> tuple[Mode, str, Verdict | None]:
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


def _verdict(work: _Work) -> Verdict:
    work.step()
    return check(work.part, writer.part_of(work.request.output), step=work.step)


def _scanned(work: _Work, media: Media) -> Scan:
    """Looks at the range; raises CutError if it lies outside the recording."""
    stream = media.video
    unit = base(stream)
    start = tick(media.origin + _seconds(work.part.start), unit)
    end = tick(media.origin + _seconds(work.part.end), unit)
    found = scan(media, stream, start, end)
    if not found.shown:
        raise CutError(_outside(work.part, media))
    last = float(found.shown[-1] * unit - media.origin)
    if found.following is None and work.part.end > last + _SLACK_SECONDS:
        raise CutError(
            f"The recording ends {last:.3f} s after its start, before the end asked for."
        )
    return found


def _outside(part: Part, media: Media) -> str:
    length = f" It is {media.seconds:.3f} s long." if media.seconds else ""
    return f"There is no picture from {part.start:g} s to {part.end:g} s.{length}"


def _copied(work: _Work) -> None:
    """The clip with as much copied as can be; raises CannotCopy."""
    path = work.part.path
    with opened(path) as media, opened(path) as tail:
        found = _scanned(work, media)
        _must_fit(video.codec_of(media.video), work.container)
        copying = work.request.mode is Mode.COPY
        plan = _from_key(found) if copying else exact(found.pts, found.keys, found.start, found.end)
        spliced = video.splice(media, tail, found, plan)
        work.pictures = len(plan.shown)
        work.pictures_encoded = len(plan.head()) + len(plan.tail())
        with writer.written(work.request.output, work.container, work.request.title) as made:
            track = writer.copied_track(
                made, media.video, extradata=spliced.extradata, tag=spliced.tag
            )
            times = mux.Times(plan.shown, _last(found, media.video), base(media.video))
            pictures = mux.spliced(spliced.samples(work.step), spliced.order, times, track)
            _write(work, made, pictures, times)


def _whole(work: _Work) -> None:
    """The clip with every picture made anew."""
    with opened(work.part.path) as media:
        found = _scanned(work, media)
        stream = media.video
        work.pictures = work.pictures_encoded = len(found.shown)
        with writer.written(work.request.output, work.container, work.request.title) as made:
            name = "libvpx-vp9" if work.container == "webm" else "libx264"
            track = writer.encoded_track(made, name, stream, Fraction(30))
            video.whole_encoder(track.codec_context, stream, work.request)
            times = mux.Times(found.shown, _last(found, stream), base(stream))
            frames = video.decoded(media, found.shown, work.step)
            pictures = mux.encoded(video.encoded(track.codec_context, frames, None), times, track)
            _write(work, made, pictures, times)


def _write(
    work: _Work, made: OutputContainer, pictures: Iterator[mux.Timed], times: mux.Times
) -> None:
    """Sound beside the pictures, both in the order of time."""
    start = times.shown[0] * times.unit
    end = times.shown[-1] * times.unit + times.last * times.unit
    work.seconds = float(end - start)
    with ExitStack() as stack:
        sounds = _sounds(work, made, start, end, stack)
        mux.interleave(made, [pictures, *sounds], _told(work, start, end))


def _sound_only(work: _Work) -> tuple[Mode, str, Verdict | None]:
    """A clip without pictures: of a recording that has none, or as asked for."""
    with opened(work.part.path) as media:
        if not media.audio:
            raise CutError(f"{work.part.path.name} has no sound.")
        if media.seconds is not None and work.part.end > media.seconds + _SLACK_SECONDS:
            raise CutError(f"The recording is {media.seconds:.3f} s long, the end lies after that.")
        start = media.origin + _seconds(work.part.start)
        end = media.origin + _seconds(work.part.end)
    work.seconds = float(end - start)
    with writer.written(work.request.output, work.container, work.request.title) as made:
        with ExitStack() as stack:
            sounds = _sounds(work, made, start, end, stack)
            mux.interleave(made, sounds, _told(work, start, end))
    verdict = _verdict(work)
    if not verdict.right:
        raise CutError("The clip is not as it should be: " + "; ".join(verdict.faults))
    return work.request.mode, "", verdict


def _sounds(
    work: _Work, made: OutputContainer, start: Fraction, end: Fraction, stack: ExitStack
) -> list[Iterator[mux.Timed]]:
    """Every track of sound from a reader of its own: tracks lie apart in some files."""
    with opened(work.part.path) as media:
        count = len(media.audio)
    prepared = []
    for place in range(count):
        media = stack.enter_context(opened(work.part.path))
        prepared.append(_prepared(work, made, media, media.audio[place]))
    made.start_encoding()
    return [mux.sound(sounds(start, end), start, track) for sounds, track in prepared]


def _prepared(work: _Work, made: OutputContainer, media: Media, stream: Any) -> Any:
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


def _told(work: _Work, start: Fraction, end: Fraction) -> Callable[[Fraction], None]:
    length = float(end - start) or 1.0
    return lambda time: work.progress(min(max(float(time) / length, 0.0), 1.0) * _WRITING_SHARE)


def _last(found: Scan, stream: Any) -> int:
    """How long the last picture is shown, in ticks."""
    usual = max(1, round(1 / Fraction(stream.average_rate or 30) / base(stream)))
    if found.following is None:
        return usual
    gap = found.following - found.shown[-1]
    return gap if gap < 2 * usual else min(gap, max(usual, found.end - found.shown[-1]))


def _from_key(found: Scan) -> Plan:
    wanted = set(found.shown)
    stop = max(place for place, one in enumerate(found.pts) if one in wanted) + 1
    seam = found.pts[0]
    return Plan(sorted(one for one in found.pts[:stop] if one >= seam), 0, stop, seam, None)


def _must_fit(codec: str, container: str) -> None:
    allowed = {"mp4": _MP4_PICTURES, "webm": _WEBM_PICTURES}.get(container)
    if allowed is not None and codec not in allowed:
        raise CannotCopy(f"pictures in {codec} do not fit into {container}")


def _seconds(value: float) -> Fraction:
    return Fraction(round(value * 1_000_000), 1_000_000)
