"""The sound of several parts in one row: copied, or encoded with silence where there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.container.output import OutputContainer
from numpy.typing import NDArray

from leitstand.cut import audio, mux, writer
from leitstand.cut.media import opened
from leitstand.cut.request import CannotCopy, Mode
from leitstand.cut.timeline import Piece, Tone
from leitstand.cut.work import Work

# MP3's frames need up to three before them, which at a seam are not there.
_JOINABLE = {"aac", "opus", "ac3", "eac3"}
# A copied part lies up to half a codec frame beside its time.
_LONGEST_FRAME = Fraction(32, 1000)
_ROUNDING = Fraction(2, 1000)
# Time stamps of decoded sound wander by less than this.
_WANDERING = Fraction(5, 1000)

_Step = Callable[[], None]


class Gap(CannotCopy):
    """The sound of one part does not reach to that of the next."""


def why_anew(work: Work, pieces: Sequence[Piece]) -> str:
    """Why the sound of these parts cannot be copied one after the other; empty if it can."""
    if work.request.mode is Mode.REENCODE:
        return "as asked for"
    first = pieces[0].tones
    for piece in pieces:
        if not piece.tones and any(one.tones for one in pieces):
            return f"part {piece.number} has no sound"
        if len(piece.tones) != len(first):
            return f"part {piece.number} has another number of tracks"
        for ours, theirs in zip(first, piece.tones, strict=True):
            if ours != theirs:
                return f"part {piece.number} has {_named(theirs)} after {_named(ours)}"
    for tone in first:
        if not audio.fits(tone.codec, work.container):
            return f"{tone.codec} does not fit into {work.container}"
        if tone.codec not in _JOINABLE or not tone.length or tone.length > _LONGEST_FRAME:
            return f"{tone.codec} cannot be joined without a fault at the seam"
    return ""


def _named(tone: Tone) -> str:
    return f"{tone.codec} at {tone.rate} Hz in {tone.channels}"


def tracks(
    work: Work, made: OutputContainer, pieces: Sequence[Piece], stack: ExitStack, *, anew: bool
) -> list[Iterator[mux.Timed]]:
    """Every track of sound, ready to be written."""
    prepared = []
    for place in range(max(len(one.tones) for one in pieces)):
        model = next(one for one in pieces if place < len(one.tones))
        stream = stack.enter_context(opened(model.part.path)).audio[place]
        if not anew:
            track = writer.copied_track(made, stream)
            primed = work.container == "mp4" or bool(work.pictures)
            prepared.append((_copied(pieces, place, work.step, primed), track))
            continue
        rate = 48_000 if work.container == "webm" else stream.codec_context.sample_rate
        track = writer.encoded_track(made, audio.encoder_name(work.container), stream, rate)
        audio.set_up(track.codec_context, stream, work.request)
        prepared.append((_encoded(pieces, place, track.codec_context, work.step), track))
    made.start_encoding()
    return [mux.sound(sounds, Fraction(0), track) for sounds, track in prepared]


def _copied(
    pieces: Sequence[Piece], place: int, step: _Step, primed: bool
) -> Iterator[audio.Sound]:
    """Codec frames without a gap between them: a player may go by their number alone.

    Each part is moved onto that row, by half a frame at most. Raises Gap.
    """
    at, begun = Fraction(0), False
    for piece in pieces:
        length = piece.tones[place].length or Fraction(0)
        expected: Fraction | None = None
        for time, sound in _timed(piece, place, step, primed and not begun):
            if expected is not None:
                # A gap in the source stays one.
                at += time - expected if abs(time - expected) > _ROUNDING else 0
            elif piece is pieces[0]:
                at = time
            elif not begun or time > at + length / 2 + _ROUNDING:
                raise Gap(f"there is none shortly before part {piece.number}")
            elif time < at - length / 2:
                continue
            expected, begun = time + length, True
            if piece is not pieces[-1] and at + length / 2 >= piece.until:
                break
            yield audio.Sound(sound.data, at, length)
            at += length


def _timed(
    piece: Piece, place: int, step: _Step, primed: bool
) -> Iterator[tuple[Fraction, audio.Sound]]:
    """The codec frames of one part with their times in the clip."""
    with opened(piece.part.path) as media:
        span = piece.zero + piece.begin, piece.zero + piece.until
        for one in audio.copied(media, media.audio[place], span, step, primed=primed):
            yield one.time - piece.zero, one


def _encoded(
    pieces: Sequence[Piece], place: int, encoder: AudioCodecContext, step: _Step
) -> Iterator[audio.Sound]:
    """The sound of all parts, each at its sample; silence where there is none."""
    fifo, written = av.AudioFifo(), 0
    size = encoder.frame_size or 1024
    for samples in _row(pieces, place, encoder, step):
        fifo.write(_frame(encoder, samples))
        while (ready := fifo.read(size)) is not None:
            yield from audio.pieces(encoder, ready, written, Fraction(0))
            written += ready.samples
    rest = fifo.read(0, partial=True)
    if rest is not None:
        yield from audio.pieces(encoder, rest, written, Fraction(0))
    yield from audio.pieces(encoder, None, written, Fraction(0))


def _row(
    pieces: Sequence[Piece], place: int, encoder: AudioCodecContext, step: _Step
) -> Iterator[NDArray[Any]]:
    """Blocks of samples (channels, count) that follow each other without gap or overlap."""
    rate, channels, done = encoder.sample_rate, encoder.layout.nb_channels, 0
    for piece in pieces:
        until = round(piece.until * rate)
        if place < len(piece.tones):
            for time, samples in _decoded(piece, place, encoder, step):
                at = round(time * rate)
                if at > done:
                    yield from _silence(channels, min(at, until) - done, rate)
                    done = max(done, min(at, until))
                fresh = samples[:, max(0, done - at) : max(0, until - at)]
                if fresh.shape[1]:
                    yield fresh
                    done += fresh.shape[1]
        yield from _silence(channels, until - done, rate)
        done = max(done, until)


def _silence(channels: int, count: int, block: int) -> Iterator[NDArray[Any]]:
    while count > 0:
        yield np.zeros((channels, min(count, block)), np.float32)
        count -= block


def _decoded(
    piece: Piece, place: int, encoder: AudioCodecContext, step: _Step
) -> Iterator[tuple[Fraction, NDArray[Any]]]:
    """Samples of one part as the encoder wants them, with their time in the clip."""
    rate = encoder.sample_rate
    start, end = piece.zero + piece.begin, piece.zero + piece.until
    with opened(piece.part.path) as media:
        frames = audio.frames(media, media.audio[place], start, end, step)
        resampler, begun, given, taken = None, Fraction(0), 0, 0
        for frame in audio.trimmed(frames, start, end):
            time = frame.pts * Fraction(frame.time_base) - piece.zero
            expected = begun + Fraction(given, frame.sample_rate)
            if resampler is None or abs(time - expected) > _WANDERING:
                if resampler is not None:
                    for samples in _resampled(resampler, None):
                        yield begun + Fraction(taken, rate), samples
                        taken += samples.shape[1]
                resampler = av.AudioResampler("fltp", encoder.layout, rate)
                begun, given, taken = time, 0, 0
            given += frame.samples
            frame.pts = None
            for samples in _resampled(resampler, frame):
                yield begun + Fraction(taken, rate), samples
                taken += samples.shape[1]
        if resampler is not None:
            for samples in _resampled(resampler, None):
                yield begun + Fraction(taken, rate), samples
                taken += samples.shape[1]


def _resampled(resampler: Any, frame: Any) -> Iterator[NDArray[Any]]:
    for one in resampler.resample(frame):
        yield one.to_ndarray()


def _frame(encoder: AudioCodecContext, samples: NDArray[Any]) -> Any:
    packed = not encoder.format.is_planar
    block = samples.T.reshape(1, -1) if packed else samples
    made = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(block, np.float32), encoder.format.name, encoder.layout.name
    )
    made.sample_rate = encoder.sample_rate
    return made
