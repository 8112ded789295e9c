"""What the preview looks like as JSON."""

from __future__ import annotations

from pydantic import ConfigDict

from control_api.envelope import Shape


class PreviewOut(Shape):
    """The live picture for a page that takes no images: plain, not in `data`."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "connected": True,
                "muted": False,
                "image": "data:image/jpeg;base64,/9j/4AAQSkZJRg==",
            }
        }
    )

    connected: bool
    """Whether OBS answers."""
    muted: bool | None
    """Whether the configured microphone is muted; null where none is configured or known."""
    image: str | None
    """A data URL, `data:image/jpeg;base64,…`; null while OBS does not answer."""
