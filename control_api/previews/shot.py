"""One screenshot of what is live in OBS."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass

from control_api.errors import Unavailable
from control_api.studios.studio import Studio
from leitstand.clients.obs import ObsError, RequestFailed

MEDIA_TYPE = "image/jpeg"
_QUALITY = 75
_JPEG = b"\xff\xd8\xff"


@dataclass(frozen=True, slots=True)
class Body:
    """An answer's bytes, and the ETag that stands for them."""

    content: bytes
    etag: str


@dataclass(frozen=True, slots=True)
class Shot:
    """Made once, both ways, for everybody who looks; `taken_at` is monotonic seconds."""

    taken_at: float
    jpeg: Body
    json: Body


def take(studio: Studio, width: int, microphone: str | None, taken_at: float) -> Shot:
    """The program scene, `width` pixels wide. Raises Unavailable."""
    try:
        scene, muted = _ask(studio, microphone)
        wish = {
            "sourceName": scene,
            "imageFormat": "jpg",
            "imageWidth": width,
            "imageCompressionQuality": _QUALITY,
        }
        packed = studio.link.request("GetSourceScreenshot", wish)["imageData"].partition(",")[2]
        jpeg = base64.b64decode(packed, validate=True)
    except ObsError as error:
        raise Unavailable(f"studio {studio.name}: no picture: OBS {error}") from None
    except (binascii.Error, KeyError, AttributeError):
        jpeg = b""
    if not jpeg.startswith(_JPEG):
        raise Unavailable(f"studio {studio.name}: OBS gave a screenshot that is no picture")
    return Shot(taken_at, _body(jpeg), _body(as_json(muted, jpeg)))


def as_json(muted: bool | None, jpeg: bytes | None) -> bytes:
    """PreviewOut's bytes; without a picture OBS is not connected."""
    image = f"data:{MEDIA_TYPE};base64,{base64.b64encode(jpeg).decode()}" if jpeg else None
    return json.dumps({"connected": bool(jpeg), "muted": muted, "image": image}).encode()


def _ask(studio: Studio, microphone: str | None) -> tuple[str, bool | None]:
    """The program scene's name, and whether the microphone is muted, in one round trip."""
    wishes = [("GetCurrentProgramScene", None), ("GetInputMute", {"inputName": microphone})]
    scene, *mute = studio.link.batch(wishes if microphone else wishes[:1])
    if isinstance(scene, RequestFailed):
        raise scene
    muted = None
    if mute and not isinstance(mute[0], RequestFailed):
        muted = mute[0].get("inputMuted")
    return scene["currentProgramSceneName"], muted


def _body(content: bytes) -> Body:
    return Body(content, f'"{hashlib.sha256(content).hexdigest()[:32]}"')
