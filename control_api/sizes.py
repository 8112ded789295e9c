"""Numbers of bytes for people."""

from __future__ import annotations


def size_text(size: float) -> str:
    """Such as 1.2 GB."""
    value, unit = float(size), "bytes"
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= 1000
    return f"{value:.0f} bytes" if unit == "bytes" else f"{value:.1f} {unit}"
