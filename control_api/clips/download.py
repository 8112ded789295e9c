"""A clip's file as an answer, as the library answers with a video's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from pathlib import Path

from starlette.responses import Response

from control_api.clips.tables import ClipRow
from control_api.errors import NotFound
from control_api.library.download import answer
from control_api.library.service import Opened


def file_answer(row: ClipRow, path: Path, asked: Mapping[str, str], zone: tzinfo) -> Response:
    """Raises NotFound if it went away meanwhile."""
    try:
        file = path.open("rb", buffering=0)
    except OSError:
        raise NotFound(f"the file of the clip {row.id!r} is gone") from None
    found = path.stat()
    return answer(Opened(row, file, found.st_size, found.st_mtime_ns), asked, zone)
