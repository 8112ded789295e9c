"""A clip with fades or a logo: first cut exactly, then filmed anew, packed and checked."""

from __future__ import annotations

import errno
import math
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from leitstand.cut import chapters, mux, subtitles, writer
from leitstand.cut.likeness import ALIKE, SIZE, first_look, small
from leitstand.cut.media import Media, base, opened
from leitstand.cut.request import (
    CORNERS,
    CutError,
    Effects,
    Mode,
    Part,
    Request,
    Result,
    Verdict,
)
from leitstand.cut.verify import stamps
from leitstand.cut.verify_audio import LISTEN_SECONDS, apart, listen
from leitstand.cut.work import Work
from leitstand.media.look import Look

if TYPE_CHECKING:
    from leitstand.cut.film import Shape
    from leitstand.cut.likeness import Picture

Cut = Callable[[Request, Callable[[float], None], Callable[[], bool]], Result]

_CUT_SHARE = 0.2
_FILM_SHARE = 0.9
_AUDIO_BITRATE = 192_000
_USUAL_RATES = [Fraction(n * 1000, 1001) for n in (24, 30, 60)] + [
    Fraction(n) for n in (24, 25, 30, 48, 50, 60)
]
_SAME_RATE = 4e-4
_MOST_RATE = Fraction(120)


def folder_of(output: Path) -> Path:
    """Where a clip with effects is made; nothing in it is kept."""
    return output.with_name(output.name + ".work")


def wrong(request: Request) -> str:
    """Why these effects cannot be; empty if they can."""
    effects = request.effects
    if effects is None:
        return ""
    if request.mode is not Mode.REENCODE:
        return "Fades and a logo need the mode reencode."
    fades = (effects.fade_in, effects.fade_out)
    if not all(math.isfinite(one) and one >= 0 for one in fades):
        return "A fade takes 0 seconds or more."
    length = sum(part.end - part.start for part in request.parts)
    if sum(fades) > length:
        return f"The fades take {sum(fades):g} s, the clip has {length:g} s."
    logo = effects.logo
    if logo is None:
        return ""
    if request.audio_only:
        return "A clip of sound alone has no place for a logo."
    if logo.corner not in CORNERS:
        return f"A logo stands in one of {', '.join(CORNERS)}, not in {logo.corner!r}."
    if not (0 < logo.width <= 1 and 0 <= logo.opacity <= 1):
        return "A logo's width and opacity are shares, up to 1."
    return ""


