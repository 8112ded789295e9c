"""Recordings whose pictures carry their number as a bar code and whose sound clicks each second."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

_BITS = 16
_RATE = 48_000
_CLICK = 96


@dataclass(frozen=True)
class Recipe:
    codec: str = "libx264"
    options: dict[str, str] = field(default_factory=dict)
    rate: Fraction = Fraction(25)
    seconds: int = 12
    size: tuple[int, int] = (160, 96)
    pixels: str = "yuv420p"
    audio: Sequence[str] = ("aac",)
    container: dict[str, str] = field(default_factory=dict)
    offset: float = 0.0
    pictures: bool = True
    frame_times: Sequence[float] | None = None
    gap: tuple[float, float] = (0.0, 0.0)
    """From where to where the audio has no packets."""
    clock: Fraction = Fraction(1)
    """By how much the audio's time stamps run faster than the video's."""


def record(path: Path, recipe: Recipe, format: str | None = None) -> Path:
    """Writes a recording; picture n is shown at n / rate (or at `frame_times[n]`)."""
    with av.open(str(path), "w", format=format, container_options=recipe.container) as made:
        video = None
        if recipe.pictures:
            video = made.add_stream(recipe.codec, rate=recipe.rate, options=recipe.options)
            video.width, video.height = recipe.size
            video.pix_fmt = recipe.pixels
            video.codec_context.time_base = (
                1 / recipe.rate if recipe.codec == "mpeg2video" else Fraction(1, 90_000)
            )
        sounds = [made.add_stream(name, rate=_RATE) for name in recipe.audio]
        for sound in sounds:
            sound.layout = "mono"
        sung = [0] * len(sounds)
        times = list(recipe.frame_times or _steady(recipe))
        for number in range(len(times)):
            if video is not None:
                frame = av.VideoFrame.from_ndarray(picture(number, recipe.size), format="gray")
                frame = frame.reformat(format=recipe.pixels)
                frame.pts = round((times[number] + recipe.offset) * 90_000)
                frame.time_base = Fraction(1, 90_000)
                made.mux(video.encode(frame))
            if number % 25 == 0 or number == len(times) - 1:
                until = times[number] + 1 if number < len(times) - 1 else recipe.seconds
                for place, sound in enumerate(sounds):
                    part = (sung[place], min(until, recipe.seconds), place)
                    sung[place] = _sing(made, sound, part, recipe)
        if video is not None:
            made.mux(video.encode(None))
        for sound in sounds:
            _mux(made, sound.encode(None), recipe.clock)
    return path


def _mux(made: Any, packets: list[Any], clock: Fraction) -> None:
    for packet in packets:
        packet.pts = packet.dts = round(packet.pts * clock)
        made.mux(packet)


def _steady(recipe: Recipe) -> list[float]:
    return [float(n / recipe.rate) for n in range(int(recipe.seconds * recipe.rate))]


def _sing(made: Any, sound: Any, part: tuple[int, float, int], recipe: Recipe) -> int:
    """Clicks on each second; track 1 clicks a quarter later. Noise below tells time apart."""
    at, until, place = part
    size = sound.codec_context.frame_size or 1024
    resampler = av.AudioResampler(sound.codec_context.format.name, "mono", _RATE)
    while at + size <= until * _RATE:
        if recipe.gap[0] <= at / _RATE < recipe.gap[1]:
            at += size
            continue
        when = np.arange(at, at + size)
        noise = np.random.default_rng(at + place).uniform(-0.01, 0.01, size)
        click = ((when - place * _RATE // 4) % _RATE < _CLICK) * np.sin(when * 0.4) * 0.9
        samples = (noise + click).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(samples[None, :], format="fltp", layout="mono")
        frame.sample_rate, frame.time_base = _RATE, Fraction(1, _RATE)
        frame.pts = at + round(recipe.offset * _RATE)
        for one in resampler.resample(frame):
            _mux(made, sound.encode(one), recipe.clock)
        at += size
    return at


def picture(number: int, size: tuple[int, int]) -> np.ndarray:
    """A gray picture: bar code on top, a pattern that moves below."""
    width, height = size
    made = np.zeros((height, width), np.uint8)
    bar = width // _BITS
    for bit in range(_BITS):
        made[:24, bit * bar : (bit + 1) * bar] = 235 if number >> bit & 1 else 16
    y, x = np.mgrid[24:height, 0:width]
    made[24:] = (128 + 90 * np.sin((x + 3 * number) / 9) * np.cos((y - number) / 7)).astype(
        np.uint8
    )
    return made


def number_of(gray: np.ndarray) -> int:
    bar = gray.shape[1] // _BITS
    blocks = [gray[4:20, i * bar + 2 : (i + 1) * bar - 2].mean() for i in range(_BITS)]
    return sum(1 << i for i, value in enumerate(blocks) if value > 125)


@dataclass(frozen=True)
class Seen:
    """What a player shows of a clip: numbers and times (from the container's start)."""

    numbers: list[int]
    times: list[float]
    clicks: list[list[float]]
    packets: int


def watch(path: Path, read: Callable[[np.ndarray], int] = number_of) -> Seen:
    """Decodes a whole file, without skipping what is broken."""
    numbers, times, clicks, packets = [], [], [], 0
    with av.open(str(path)) as clip:
        if clip.streams.video:
            video = clip.streams.video[0]
            for frame in clip.decode(video):
                numbers.append(read(frame.reformat(format="gray").to_ndarray()))
                times.append(float(frame.pts * frame.time_base))
        count = len(clip.streams.audio)
    with av.open(str(path)) as clip:
        if clip.streams.video:
            packets = sum(1 for packet in clip.demux(video=0) if packet.size)
    for place in range(count):
        clicks.append(_clicks(path, place))
    return Seen(numbers, times, clicks, packets)


def levels(path: Path, place: int = 0, step: float = 0.1) -> list[float]:
    """How loud each tenth of a second is, by the time stamps; from the container's start."""
    found: list[float] = []
    with av.open(str(path)) as clip:
        resampler = av.AudioResampler("flt", "mono", _RATE)
        for frame in clip.decode(clip.streams.audio[place]):
            time = float(frame.pts * frame.time_base)
            for one in resampler.resample(frame):
                for at, value in enumerate(np.abs(one.to_ndarray()[0])):
                    tenth = int((time + at / _RATE) / step) if time + at / _RATE >= 0 else 0
                    found += [0.0] * (tenth + 1 - len(found))
                    found[tenth] = max(found[tenth], float(value))
    return found


def _clicks(path: Path, place: int) -> list[float]:
    found: list[float] = []
    with av.open(str(path)) as clip:
        resampler = av.AudioResampler("flt", "mono", _RATE)
        for frame in clip.decode(clip.streams.audio[place]):
            time = float(frame.pts * frame.time_base)
            for one in resampler.resample(frame):
                for at in np.flatnonzero(np.abs(one.to_ndarray()[0]) > 0.3):
                    if not found or time + at / _RATE - found[-1] > 0.05:
                        found.append(time + float(at) / _RATE)
    return found
