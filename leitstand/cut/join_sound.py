"""The sound of several parts in one row: copied, or encoded with silence where there is none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from fractions import Fraction

from av.audio.codeccontext import AudioCodecContext
from av.container.output import OutputContainer

from leitstand.cut import audio, audio_row, mux, writer
from leitstand.cut.request import CannotCopy, Mode
from leitstand.cut.timeline import Piece, Tone
from leitstand.cut.work import Work

# MP3's frames need up to three before them, which at a seam are not there.
_JOINABLE = {"aac", "opus", "ac3", "eac3"}
# A copied part lies up to half a codec frame beside its time; of one stream in several files, whose
# tracks may each begin at 0, no frame is to be lost.
_MOVED, _GOING_ON = Fraction(1, 2), Fraction(7, 10)
_LONGEST_FRAME = Fraction(32, 1000)
_ROUNDING = Fraction(2, 1000)


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
        stream = stack.enter_context(work.files.opened(model.part.source)).audio[place]
        if not anew:
            track = writer.copied_track(made, stream)
            prepared.append((_copied(work, pieces, place), track))
            continue
        rate = 48_000 if work.container == "webm" else stream.codec_context.sample_rate
        track = writer.encoded_track(made, audio.encoder_name(work.container), stream, rate)
        audio.set_up(track.codec_context, stream, work.request)
        prepared.append((_encoded(work, pieces, place, track.codec_context), track))
    made.start_encoding()
    return [mux.sound(sounds, Fraction(0), track) for sounds, track in prepared]


def _copied(work: Work, pieces: Sequence[Piece], place: int) -> Iterator[audio.Sound]:
    """Codec frames without a gap between them: a player may go by their number alone.

    Each part is moved onto that row, by a part of a frame. Raises Gap and Uneven.
    """
    work.lost[place] = []
    codec = pieces[0].tones[place].codec
    primed = audio.primes(codec, work.container, frames=bool(work.pictures))
    at, begun = Fraction(0), False
    for piece, following in zip(pieces, [*pieces[1:], None], strict=True):
        length = piece.tones[place].length or Fraction(0)
        before, after = _reach(piece), _reach(following)
        expected: Fraction | None = None
        for time, sound in _timed(work, piece, place, primed=primed and not begun):
            if expected is not None:
                # A gap in the source stays one.
                at += time - expected if abs(time - expected) > _ROUNDING else 0
            elif piece is pieces[0]:
                at = time
            elif not begun or time > at + length * before + _ROUNDING:
                raise Gap(f"there is none shortly before part {piece.number}")
            elif time < at - length * before:
                continue
            expected, begun = time + length, True
            if following is not None and at + length * (1 - after) >= piece.heard[place][1]:
                break
            yield audio.Sound(sound.data, at, length)
            at += length


def _reach(piece: Piece | None) -> Fraction:
    """The share of a codec frame by which the audio of a part may be moved."""
    return _GOING_ON if piece is not None and piece.goes_on else _MOVED


def _timed(
    work: Work, piece: Piece, place: int, *, primed: bool
) -> Iterator[tuple[Fraction, audio.Sound]]:
    """The codec frames of one part with their times in the clip."""
    begin, until = piece.heard[place]
    span = piece.zero + begin, piece.zero + until
    even = audio.is_counted(work.container)

    def lost(time: Fraction) -> None:
        work.lost[place].append(time - piece.zero)

    with work.files.opened(piece.part.source) as media:
        stream = media.audio[place]
        sounds = audio.copied(media, stream, span, work.step, primed=primed, even=even, lost=lost)
        for one in sounds:
            yield one.time - piece.zero, one


def _encoded(
    work: Work, pieces: Sequence[Piece], place: int, encoder: AudioCodecContext
) -> Iterator[audio.Sound]:
    """The audio of all parts, each at its sample; silence where there is none."""
    work.lost[place] = []
    yield from audio_row.encoded(encoder, _row(work, pieces, place, encoder))


def _row(
    work: Work, pieces: Sequence[Piece], place: int, encoder: AudioCodecContext
) -> Iterator[audio_row.Samples]:
    done = 0
    for piece in pieces:
        has_audio = place < len(piece.tones)
        end = piece.heard[place][1] if has_audio else piece.until
        until = round(end * encoder.sample_rate)
        blocks = _decoded(work, piece, place, encoder) if has_audio else iter(())
        yield from audio_row.filled(blocks, done, until, encoder)
        done = max(done, until)


def _decoded(
    work: Work, piece: Piece, place: int, encoder: AudioCodecContext
) -> Iterator[audio_row.Block]:
    """Samples of one part as the encoder takes them, with their time in the clip."""
    start, end = (piece.zero + at for at in piece.heard[place])

    def lost(time: Fraction) -> None:
        work.lost[place].append(time - piece.zero)

    with work.files.opened(piece.part.source) as media:
        frames = audio.frames(media, media.audio[place], (start, end), work.step, lost)
        for time, samples in audio_row.Placer(encoder).blocks(audio.trimmed(frames, start, end)):
            yield time - piece.zero, samples