def made(work: Work, cut: Cut) -> tuple[Mode, str, Verdict]:
    """Writes the part file, and says how; `cut` makes the clip without effects."""
    folder = folder_of(work.request.output)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        return _made(work, cut, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _made(work: Work, cut: Cut, folder: Path) -> tuple[Mode, str, Verdict]:
    # moviepy takes long to import, and most clips have no effects.
    from leitstand.cut import film

    effects = work.request.effects or Effects()
    plain = cut(_plain(work, folder), _told(work, 0.0, _CUT_SHARE), work.cancelled)
    webm = work.container == "webm"
    made = folder / ("film.mkv" if webm else "film.mp4")
    with opened(plain.path) as media:
        shape = _shape(work, media, plain)
        work.tag(chapters.of_part(media, Part(plain.path, 0.0, plain.seconds)))
        tracks, pictures = len(media.audio), media.video is not None
    tell = _told(work, _CUT_SHARE, _FILM_SHARE)
    try:
        (film.shoot if pictures else film.sing)(plain.path, made, shape, effects, tell)
    except OSError as problem:
        if "No space left" in str(problem):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from problem
        raise CutError(f"Fades and logo cannot be made: {_last(str(problem))}") from problem
    work.step()
    work.pictures = work.pictures_encoded = shape.count if pictures else 0
    work.seconds = shape.seconds
    _pack(work, plain, made, shape)
    verdict = _checked(work, plain.path, shape)
    if not verdict.right:
        raise CutError("The clip is not as it should be: " + "; ".join(verdict.faults))
    why = f"of {tracks} tracks of sound only the first is kept" if tracks > 1 else ""
    return Mode.REENCODE, why, verdict


def _last(text: str) -> str:
    """What ffmpeg said last, without where it wrote to."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].rpartition(": ")[2] if lines else "moviepy failed"


def _plain(work: Work, folder: Path) -> Request:
    request = work.request
    if request.audio_only:
        # What MP4 cannot hold is encoded twice, which nobody hears at this rate.
        return replace(request, **_bare(folder / "cut.m4a"), audio_bitrate=320_000)
    return replace(request, **_bare(folder / "cut.mp4"))


def _bare(output: Path) -> dict[str, Any]:
    return {
        "output": output,
        "container": "mp4",
        "mode": Mode.EXACT,
        "effects": None,
        "title": None,
        "width": None,
        "height": None,
        "video_bitrate": None,
    }


def _told(work: Work, start: float, end: float) -> Callable[[float], None]:
    def tell(share: float) -> None:
        work.step()
        work.share = max(work.share, start + (end - start) * min(1.0, share))
        work.progress(work.share)

    return tell


def _shape(work: Work, media: Media, plain: Result) -> Shape:
    from leitstand.cut.film import Shape

    rate = _rate(media, plain)
    count = math.floor(plain.seconds * float(rate) + 1e-3)
    if abs(plain.pictures - plain.seconds * float(rate)) <= 1:
        count = plain.pictures
    return Shape(
        count=max(1, count),
        rate=rate,
        size=_size(work.request, media),
        webm=work.container == "webm",
        bitrate=work.request.video_bitrate,
        audio_bitrate=work.request.audio_bitrate or _AUDIO_BITRATE,
    )


def _rate(media: Media, plain: Result) -> Fraction:
    if media.video is None:
        # Sound alone is as long as it is, to the millisecond.
        return Fraction(1000)
    rate = Fraction(plain.pictures / plain.seconds).limit_denominator(1001)
    rate = media.video.average_rate or rate
    near = [one for one in _USUAL_RATES if abs(float(rate / one) - 1) < _SAME_RATE]
    return near[0] if near else max(Fraction(1), min(_MOST_RATE, rate))


def _size(request: Request, media: Media) -> tuple[int, int]:
    """Even, with square pixels; what is not asked for follows from the shape."""
    if media.video is None:
        return (0, 0)
    look = first_look(media, media.video.start_time or 0)
    high = look.shown_size[1]
    wide = high * look.shape
    width = request.width or (request.height * wide / high if request.height else wide)
    height = request.height or (request.width * high / wide if request.width else high)
    return max(2, round(width / 2) * 2), max(2, round(height / 2) * 2)


def _pack(work: Work, plain: Result, made: Path, shape: Shape) -> None:
    """Into the container that was asked for, with every picture at its exact time."""
    request = work.request
    with (
        opened(made) as media,
        writer.written(request.output, work.container, request.title) as packed,
        ExitStack() as stack,
    ):
        streams = [one for one in (media.video, *media.audio[:1]) if one is not None]
        tracks = {one.index: writer.copied_track(packed, one) for one in streams}
        span = subtitles.Span(plain.path, Fraction(0), Fraction(shape.seconds))
        texts = subtitles.tracks(packed, work.container, [span], stack) if media.video else []
        packed.start_encoding()
        packets = _packets(work, media, tracks, shape)
        mux.interleave(packed, [packets, *texts], lambda time: None)


def _packets(
    work: Work, media: Media, tracks: Mapping[int, Any], shape: Shape
) -> Iterator[mux.Timed]:
    for packet in media.container.demux([media.container.streams[one] for one in tracks]):
        work.step()
        if not packet.size or packet.pts is None:
            continue
        track = tracks[packet.stream.index]
        time = Fraction(packet.dts if packet.dts is not None else packet.pts) * packet.time_base
        if packet.stream.type == "video":
            packet = _at_its_time(packet, track, shape.rate)
        packet.stream = track
        yield time, packet


def _at_its_time(packet: Any, track: Any, rate: Fraction) -> Any:
    # moviepy writes the rate with two digits: 23.98 instead of 24000/1001.
    written = Fraction(packet.time_base) * Fraction(f"{float(rate):.2f}")
    times = (round(packet.pts * written), round(packet.dts * written), 1)
    return writer.packet(bytes(packet), track, 1 / rate, times, packet.is_keyframe)


def _checked(work: Work, plain: Path, shape: Shape) -> Verdict:
    """What fades and a logo leave as it was, against the plain clip."""
    work.step()
    effects = work.request.effects or Effects()
    with opened(plain) as source, opened(writer.part_of(work.request.output)) as made:
        faults: list[str] = []
        pictures, seconds, zero = 0, made.seconds or 0.0, Fraction(0)
        if made.video is not None:
            found, until = stamps(made)
            pictures = len(found)
            zero = found[0] * base(made.video) if found else zero
            seconds = float(until - zero)
            faults += _timed(found, seconds, made, shape)
            faults += [] if faults else _seen(effects, source, (made, found), shape)
        elif source.video is not None:
            faults.append("it has no pictures")
        if len(made.audio) != min(1, len(source.audio)):
            faults.append("its sound is missing")
        elif made.audio and (fault := _heard(source, made, effects, zero)):
            faults.append(fault)
        return Verdict(tuple(faults), pictures, seconds)


def _timed(found: list[int], seconds: float, made: Media, shape: Shape) -> Iterator[str]:
    if len(found) != shape.count:
        yield f"{len(found)} pictures instead of {shape.count}"
    elif abs(seconds - shape.seconds) > float(1 / shape.rate):
        yield f"it is {seconds:.3f} s long instead of {shape.seconds:.3f} s"
    codec = made.video.codec_context if made.video is not None else None
    if codec is not None and (codec.width, codec.height) != shape.size:
        yield f"its pictures have {codec.width}x{codec.height} instead of the size asked for"


def _seen(
    effects: Effects, source: Media, clip: tuple[Media, list[int]], shape: Shape
) -> Iterator[str]:
    """Three pictures between the fades, beside the logo."""
    first = math.ceil(effects.fade_in * shape.rate)
    last = math.floor((shape.count - 1) - effects.fade_out * shape.rate)
    hidden = _hidden(effects, shape)
    made, ours = clip
    theirs, _ = stamps(source)
    like = first_look(made, ours[0])
    times = np.array(theirs, np.float64) * float(base(source.video))
    times -= times[0]
    for place in sorted({first, (first + last) // 2, last}) if first <= last else ():
        shown = int(np.searchsorted(times, (place + 0.25) / float(shape.rate), "right")) - 1
        a = _small(source, theirs[max(0, shown)], like)
        b = _small(made, ours[place])
        off = float(np.abs(a - b)[~hidden].mean()) if not hidden.all() else 0.0
        if off > ALIKE:
            yield f"picture {place} differs from the source by {off:.1f}"


def _small(media: Media, pts: int, like: Look | None = None) -> Picture:
    return small(media, [pts], lambda: None, like=like)[pts]


def _hidden(effects: Effects, shape: Shape) -> Any:
    """What of a small picture the logo may hide."""
    from leitstand.cut.film import logo_box

    hidden = np.zeros(SIZE[::-1], bool)
    if effects.logo is not None:
        left, top, width, height = logo_box(effects.logo, shape.size)
        across, down = SIZE[0] / shape.size[0], SIZE[1] / shape.size[1]
        rows = slice(max(0, int(top * down) - 1), math.ceil((top + height) * down) + 1)
        columns = slice(max(0, int(left * across) - 1), math.ceil((left + width) * across) + 1)
        hidden[rows, columns] = True
    return hidden


def _heard(source: Media, made: Media, effects: Effects, zero: Fraction) -> str:
    """The sound half way between the fades."""
    length = Fraction(source.seconds or 0.0)
    begin, end = Fraction(effects.fade_in), length - Fraction(effects.fade_out)
    heard = min(LISTEN_SECONDS, end - begin)
    if heard < Fraction(1, 4):
        return ""
    at = (begin + end - heard) / 2
    theirs = listen(source, source.audio[0], at, heard)
    ours = listen(made, made.audio[0], zero + at, heard)
    fault = apart(theirs, ours, made, made.audio[0])
    return f"its sound {fault}" if fault else ""
