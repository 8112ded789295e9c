"""The logo that clips may carry: one PNG that an admin gave, kept as what it shows."""

from __future__ import annotations

import struct
import tempfile
import threading
from pathlib import Path

from control_api.errors import BadInput, NotFound
from control_api.library import isolated
from leitstand import atomicfile

LARGEST_PIXELS = 2048
_SIGNATURE = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_HEADER_BYTES = 33
_SECONDS = 20.0
_ALLOWED = f"a PNG of at most {LARGEST_PIXELS}x{LARGEST_PIXELS} pixels is allowed"
_MISSING = "there is no logo; PUT /api/clips/logo with a PNG sets it"


class LogoService:
    """What is given is painted anew, so that nothing but pixels is kept. `path` is its file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def get(self) -> bytes:
        """The PNG. Raises NotFound."""
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            raise NotFound(_MISSING) from None

    def put(self, given: bytes) -> tuple[int, int]:
        """Width and height of what is shown from now on. Raises BadInput, Unavailable."""
        size = _size(given)
        with self._lock:
            painted = _painted(given)
            if not painted.startswith(_SIGNATURE) or _size(painted) != size:
                raise BadInput(f"body: this PNG is damaged; {_ALLOWED}")
            self._write(painted)
        return size

    def delete(self) -> None:
        """Raises NotFound."""
        try:
            self._path.unlink()
        except FileNotFoundError:
            raise NotFound(_MISSING) from None

    def needed(self) -> Path:
        """Its file, for a clip. Raises BadInput."""
        if not self._path.is_file():
            raise BadInput(f"logo: {_MISSING}")
        return self._path

    def _write(self, content: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        atomicfile.write(self._path, content)


def _size(given: bytes) -> tuple[int, int]:
    """As its header says, before anything is unpacked (PNG specification, 11.2.1)."""
    if not given.startswith(_SIGNATURE) or len(given) < _HEADER_BYTES:
        raise BadInput(f"body: this is no PNG; {_ALLOWED}")
    width, height = struct.unpack(">II", given[16:24])
    if not (1 <= width <= LARGEST_PIXELS and 1 <= height <= LARGEST_PIXELS):
        raise BadInput(f"body: it has {width}x{height} pixels; {_ALLOWED}")
    return width, height


def _painted(given: bytes) -> bytes:
    """Raises BadInput, Unavailable."""
    # Files, not pipes: how much can be written to them is limited.
    with tempfile.TemporaryFile() as picture, tempfile.TemporaryFile() as answer:
        picture.write(given)
        picture.seek(0)
        isolated.run(isolated.command("control_api.clips.repaint"), picture, answer, _SECONDS)
        answer.seek(0)
        return answer.read()
