"""A recording on its way to the disk: H.264 and AAC, written in blocks as OBS writes."""

from __future__ import annotations

import contextlib
import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from leitstand.demo.obs.picture import Yuv
from leitstand.demo.obs.sound import RATE, Samples

FORMATS = {"mkv": "matroska", "mp4": "mp4", "mov": "mov", "flv": "flv", "ts": "mpegts"}
BLOCK_BYTES = 64 * 1024
AUDIO_BITS_PER_SECOND = 64_000
X264 = {"preset": "ultrafast", "crf": "26", "g": "250", "threads": "1"}
"""A key frame every 250 frames is OBS's default, too."""


class Disk(io.RawIOBase):
    """A file that keeps less than a block to itself, and can be cut off from what is written."""

    def __init__(self, path: Path | None) -> None:
        self._waiting = bytearray()
        self._length = self._position = 0
        self.failed = False
        self._file: io.FileIO | None = None
        try:
            self._file = path.open("wb", buffering=0) if path is not None else None
        except OSError:
            self.failed = True

    def cut(self) -> None:
        """What has not been written yet never will be."""
        self._waiting.clear()
        if self._file is not None:
            self._file.close()
            self._file = None

    def write(self, data: object) -> int:
        block = bytes(data)  # type: ignore[call-overload]
        self._waiting += block
        self._position += len(block)
        self._length = max(self._length, self._position)
        if len(self._waiting) >= BLOCK_BYTES:
            self._write_out()
        return len(block)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._write_out()
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._length}[whence]
        self._position = base + offset
        if self._file is not None:
            self._file.seek(self._position)
        return self._position

    def tell(self) -> int:
        return self._position

    def seekable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def close(self) -> None:
        if not self.closed:
            self._write_out()
            self.cut()
            super().close()

    def _write_out(self) -> None:
        try:
            if self._file is not None and self._waiting:
                self._file.write(self._waiting)
        except OSError:
            self.failed = True
            self.cut()
        self._waiting.clear()


class MediaFile:
    """An unknown format is encoded and goes nowhere, as in OBS."""

    def __init__(
        self, path: Path, *, fps: int, size: tuple[int, int], cluster_seconds: float
    ) -> None:
        name = FORMATS.get(path.suffix.removeprefix("."))
        self.disk = Disk(path if name else None)
        self.frames = self.bytes = self._samples = 0
        limit = {"cluster_time_limit": str(int(cluster_seconds * 1000))}
        format_ = name or "matroska"
        options = limit if format_ == "matroska" else {}
        self._container = av.open(self.disk, "w", format=format_, options=options)
        self._video = self._container.add_stream("libx264", rate=fps, options=X264)
        self._video.width, self._video.height = size
        self._video.pix_fmt = "yuv420p"
        self._audio = self._container.add_stream("aac", rate=RATE, layout="stereo")
        self._audio.bit_rate = AUDIO_BITS_PER_SECOND
        self._frame_time = Fraction(1, fps)

    def write(self, picture: Yuv, sound: Samples) -> None:
        image = av.VideoFrame.from_ndarray(picture, format="yuv420p")
        image.pts, image.time_base = self.frames, self._frame_time
        tone = av.AudioFrame.from_ndarray(sound, format="fltp", layout="stereo")
        tone.sample_rate = RATE
        tone.pts, tone.time_base = self._samples, Fraction(1, RATE)
        self._mux([*self._video.encode(image), *self._audio.encode(tone)])
        self.frames += 1
        self._samples += sound.shape[1]

    def close(self) -> None:
        self._mux([*self._video.encode(None), *self._audio.encode(None)])
        with contextlib.suppress(OSError):
            self._container.close()
        self.disk.close()

    def _mux(self, packets: list[av.Packet[Any]]) -> None:
        for packet in packets:
            self.bytes += packet.size
            self._container.mux(packet)
