"""Whether pictures of a clip are the source's own: small and gray, told from those beside them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import av

from leitstand.cut.media import Media, Scan
from leitstand.cut.pictures import decoded

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
_SIZE = (64, 36)
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
    crop: tuple[int, int, int, int] | None = None,
) -> dict[int, Picture]:
    """The pictures with these time stamps; those of `also` where they come by.

    `crop` is left, top, width and height of what counts.
    """
    found = {}
    for frame in decoded(media, wanted, step, also=also):
        found[frame.pts] = _shrunk(frame if crop is None else _cropped(frame, crop))
    return found


def noted(
    frames: Iterator[Any], places: Mapping[int, int], seen: dict[int, Picture]
) -> Iterator[Any]:
    """The same frames; `seen` gets those with the time stamps of `places`, by their places."""
    for frame in frames:
        if frame.pts in places:
            seen[places[frame.pts]] = _shrunk(frame)
        yield frame


def _shrunk(frame: Any) -> Picture:
    # Not at the start: here another thread is encoding, and does not wait for it.
    import numpy as np

    gray = frame.reformat(*_SIZE, format="gray", interpolation="AREA")
    array: Picture = gray.to_ndarray().astype(np.float32)
    return array


def _cropped(frame: Any, crop: tuple[int, int, int, int]) -> Any:
    import numpy as np

    left, top, width, height = crop
    whole = frame.reformat(format="gray").to_ndarray()
    part = np.ascontiguousarray(whole[top : top + height, left : left + width])
    return av.VideoFrame.from_ndarray(part, format="gray")


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
