"""The ways in which a demo OBS can be made to misbehave, alone or several at once."""

from __future__ import annotations

import enum


class Fault(enum.Enum):
    HANG = "accepts connections and requests, answers none, sends no events"
    DROP = "resets every connection, old and new"
    SLOW = "answers only after `DemoObs.slow_seconds`"
    WRONG_ORDER = "every second answer waits until the next one has gone out"
    DISK_FULL = "StartRecord is answered 100 and nothing follows; a running recording ends, 0 bytes"
    DISK_HANGS = "bytes and duration stand still; after StopRecord neither STOPPED nor inactive"
    OVERLOADED = "one frame of five is recorded: bytes and duration grow so much slower"
    FILE_STALLED = "this recording's file grows no more, while its bytes and duration do"
    NO_STOPPED = "a recording ends properly, but its STOPPED event never comes"
    ENCODER_LAG = "two frames of three are skipped: counted, and the picture repeated in the file"
    STREAM_LOST = "a stream reconnects until it gives up, a new one stops at once"
    SILENT = "sound and levels are zero, though nothing is muted"
    BLACK = "the picture is black"
    FROZEN = "the picture stands still"


Faults = set[Fault]
