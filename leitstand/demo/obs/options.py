"""What a demo OBS is set to when it is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leitstand.demo.obs.protocol import SPLITS_VERSION, VERSION


@dataclass(frozen=True, slots=True)
class Splits:
    """Automatic file splitting, as in Advanced mode: every so many seconds, or by hand only.

    `announced`: by an event, as from obs-websocket 5.5 on.
    """

    seconds: float | None = None
    announced: bool = False


@dataclass(frozen=True, slots=True)
class Options:
    fps: int = 30
    size: tuple[int, int] = (640, 360)
    cluster_seconds: float = 5.0
    """As much of a Matroska recording a crash may cost."""
    stream_retries: Sequence[float] = (1.0, 1.5, 2.1)
    """Seconds from one attempt to reconnect to the next."""
    splits: Splits | None = None
    """None: recordings are not split."""

    @property
    def version(self) -> str:
        """Of obs-websocket."""
        return SPLITS_VERSION if self.splits and self.splits.announced else VERSION
