"""Listens to a studio's inputs for a few seconds: which work, are silent, are muted."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Literal

from control_api.admin.asking import inputs, is_muted, is_on_air, must_know
from control_api.errors import BadInput, TooMany, Unavailable
from control_api.studios.studio import Studio, Studios
from leitstand.clients.obs import Level, ObsLink

Verdict = Literal["working", "silent", "muted", "off air"]

SILENT_DBFS = -60.0
FLOOR_DBFS = -100.0
_SLICE_SECONDS = 0.25
_CONNECT_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Sound:
    """`low` and `high` in dBFS: the quietest and loudest peak of a quarter of a second.

    Of a muted input they are measured before the mute; null where nothing was to be measured.
    """

    input: str
    verdict: Verdict
    muted: bool
    low: float | None
    high: float | None
    message: str


class AudioService:
    """`listen` gives a link that hears levels, for this alone; it is closed after use."""

    def __init__(self, studios: Studios, listen: Callable[[Studio], ObsLink]) -> None:
        self._studios = studios
        self._listen = listen
        self._turns: Mapping[str, threading.Lock] = {
            name: threading.Lock() for name in studios.names
        }

    def check(self, studio: str | None, seconds: float, input_: str | None) -> Sequence[Sound]:
        """Of one input or of all that have sound. Raises NotFound, BadInput, TooMany while
        somebody else listens, Unavailable, BadGateway."""
        one = self._studios.get(studio)
        if not self._turns[one.name].acquire(blocking=False):
            raise TooMany(f"studio {one.name}: an audio check is running", seconds)
        try:
            names = _audible(one, input_)
            slices = self._heard(one, seconds)
            return [
                _sound(one, name, [each[name] for each in slices if name in each]) for name in names
            ]
        finally:
            self._turns[one.name].release()

    def _heard(self, studio: Studio, seconds: float) -> list[Mapping[str, Level]]:
        with closing(self._listen(studio)) as link:
            _connect(studio, link)
            ends_at = time.monotonic() + seconds
            slices = []
            while time.monotonic() < ends_at:
                time.sleep(_SLICE_SECONDS)
                slices.append(link.events().levels)
            if link.error is not None:
                raise Unavailable(f"studio {studio.name}: OBS {link.error}")
            return slices


def decibels(level: float) -> float:
    """A multiplier as dBFS, to a tenth, never below the floor."""
    return round(max(20 * math.log10(level), FLOOR_DBFS), 1) if level > 0 else FLOOR_DBFS


def _connect(studio: Studio, link: ObsLink) -> None:
    ends_at = time.monotonic() + _CONNECT_SECONDS
    while not link.events(wait=0.05).is_incomplete:
        if link.error is not None or time.monotonic() > ends_at:
            raise Unavailable(f"studio {studio.name}: OBS {link.error or 'does not let us in'}")


def _audible(studio: Studio, name: str | None) -> list[str]:
    there = inputs(studio)
    if name is None:
        return [one for one in there if is_muted(studio, one) is not None]
    must_know("input", name, there, studio)
    if is_muted(studio, name) is None:
        raise BadInput(f"input: {name!r} of studio {studio.name} has no sound")
    return [name]


def _sound(studio: Studio, name: str, levels: Sequence[Level]) -> Sound:
    muted = bool(is_muted(studio, name))
    peaks = [decibels(level.input_peak if muted else level.peak) for level in levels]
    low, high = (min(peaks), max(peaks)) if peaks else (None, None)
    if not is_on_air(studio, name):
        state = "muted, and " if muted else ""
        return Sound(name, "off air", muted, None, None, f"{name} is {state}not in the program")
    if muted:
        has = f"has up to {high:g} dBFS" if high is not None else "has had no sound at all"
        return Sound(name, "muted", True, low, high, f"{name} is muted; before the mute it {has}")
    if low is None or high is None:
        return Sound(
            name, "silent", False, None, None, f"{name} is silent: it has had no sound at all"
        )
    if high < SILENT_DBFS:
        message = f"{name} is silent: {high:g} dBFS at the loudest"
        return Sound(name, "silent", False, low, high, message)
    return Sound(name, "working", False, low, high, f"{name} works: {low:g} to {high:g} dBFS")
