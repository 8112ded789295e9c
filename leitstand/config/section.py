"""What every section of the configuration is: strict and frozen."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator


class Section(BaseModel):
    """Strict and frozen: an unknown key is an error, and nothing changes after the start."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    @model_validator(mode="before")
    @classmethod
    def _without_empty_keys(cls, raw: Any) -> Any:
        """A key with nothing behind it counts as left out, as when its lines are comments."""
        if not isinstance(raw, dict):
            return raw
        return {k: v for k, v in raw.items() if v is not None or k not in cls.model_fields}
