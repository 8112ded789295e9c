"""Fades and a logo, by moviepy: pictures and sound of a file of our own, written into another.

What is read is read here. moviepy runs the ffmpeg program of imageio-ffmpeg for writing: it is
given pixels, samples, names of files that were made here, and options that are numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from moviepy import AudioClip, CompositeVideoClip, ImageClip, VideoClip
from moviepy.audio.fx import AudioFadeIn, AudioFadeOut
from moviepy.video.fx import FadeIn, FadeOut
from numpy.typing import NDArray
from proglog import ProgressBarLogger

from leitstand.cut.media import opened
from leitstand.cut.playback import SOUND_RATE, Reel, Tape
from leitstand.cut.request import CutError, Effects, Logo

_THREADS = 2
# Between the edge and the logo, as a share of the picture's width.
_MARGIN = 0.02
_COLOURS = (
    "-vf",
    "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,"
    # ffmpeg takes these from the frames, not from the options below, since its version 7.
    "setparams=color_primaries=bt709:color_trc=bt709",
    *("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"),
    *("-color_range", "tv", "-pix_fmt", "yuv420p"),
)
_VP9 = ("-deadline", "realtime", "-cpu-used", "6", "-row-mt", "1")

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Shape:
    """How the film is to be; `count` pictures of `size`. `bitrate` None: as good as needed."""

    count: int
    rate: Fraction
    size: tuple[int, int]
    webm: bool
    bitrate: int | None
    audio_bitrate: int

    @property
    def seconds(self) -> float:
        return float(self.count / self.rate)

    @property
    def audio_codec(self) -> str:
        return "libopus" if self.webm else "aac"


def shoot(
    source: Path, film: Path, shape: Shape, effects: Effects, tell: Callable[[float], None]
) -> None:
    """Writes `film`; `tell` is given shares and may raise to stop it. Raises OSError."""
    with ExitStack() as stack:
        media = stack.enter_context(opened(source))
        reel = Reel(media, shape.size, shape.rate)
        clip: Any = VideoClip(reel.at, duration=_just(shape.seconds))
        if effects.logo is not None:
            clip = CompositeVideoClip([clip, *_logo(effects.logo, shape)], use_bgclip=True)
        clip = clip.with_duration(_just(shape.seconds)).with_effects(_picture_fades(effects))
        has_sound = bool(media.audio)
        if has_sound:
            clip = clip.with_audio(_sound(source, shape.seconds, effects, stack))
        quality = ["-b:v", str(shape.bitrate)] if shape.bitrate else _constant(shape)
        clip.write_videofile(
            str(film),
            fps=float(shape.rate),
            codec="libvpx-vp9" if shape.webm else "libx264",
            preset="veryfast",
            audio=has_sound,
            audio_fps=SOUND_RATE,
            audio_codec=shape.audio_codec,
            audio_bitrate=str(shape.audio_bitrate),
            temp_audiofile=str(film.with_name(f"sound{'.mka' if shape.webm else '.m4a'}")),
            threads=_THREADS,
            ffmpeg_params=[*quality, *(_VP9 if shape.webm else ()), *_COLOURS],
            logger=_Teller(tell, has_sound),
        )


def sing(
    source: Path, film: Path, shape: Shape, effects: Effects, tell: Callable[[float], None]
) -> None:
    """As `shoot`, without pictures."""
    with ExitStack() as stack:
        _sound(source, shape.seconds, effects, stack).write_audiofile(
            str(film),
            fps=SOUND_RATE,
            nbytes=4,
            codec=shape.audio_codec,
            bitrate=str(shape.audio_bitrate),
            logger=_Teller(tell, True),
        )


class _Teller(ProgressBarLogger):  # type: ignore[misc]
    """moviepy's progress: first all the sound, then all the pictures."""

    _SOUND_SHARE = 0.1

    def __init__(self, tell: Callable[[float], None], has_sound: bool) -> None:
        super().__init__()
        self._tell = tell
        self._sound = self._SOUND_SHARE if has_sound else 0.0

    def bars_callback(self, bar: str, attr: str, value: Any, old_value: Any = None) -> None:
        if attr != "index":
            return
        share = value / max(1, self.bars[bar]["total"])
        is_sound = bar == "chunk"
        self._tell(share * self._sound if is_sound else self._sound + share * (1 - self._sound))


def _constant(shape: Shape) -> list[str]:
    return ["-crf", "20", "-b:v", "0"] if shape.webm else ["-crf", "18"]


def _just(seconds: float) -> float:
    # moviepy counts pictures by rounding down.
    return seconds + 1e-6


def _picture_fades(effects: Effects) -> list[Any]:
    fades = [FadeIn(effects.fade_in)] if effects.fade_in else []
    return fades + ([FadeOut(effects.fade_out)] if effects.fade_out else [])


def _sound(source: Path, seconds: float, effects: Effects, stack: ExitStack) -> Any:
    """The first track's, as long as the clip: silence where it ends before."""
    tape = Tape(stack.enter_context(opened(source)), seconds)
    fades = [AudioFadeIn(effects.fade_in)] if effects.fade_in else []
    fades += [AudioFadeOut(effects.fade_out)] if effects.fade_out else []
    return AudioClip(tape.at, duration=seconds, fps=SOUND_RATE).with_effects(fades)


def _logo(logo: Logo, shape: Shape) -> list[Any]:
    left, top, width, height = logo_box(logo, shape.size)
    pixels = cv2.resize(logo_pixels(logo.path), (width, height), interpolation=cv2.INTER_AREA)
    shown = ImageClip(cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA), transparent=True)
    shown = shown.with_opacity(logo.opacity).with_duration(_just(shape.seconds))
    return [shown.with_position((left, top))]


def logo_pixels(path: Path) -> Pixels:
    """Blue, green, red and how much hides what is below. Raises CutError."""
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED) if path.is_file() else None
    if pixels is None or pixels.ndim != 3 or pixels.dtype != np.uint8 or pixels.shape[2] != 4:
        raise CutError("There is no logo, or it cannot be read.")
    return pixels.astype(np.uint8, copy=False)


def logo_box(logo: Logo, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Left, top, width and height of the logo in a picture of that size."""
    high, wide = logo_pixels(logo.path).shape[:2]
    margin = round(size[0] * _MARGIN)
    scale = min(size[0] * logo.width / wide, (size[1] - 2 * margin) / high)
    width, height = max(1, round(wide * scale)), max(1, round(high * scale))
    left = margin if logo.corner.endswith("left") else size[0] - margin - width
    top = margin if logo.corner.startswith("top") else size[1] - margin - height
    return max(0, left), max(0, top), width, height
