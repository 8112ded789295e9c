"""The fields of a request, and the refusals where one is missing or wrong."""

from __future__ import annotations

from typing import Any

from leitstand.demo.obs.protocol import Json, Refused, Status


class Fields:
    def __init__(self, data: Any) -> None:
        self._data = data if isinstance(data, dict) else None

    def has(self, name: str) -> bool:
        """A field that is null counts as one that is not there."""
        return self._data is not None and self._data.get(name) is not None

    def text(self, name: str) -> str:
        value: str = self._typed(name, str, "a string")
        return value

    def flag(self, name: str) -> bool:
        value: bool = self._typed(name, bool, "boolean")
        return value

    def object(self, name: str) -> Json:
        value: Json = self._typed(name, dict, "an object")
        return value

    def number(self, name: str, low: float, high: float) -> float:
        value = self._typed(name, int | float, "a number")
        if isinstance(value, bool):
            raise Refused(Status.WRONG_TYPE, f"The field value of `{name}` must be a number.")
        if not low <= value <= high:
            side, limit = ("below the minimum", low) if value < low else ("above the maximum", high)
            comment = f"The field value of `{name}` is {side} of `{limit:f}`"
            raise Refused(Status.OUT_OF_RANGE, comment)
        return float(value)

    def _typed(self, name: str, kind: Any, words: str) -> Any:
        if self._data is None:
            comment = "Your request data is missing or invalid (non-object)"
            raise Refused(Status.MISSING_DATA, comment)
        if not self.has(name):
            raise Refused(Status.MISSING_FIELD, f"Your request is missing the `{name}` field.")
        value = self._data[name]
        if not isinstance(value, kind):
            raise Refused(Status.WRONG_TYPE, f"The field value of `{name}` must be {words}.")
        return value
