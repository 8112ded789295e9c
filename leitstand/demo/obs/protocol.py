"""obs-websocket's numbers, its refusals, and how a password is proven without being sent."""

from __future__ import annotations

import base64
import enum
import hashlib
import hmac
from collections.abc import Callable
from typing import Any

VERSION, OBS_VERSION, RPC_VERSION = "5.1.0", "29.0.2", 1
SPLITS_VERSION = "5.5.0"
"""The first that reports splits (RecordFileChanged) and is asked for one (SplitRecordFile)."""

Json = dict[str, Any]


class Op(enum.IntEnum):
    HELLO = 0
    IDENTIFY = 1
    IDENTIFIED = 2
    REIDENTIFY = 3
    EVENT = 5
    REQUEST = 6
    RESPONSE = 7
    BATCH = 8
    BATCH_RESPONSE = 9


class Close(enum.IntEnum):
    NOT_JSON = 4002
    MISSING_FIELD = 4003
    WRONG_TYPE = 4004
    UNKNOWN_OP = 4006
    NOT_IDENTIFIED = 4007
    ALREADY_IDENTIFIED = 4008
    AUTHENTICATION_FAILED = 4009
    UNSUPPORTED_RPC_VERSION = 4010


class Status(enum.IntEnum):
    SUCCESS = 100
    MISSING_REQUEST_TYPE = 203
    UNKNOWN_REQUEST_TYPE = 204
    MISSING_FIELD = 300
    MISSING_DATA = 301
    TOO_MANY_FIELDS = 302
    INVALID_FIELD = 400
    WRONG_TYPE = 401
    OUT_OF_RANGE = 402
    OUTPUT_RUNNING = 500
    OUTPUT_NOT_RUNNING = 501
    OUTPUT_PAUSED = 502
    OUTPUT_NOT_PAUSED = 503
    NOT_FOUND = 600
    ALREADY_EXISTS = 601
    WRONG_KIND_OF_SOURCE = 602
    INVALID_STATE = 604
    INVALID_INPUT_KIND = 605
    PROCESSING_FAILED = 702


class Intent(enum.IntFlag):
    """What an event is about, and a subscription wants."""

    GENERAL = 1
    SCENES = 1 << 2
    INPUTS = 1 << 3
    TRANSITIONS = 1 << 4
    OUTPUTS = 1 << 6
    SCENE_ITEMS = 1 << 7
    MEDIA_INPUTS = 1 << 8
    INPUT_VOLUME_METERS = 1 << 16
    INPUT_ACTIVE = 1 << 17
    INPUT_SHOW = 1 << 18
    # what a client gets that does not choose: all but the high-volume ones
    ALL = (1 << 11) - 1


Emit = Callable[[Intent, str, Json | None], None]


class Refused(Exception):
    """A request that is answered with a status other than 100."""

    def __init__(self, status: Status, comment: str = "") -> None:
        super().__init__(f"{int(status)} {comment}".rstrip())
        self.status, self.comment = status, comment


class Closing(Exception):
    """A message after which the connection is closed."""

    def __init__(self, code: Close, reason: str) -> None:
        super().__init__(f"{int(code)} {reason}")
        self.code, self.reason = code, reason


def authentication(password: str, salt: str, challenge: str) -> str:
    return _digest(_digest(password + salt) + challenge)


def is_proven(given: object, password: str, salt: str, challenge: str) -> bool:
    expected = authentication(password, salt, challenge)
    return hmac.compare_digest(str(given).encode(), expected.encode())


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
