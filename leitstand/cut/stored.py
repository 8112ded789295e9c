"""A request as plain values that JSON can hold, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from leitstand.cut.request import Request


def stored(request: Request) -> dict[str, Any]:
    """The plain values."""
    values: dict[str, Any] = msgspec.to_builtins(request, enc_hook=str)
    return values


def restored(values: Mapping[str, Any]) -> Request:
    """The request of plain values; raises ValueError where they are none."""
    return msgspec.convert(values, Request, dec_hook=lambda kind, value: kind(value))
