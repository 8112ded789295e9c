"""The moving test picture: readable by eye, and to the frame by a program."""

from __future__ import annotations

import time
import zlib
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Yuv = npt.NDArray[np.uint8]
"""Planar 4:2:0, the luma in the first two thirds of the rows."""

DARK, LIGHT, NO_COLOUR = 16, 235, 128
STAMP_BITS = 32
WIDTH_OF_FULL_SIZE_TEXT = 560
GRAINS = 8
"""Patterns of the moving square: it costs the encoder about 1 Mbit/s, as real pictures do."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a picture says of itself: the frame's number, and the second of its wall clock."""

    frame: int
    second: int


class Picture:
    def __init__(self, size: tuple[int, int]) -> None:
        self.width, self.height = size
        self._backgrounds: dict[str, Yuv] = {}
        side = self.height // 5
        random = np.random.default_rng(1)
        self._grains = random.integers(DARK, LIGHT, (GRAINS, side, side), np.uint8)

    def draw(self, index: int, wall: float, title: str) -> Yuv:
        picture = self._background(title).copy()
        luma = picture[: self.height]
        # times on the edge of a millisecond must not be shown as the one before
        moment = round(wall * 1000)
        clock = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(moment // 1000))
        self._write(luma, f"{clock}.{moment % 1000:03d}", 2)
        self._write(luma, f"{title} {index:08d}", 3)
        self._move(luma, index)
        self._stamp(luma, 0, index)
        self._stamp(luma, 1, moment // 1000)
        return picture

    def black(self) -> Yuv:
        picture = np.full((self.height * 3 // 2, self.width), NO_COLOUR, np.uint8)
        picture[: self.height] = DARK
        return picture

    def _background(self, title: str) -> Yuv:
        """A grey ramp in a colour that the title decides."""
        if title not in self._backgrounds:
            picture = self.black()
            picture[: self.height] = np.linspace(40, 150, self.width, dtype=np.uint8)
            seed = zlib.crc32(title.encode())
            chroma = picture[self.height :]
            chroma[: len(chroma) // 2] = 80 + seed % 96
            chroma[len(chroma) // 2 :] = 80 + seed // 96 % 96
            self._backgrounds[title] = picture
        return self._backgrounds[title]

    def _write(self, luma: Yuv, text: str, line: int) -> None:
        scale = self.width / WIDTH_OF_FULL_SIZE_TEXT
        origin = (self.width // 20, int(line * 40 * scale))
        thick = max(1, round(2 * scale))
        cv2.putText(luma, text, origin, cv2.FONT_HERSHEY_SIMPLEX, scale, (LIGHT,), thick)

    def _move(self, luma: Yuv, index: int) -> None:
        grain = self._grains[index % GRAINS]
        side = len(grain)
        left, top = index * 4 % max(1, self.width - side), self.height // 2
        luma[top : top + side, left : left + side] = grain

    def _stamp(self, luma: Yuv, row: int, number: int) -> None:
        block, high = self.width // STAMP_BITS, stamp_height(self.height)
        bits = (number >> np.arange(STAMP_BITS)) & 1
        line = np.where(np.repeat(bits, block), LIGHT, DARK)
        top = self.height - (row + 1) * high
        luma[top : top + high, : len(line)] = line


def stamp_height(height: int) -> int:
    return height // 20


def read_stamp(luma: npt.NDArray[Any]) -> Stamp:
    """Of the luma of a picture in its own size, also after encoding and decoding."""
    height, width = luma.shape
    block, high = width // STAMP_BITS, stamp_height(height)
    columns = block * np.arange(STAMP_BITS) + block // 2
    rows = (height - high // 2 - 1, height - high - high // 2 - 1)
    numbers = [
        sum(1 << bit for bit, value in enumerate(luma[row, columns]) if value > NO_COLOUR)
        for row in rows
    ]
    return Stamp(*numbers)
