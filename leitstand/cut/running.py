"""Parts of recordings that were still being written when a clip was ordered."""

from __future__ import annotations

import os
from dataclasses import replace

import av

from leitstand.cut.request import CutError, Part, Request
from leitstand.media.formats import demuxer_of
from leitstand.media.growth import NotYet
from leitstand.media.opening import Unreadable
from leitstand.media.window import Written, read_only, window_of


def settled(request: Request) -> Request:
    """The same with the window of each such part, beyond which nothing is read; raises CutError."""
    if all(part.size is None for part in request.parts):
        return request
    return replace(request, parts=[_settled(part) for part in request.parts])


def _settled(part: Part) -> Part:
    path, size = part.path, part.size
    if size is None:
        return part
    try:
        with read_only(path) as file:
            if os.fstat(file.fileno()).st_size < size:
                raise CutError(f"{path.name} is not what it was when the clip was ordered.")
            window = window_of(file, demuxer_of(path.name), size, part.start, part.end)
    except NotYet:
        # The recording has ended and the file has its index by now: it is read as any other.
        return part
    except (OSError, Unreadable, av.FFmpegError) as error:
        raise CutError(f"{path.name} cannot be read any more: {error}") from error
    return replace(part, written=Written(path, window))
