"""`leitstand clip`: one clip out of one file, with a progress bar."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from leitstand.cut import CutError, Mode, Part, Request, cut
from leitstand.cut.request import Effects, Logo
from leitstand.errors import ConfigError
from leitstand.media.extent import extent
from leitstand.media.formats import demuxer_of
from leitstand.media.growth import NotYet, growth
from leitstand.media.opening import Unreadable, opened
from leitstand.media.window import read_only

_SOUND_NAMES = {".m4a", ".mka"}
_QUIET_SECONDS = 10.0
"""What has not changed for so long is not being written any more."""
_FORMATS = "set the recording format in OBS to Matroska (mkv), hybrid MP4 or fragmented MP4"
_NOT_YET = {
    "nothing_written": "nothing of it can be read so far",
    "index_at_the_end": f"a plain MP4 or MOV cannot be read before the recording ends; {_FORMATS}",
    "format_not_growing": f"its format cannot be read before the recording ends; {_FORMATS}",
}
_TIME = re.compile(r"(?:(\d{1,3}):)?(?:(\d{1,2}):)?(\d{1,7}(?:\.\d{1,15})?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command was asked for, as it was written. Into `.m4a` and `.mka` goes sound alone;
    `logo` is a PNG with an alpha channel, fades are seconds."""

    file: Path
    start: str | None
    end: str | None
    mode: str
    output: Path | None
    last: str | None = None
    title: str | None = None
    height: int | None = None
    fade_in: float = 0.0
    fade_out: float = 0.0
    logo: Path | None = None


def run(wish: Wish, stop: threading.Event, console: Console) -> str:
    """Make the clip; a sentence about it. Raises ConfigError; `stop` ends it and leaves nothing."""
    request = _request(wish)
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn()
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task(request.output.name, total=1.0)
        try:
            result = cut(request, lambda share: bar.update(task, completed=share), stop.is_set)
        except CutError as error:
            raise ConfigError(f"{wish.file}: {error}") from None
    checked = ", checked against the source" if result.verdict and result.verdict.right else ""
    why = f" ({result.reason})" if result.reason else ""
    return f"{result.path}: {result.seconds:.3f} s, {result.mode_used}{why}{checked}"


def seconds(text: str, option: str) -> float:
    """`90`, `90.5`, `01:30`, `0:01:30.500` -> seconds. Raises ConfigError that names the option."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise ConfigError(f"{option}: {text!r} must be seconds or HH:MM:SS.mmm into the file")
    first, second, rest = found.groups()
    parts = [part for part in (first, second) if part is not None]
    if parts and float(rest) >= 60:
        raise ConfigError(f"{option}: {text!r}: seconds go up to 59.999 after a colon")
    total = 0.0
    for part in parts:
        total = (total + int(part)) * 60
    return total + float(rest)


def _request(wish: Wish) -> Request:
    if wish.mode not in tuple(Mode):
        raise ConfigError(f"--mode: {wish.mode!r} is not one of {', '.join(Mode)}")
    if not wish.file.is_file():
        raise ConfigError(f"{wish.file}: there is no such file")
    part = _part(wish)
    output = wish.output or wish.file.with_name(f"{wish.file.stem}-clip.mp4")
    if output.exists():
        raise ConfigError(f"--output: {output} is there already; choose another name")
    return Request(
        [part],
        output,
        Mode(wish.mode),
        height=_height(wish),
        audio_only=output.suffix.lower() in _SOUND_NAMES,
        title=wish.title,
        effects=_effects(wish),
    )


def _part(wish: Wish) -> Part:
    if wish.last is not None:
        if (wish.start, wish.end) != (None, None):
            raise ConfigError("--last: instead of --from and --to, and not with them")
        return _last(wish.file, seconds(wish.last, "--last"))
    if wish.start is None or wish.end is None:
        raise ConfigError("--from and --to are needed, or --last")
    return Part(wish.file, seconds(wish.start, "--from"), seconds(wish.end, "--to"))


def _last(path: Path, length: float) -> Part:
    """The last seconds of a recording, up to the newest that can be read while it is written."""
    demuxer = demuxer_of(path.name)
    try:
        with read_only(path) as file:
            if time.time() - path.stat().st_mtime > _QUIET_SECONDS:
                with opened(file, demuxer) as media:
                    end = extent(media, file).seconds
                return Part(path, max(0.0, end - length), end)
            found = growth(file, demuxer)
            start = max(0.0, found.newest - length)
            return Part(path, start, found.newest, size=found.size)
    except NotYet as why:
        raise ConfigError(f"--last: {path}: {_NOT_YET[why.code]}") from None
    except (OSError, Unreadable) as error:
        raise ConfigError(f"{path}: cannot be read ({error})") from None


def _height(wish: Wish) -> int | None:
    if wish.height is None:
        return None
    if wish.mode != Mode.REENCODE:
        raise ConfigError("--height: another size needs --mode reencode")
    if not 16 <= wish.height <= 4320 or wish.height % 2:
        raise ConfigError(f"--height: {wish.height} is not an even number from 16 to 4320")
    return wish.height


def _effects(wish: Wish) -> Effects | None:
    if not (wish.fade_in or wish.fade_out or wish.logo):
        return None
    logo = None
    if wish.logo is not None:
        if not wish.logo.is_file():
            raise ConfigError(f"--logo: {wish.logo}: there is no such file")
        logo = Logo(wish.logo)
    return Effects(wish.fade_in, wish.fade_out, logo)
