"""Requests for still images: what a source shows right now."""

from __future__ import annotations

import base64
from pathlib import Path

import cv2

from leitstand.demo.obs.fields import Fields
from leitstand.demo.obs.protocol import Json, Refused, Status
from leitstand.demo.obs.requests.general import Handler
from leitstand.demo.obs.studio import Studio

FORMATS = ("bmp", "jpeg", "jpg", "pgm", "png", "ppm")
SMALLEST, LARGEST = 8, 4096
ORDINARY_QUALITY = 75


def get_source_screenshot(studio: Studio, fields: Fields) -> Json:
    encoded = base64.b64encode(_image(studio, fields)).decode()
    return {"imageData": f"data:image/{fields.text('imageFormat')};base64,{encoded}"}


def save_source_screenshot(studio: Studio, fields: Fields) -> None:
    image, path = _image(studio, fields), Path(fields.text("imageFilePath"))
    if not path.parent.is_dir():
        raise Refused(Status.NOT_FOUND, "The directory for your file path does not exist.")
    path.write_bytes(image)


def _image(studio: Studio, fields: Fields) -> bytes:
    source, format_ = fields.text("sourceName"), fields.text("imageFormat")
    studio.stage.must_exist(source)
    if format_ not in FORMATS:
        comment = "Your specified image format is invalid or not supported by this system."
        raise Refused(Status.INVALID_FIELD, comment)
    size = _size(studio, fields)
    quality = ORDINARY_QUALITY
    if fields.has("imageCompressionQuality"):
        given = int(fields.number("imageCompressionQuality", -1, 100))
        quality = given if given >= 0 else ORDINARY_QUALITY
    image = cv2.cvtColor(studio.program.still(source), cv2.COLOR_YUV2BGR_I420)
    if size != studio.program.size:
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    options = [cv2.IMWRITE_JPEG_QUALITY, quality] if format_ in ("jpg", "jpeg") else []
    return bytes(cv2.imencode(f".{format_}", image, options)[1])


def _size(studio: Studio, fields: Fields) -> tuple[int, int]:
    """One side given keeps the shape."""
    width, height = studio.program.size
    sides = [
        int(fields.number(name, SMALLEST, LARGEST)) if fields.has(name) else None
        for name in ("imageWidth", "imageHeight")
    ]
    match sides:
        case [int(across), int(down)]:
            return across, down
        case [int(across), None]:
            return across, max(1, across * height // width)
        case [None, int(down)]:
            return max(1, down * width // height), down
    return width, height


REQUESTS: dict[str, Handler] = {
    "GetSourceScreenshot": get_source_screenshot,
    "SaveSourceScreenshot": save_source_screenshot,
}
