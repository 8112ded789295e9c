"""Pictures inside a packet of VP9 or AV1 that are not shown with it, and when they are.

An encoder puts a later picture there for others to refer to. A packet may be copied only if all
of its pictures lie before the end of a clip.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass

from leitstand.cut import obus, superframes
from leitstand.cut.coded import ORDERS, SLOTS, Coded
from leitstand.cut.request import CannotCopy

NEVER = 1 << 62
"""After every time stamp."""
# libvpx looks no further ahead (its MAX_LAG_BUFFERS).
_VP9_AHEAD = 25
CODECS = ("vp9", "av1")
"""Those whose packets may hold pictures that are shown later."""


@dataclass(slots=True)
class _Held:
    """A picture in the decoder: the packet it came with, its place in the order shown if that is
    said."""

    packet: int
    order: int | None


class Reach:
    """Follows the pictures of a stream from a key frame on, in decoding order."""

    def __init__(self, codec: str, extradata: bytes | None = None) -> None:
        self._read = superframes.frames if codec == "vp9" else obus.Frames(extradata).read
        self._ahead = _VP9_AHEAD if codec == "vp9" else NEVER
        # For each packet the place of the one with which the latest of its pictures is shown.
        self._latest: array[int] = array("q")
        self._waiting: list[_Held] = []
        self._slots: list[_Held | None] = [None] * SLOTS

    def add(self, data: bytes) -> bool:
        """Takes the next packet; whether a decoder can begin with it, and nothing that comes
        later needs what lies before."""
        here = len(self._latest)
        self._latest.append(here)
        found: list[Coded] = []
        try:
            for one in self._read(data):
                found.append(one)
                self._take(one, here)
        except CannotCopy:
            # Nothing is known of what is left of it.
            self._waiting.append(_Held(here, None))
        self._shown(lambda held: here - held.packet >= self._ahead, here)
        return bool(found) and found[0].is_start

    def latest(self, stamps: array[int]) -> array[int]:
        """The time stamp of the latest picture in each packet, by those of all packets."""
        found = array("q", (stamps[place] for place in self._latest))
        for held in self._waiting:
            found[held.packet] = NEVER
        return found

    def _take(self, one: Coded, here: int) -> None:
        held = _Held(here, one.order)
        if one.existing is not None:
            again = self._slots[one.existing]
            if again is not None:
                self._shown(lambda other: other is again or _is_due(other, again.order), here)
            return
        if one.is_start:
            self._shown(lambda _: True, here)
        elif one.is_shown:
            self._shown(lambda other: _is_due(other, one.order), here)
        else:
            self._waiting.append(held)
        for slot in range(SLOTS):
            if one.kept >> slot & 1:
                self._slots[slot] = held

    def _shown(self, is_due: Callable[[_Held], bool], here: int) -> None:
        if not self._waiting:
            return
        for held in filter(is_due, self._waiting):
            self._latest[held.packet] = max(self._latest[held.packet], here)
        self._waiting = [held for held in self._waiting if not is_due(held)]


def _is_due(held: _Held, order: int | None) -> bool:
    """Whether a picture is shown by the time of the one at `order`."""
    if held.order is None or order is None:
        return False
    return (order - held.order) % ORDERS < ORDERS // 2
