"""The values that bodies are made of: durations, titles, names of studios."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from leitstand.config.values import parse_duration

_NUMBER = r"[0-9]{1,9}(\.[0-9]{1,9})?"


@dataclass(frozen=True, slots=True)
class Lasting:
    """Of a float: seconds from `least` to `most`, also written as words such as `1h30m`."""

    least: float
    most: float

    def __get_pydantic_core_schema__(self, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        number = core_schema.float_schema(ge=self.least, le=self.most)
        return core_schema.no_info_before_validator_function(parse_duration, number)

    def __get_pydantic_json_schema__(
        self, _: CoreSchema, __: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        words = {"type": "string", "pattern": f"^({_NUMBER}(ms|s|m|h|d))+$"}
        return {"anyOf": [{"type": "number", "minimum": self.least, "maximum": self.most}, words]}


StudioName = Annotated[str, Field(min_length=1, max_length=63)]
Title = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""One line."""
