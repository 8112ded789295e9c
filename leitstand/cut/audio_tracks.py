"""The audio tracks of a clip out of one file: each copied, or encoded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from fractions import Fraction
from functools import partial
from typing import Any

from av.audio.codeccontext import AudioCodecContext
from av.container.output import OutputContainer

from leitstand.cut import audio, mux, writer
from leitstand.cut.ahead import in_batches_ahead
from leitstand.cut.media import Media, opened
from leitstand.cut.request import Mode
from leitstand.cut.work import Work

# So many packets may wait to be written, a minute and a half of audio.
_PACKETS_AHEAD = 4096


def tracks(
    work: Work, made: OutputContainer, span: tuple[Fraction, Fraction], stack: ExitStack
) -> list[Iterator[mux.Timed]]:
    """Every audio track, ready to be written, from a reader of its own: tracks lie apart in some
    files."""
    media = stack.enter_context(opened(work.part.source))
    prepared = []
    for place in range(len(media.audio)):
        if place:
            media = stack.enter_context(opened(work.part.source))
        prepared.append(_prepared(work, made, media, place))
    made.start_encoding()
    made_tracks = [mux.sound(sounds(span), span[0], track) for sounds, track in prepared]
    return [
        stack.enter_context(closing(in_batches_ahead(each, _PACKETS_AHEAD))) for each in made_tracks
    ]


def _prepared(work: Work, made: OutputContainer, media: Media, place: int) -> Any:
    stream = media.audio[place]
    codec = stream.codec_context.codec.canonical_name
    is_copy = work.request.mode is not Mode.REENCODE and not work.uneven
    if is_copy and audio.fits(codec, work.container):
        track = writer.copied_track(made, stream)
        return partial(_copied, work, media, place), track
    rate = 48_000 if work.container == "webm" else stream.codec_context.sample_rate
    track = writer.encoded_track(made, audio.encoder_name(work.container), stream, rate)
    audio.set_up(track.codec_context, stream, work.request)
    return partial(_encoded, work, media, (track.codec_context, place)), track


def _copied(
    work: Work, media: Media, place: int, span: tuple[Fraction, Fraction]
) -> Iterator[audio.Sound]:
    lost = work.lost[place] = []
    stream = media.audio[place]
    codec = stream.codec_context.codec.canonical_name
    return audio.copied(
        media,
        stream,
        span,
        work.step,
        primed=audio.primes(codec, work.container, frames=bool(work.pictures)),
        even=audio.is_counted(work.container),
        lost=lambda time: lost.append(time - span[0]),
    )


def _encoded(
    work: Work,
    media: Media,
    track: tuple[AudioCodecContext, int],
    span: tuple[Fraction, Fraction],
) -> Iterator[audio.Sound]:
    """The audio of a range, to the sample; silence where there is none."""
    # Most clips are copied: they need no numpy until their check.
    from leitstand.cut import audio_row

    (encoder, place), (start, end) = track, span
    lost = work.lost[place] = []
    stream = media.audio[place]
    frames = audio.frames(media, stream, span, work.step, lambda time: lost.append(time - start))
    blocks = audio_row.Placer(encoder).blocks(audio.trimmed(frames, start, end))
    placed = ((time - start, samples) for time, samples in blocks)
    row = audio_row.filled(placed, 0, round((end - start) * encoder.sample_rate), encoder)
    for one in audio_row.encoded(encoder, row):
        yield audio.Sound(one.data, start + one.time, one.duration)
