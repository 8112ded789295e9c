"""Whether pictures of a clip are the source's own: small and gray, told from those beside them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from av.video.reformatter import ColorRange

from leitstand.cut.media import Media, Scan
from leitstand.cut.pictures import decoded
from leitstand.media.canvas import Canvas, Press
from leitstand.media.look import MATRIX_709, Colours, Look, looked_at

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Picture = NDArray[np.float32]

# Mean difference of brightness (0-255) up to which two pictures are the same one.
ALIKE = 8.0
# By so much a spot changes from one picture to the next if something moved there, and not only
# noise and compression; so many spots must have.
_MOVED = 6.0
_SPOTS = 4
SIZE = (64, 36)
"""Width and height of the frames that are compared."""
# Frames are rounded to whole pixels.
_SAME_SHAPE = 0.03
_GRAY = Colours(int(ColorRange.JPEG), matrix=MATRIX_709)
# How many pictures to look at on each side of a seam.
_BEFORE, AFTER = 2, 4


def places(count: int, keys: Sequence[int], source_keys: Collection[int]) -> list[list[int]]:
    """Which of `count` pictures to look at, in groups that are decoded in one go each: both ends,
    where the copy begins and where it ends.

    `keys` are the places of the clip's key frames, `source_keys` those of the source's.
    """
    copied = next((one for one in keys if one in source_keys), None)
    start = set(first(count, copied))
    last = keys[-1] if keys else 0
    # Before a group of the source nothing is joined, and it would have to be decoded whole.
    tail = _around(last) if last not in source_keys else set(range(last, last + AFTER))
    end = tail | {count - 2, count - 1}
    groups = [start, end] if max(start) < min(end) else [start | end]
    return [sorted(one for one in group if 0 <= one < count) for group in groups]


def first(count: int, copied: int | None) -> list[int]:
    """The first group of `places`, where the copy begins at `copied`."""
    group = {0, 1} | (_around(copied) if copied is not None else set())
    return sorted(one for one in group if 0 <= one < count)


def beside(found: Scan, group: Sequence[int]) -> dict[int, int]:
    """Time stamps of the pictures of a group, and of those beside them: their places."""
    around = sorted(pts for pts in found.pts if found.pts[0] <= pts <= found.shown[-1])
    first = bisect_left(around, found.shown[0])
    near = {at + by for at in group for by in (-1, 0, 1)}
    return {around[first + at]: at for at in near if 0 <= first + at < len(around)}


def _around(place: int) -> set[int]:
    return set(range(place - _BEFORE, place + AFTER))


def small(
    media: Media,
    wanted: Sequence[int],
    step: Callable[[], None],
    *,
    also: Collection[int] = (),
    like: Look | None = None,
) -> dict[int, Picture]:
    """The frames with these time stamps; those of `also` where they come by.

    With `like` as they are shown in a clip of that look: in its shape, and in its colours.
    """
    shrinker = Shrinker(like)
    frames = looked_at(media.video, decoded(media, wanted, step, also=also))
    return {frame.pts: shrinker.shrunk(look, frame) for look, frame in frames}


def first_look(media: Media, pts: int) -> Look:
    """The look of the frame with that time stamp."""
    return next(looked_at(media.video, decoded(media, [pts])))[0]


def noted(
    frames: Iterator[Any], places: Mapping[int, int], seen: dict[int, Picture]
) -> Iterator[Any]:
    """The same frames; `seen` gets those with the time stamps of `places`, by their places."""
    shrinker = Shrinker()
    for frame in frames:
        if frame.pts in places:
            seen[places[frame.pts]] = shrinker.shrunk(Look.of_frame(frame), frame)
        yield frame


class Shrinker:
    """Makes frames small, gray and upright; `like` is the look of the clip they are shown in."""

    def __init__(self, like: Look | None = None) -> None:
        self._like = like
        self._presses: dict[Look, Press] = {}

    def shrunk(self, look: Look, frame: Any) -> Picture:
        # Not at the start: here another thread is encoding, and does not wait for it.
        import numpy as np

        gray = self._drawn(look, frame) if self._must_draw(look) else _gray(look, frame)
        return gray.astype(np.float32)

    def _must_draw(self, look: Look) -> bool:
        like = self._like
        if like is None:
            return False
        is_toned = look.colours.is_wide and not like.colours.is_wide
        return is_toned or abs(look.shape / like.shape - 1) > _SAME_SHAPE

    def _drawn(self, look: Look, frame: Any) -> NDArray[np.uint8]:
        assert self._like is not None
        look = replace(look, is_interlaced=False)
        if look not in self._presses:
            canvas = Canvas(*self._like.shown_size, self._like.shown_aspect, "gray", _GRAY)
            self._presses[look] = Press(canvas, look)
        drawn = next(self._presses[look].pressed(frame))
        return _gray(Look.of_frame(drawn), drawn)


def _gray(look: Look, frame: Any) -> NDArray[np.uint8]:
    width, height = look.orientation.size(*SIZE)
    given = ColorRange.JPEG if look.colours.is_full_range else ColorRange.MPEG
    small = frame.reformat(
        width,
        height,
        "gray",
        interpolation="AREA",
        src_color_range=given,
        dst_color_range=ColorRange.JPEG,
    )
    return look.orientation.upright(small.to_ndarray())


def unlike(ours: Picture, theirs: Mapping[int, Picture], place: int) -> str:
    """What is wrong with a picture that should be the source's at `place`; empty if nothing is.

    Those beside it are looked at as far as `theirs` has them.
    """
    right = theirs[place]
    off = float(abs(ours - right).mean())
    if off > ALIKE:
        return f"differs from the source by {off:.1f}"
    for name, other in (("before", place - 1), ("after", place + 1)):
        if other in theirs and not _nearer(ours, right, theirs[other]):
            return f"is the one {name} it in the source"
    return ""


def _nearer(ours: Picture, right: Picture, other: Picture) -> bool:
    """Whether `ours` is `right` and not `other`, where these differ."""
    moved = abs(right - other) > _MOVED
    if moved.sum() < _SPOTS:
        return True
    return bool(abs(ours - right)[moved].sum() < abs(ours - other)[moved].sum())
