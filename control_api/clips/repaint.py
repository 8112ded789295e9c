"""Paints a PNG anew, alone in a process of its own that cannot open anything.

The PNG is standard input, the new one standard output; nothing but pixels goes from one to the
other. Nothing comes out of what cannot be read.
"""

from __future__ import annotations

import resource
import sys
from typing import Any

import cv2
import numpy as np

_MEMORY_BYTES = 1 << 30
_CPU_SECONDS = 10
_MOST_OUTPUT = 32 << 20


def main() -> None:
    cv2.setNumThreads(1)
    for kind, most in (
        (resource.RLIMIT_AS, _MEMORY_BYTES),
        (resource.RLIMIT_CPU, _CPU_SECONDS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, _MOST_OUTPUT),
        (resource.RLIMIT_NOFILE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    try:
        sys.stdout.buffer.write(repainted(sys.stdin.buffer.read()))
    except (cv2.error, MemoryError):
        return


def repainted(given: bytes) -> bytes:
    """Eight bits of red, green, blue and alpha; empty if it cannot be read."""
    pixels = cv2.imdecode(np.frombuffer(given, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        return b""
    is_made, content = cv2.imencode(".png", _with_alpha(pixels))
    return content.tobytes() if is_made else b""


def _with_alpha(pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    even = (pixels >> 8).astype(np.uint8) if pixels.dtype == np.uint16 else pixels
    channels = 1 if even.ndim == 2 else even.shape[2]
    ways = {1: cv2.COLOR_GRAY2BGRA, 3: cv2.COLOR_BGR2BGRA}
    return cv2.cvtColor(even, ways[channels]) if channels in ways else even
