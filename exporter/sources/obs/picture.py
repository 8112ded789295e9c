"""The program picture, from one small screenshot every few seconds: is it black, does it move."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable
from typing import Any, Protocol

from exporter.sources.obs.answers import Screenshot, read
from exporter.sources.obs.state import Picture
from exporter.sources.source import SourceError
from leitstand.clients.obs import ObsError

_WIDTH, _HEIGHT = 160, 90
_QUALITY = 60
_TIMEOUT_SECONDS = 1.5
# What JPEG makes of the same picture twice is the same; a sensor's noise is more than this.
_CHANGED_BY = 12
_CHANGED_PIXELS = 4


class Asks(Protocol):
    def request(
        self, name: str, data: dict[str, Any], *, timeout: float | None = None
    ) -> dict[str, Any]: ...


class ProgramPicture:
    """Looks every `interval` seconds; one screenshot at a time, none while OBS is busy."""

    def __init__(
        self,
        link: Asks,
        interval: float = 5.0,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._link = link
        self._interval = interval
        self._clock = clock
        self._monotonic = monotonic
        self._due = float("-inf")
        self._gray: Any = None
        self._seen: Picture | None = None

    def look(self, scene: str | None, *, busy: bool) -> Picture | None:
        """What is known of the picture; None before the first look, and if one failed."""
        if scene is None or busy or self._monotonic() < self._due:
            return self._seen
        self._due = self._monotonic() + self._interval
        try:
            self._seen = self._compare(self._shoot(scene))
        except (ObsError, SourceError):
            # The next poll tells what is wrong with the studio; the picture is not known.
            self._gray = self._seen = None
        return self._seen

    def _shoot(self, scene: str) -> Any:
        wish = {
            "sourceName": scene,
            "imageFormat": "jpg",
            "imageWidth": _WIDTH,
            "imageHeight": _HEIGHT,
            "imageCompressionQuality": _QUALITY,
        }
        answer = self._link.request("GetSourceScreenshot", wish, timeout=_TIMEOUT_SECONDS)
        return gray(read(answer, Screenshot).imageData)

    def _compare(self, picture: Any) -> Picture:
        changed = self._gray is None or differ(self._gray, picture)
        before = self._seen.last_change if self._seen else None
        self._gray = picture
        return Picture(float(picture.mean()) / 255, self._clock() if changed else before)


def gray(data_url: str) -> Any:
    """A picture as OBS gives it -> its brightness, rows by columns of 0 to 255."""
    # Here and not above: OpenCV takes 40 MB, which only who watches a studio should pay for.
    import cv2
    import numpy

    try:
        packed = base64.b64decode(data_url.partition(",")[2], validate=True)
    except binascii.Error:
        raise SourceError("gave a screenshot that is no picture") from None
    picture = cv2.imdecode(numpy.frombuffer(packed, numpy.uint8), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise SourceError("gave a screenshot that is no picture")
    return picture


def differ(before: Any, now: Any) -> bool:
    """Whether enough pixels changed by enough to be more than an encoder's doing."""
    if before.shape != now.shape:
        return True
    by = abs(before.astype("int16") - now.astype("int16"))
    return int((by > _CHANGED_BY).sum()) >= _CHANGED_PIXELS
