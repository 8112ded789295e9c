"""The text of a subtitle, out of a packet of one codec and into one of another. Pure."""

from __future__ import annotations

import html
import re
import struct

CODECS = {"mov_text", "subrip", "srt", "text", "webvtt", "ass", "ssa"}
_LENGTH = struct.Struct(">H")
_LONGEST = 0xFFFF
_BYTE_ORDER_MARKS = {b"\xfe\xff": "utf-16-be", b"\xff\xfe": "utf-16-le"}
# In Matroska: the order, the layer, style, name, three margins and the effect come first.
_ASS_FIELDS = 8
_ASS_OVERRIDE = re.compile(r"\{[^}]*\}")
_TAG = re.compile(r"</?[a-zA-Z][^>]*>|</?\d+>|<\d[\d:.]*>")


def converted(data: bytes, codec: str, into: str) -> bytes:
    """A packet with the same text in another codec (`mov_text`, `subrip` or `webvtt`)."""
    plain = text(data, codec)
    if into == "mov_text":
        coded = plain.encode()[:_LONGEST].decode(errors="ignore").encode()
        return _LENGTH.pack(len(coded)) + coded
    if into == "webvtt":
        # An arrow or an empty line would end the cue.
        lines = [line for line in plain.splitlines() if line.strip()]
        return html.escape("\n".join(lines), quote=False).encode()
    return plain.encode()


def text(data: bytes, codec: str) -> str:
    """The text of a packet, without its styles."""
    if codec == "mov_text":
        return _of_mov_text(data)
    said = data.decode(errors="replace").replace("\r\n", "\n")
    if codec in ("ass", "ssa"):
        said = said.split(",", _ASS_FIELDS)[-1]
        said = _ASS_OVERRIDE.sub("", said).replace("\\N", "\n").replace("\\n", "\n")
        return said.replace("\\h", " ").strip("\n\0")
    said = _TAG.sub("", said)
    return (html.unescape(said) if codec == "webvtt" else said).strip("\n\0")


def _of_mov_text(data: bytes) -> str:
    """3GPP TS 26.245, 5.17: a length, the text, and boxes of styles."""
    if len(data) < _LENGTH.size:
        return ""
    said = data[_LENGTH.size : _LENGTH.size + _LENGTH.unpack_from(data)[0]]
    coding = _BYTE_ORDER_MARKS.get(said[:2])
    return said[2:].decode(coding, "replace") if coding else said.decode(errors="replace")
