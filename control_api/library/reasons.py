"""The table of reason codes of files: why a video does not play, or not to its end.

Programs compare the code and read the parameters; texts for people are made from the templates
here, in both languages. The page's words and the documentation are generated from this table.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from control_api.recordings.reasons import Severity, Text


class FileCode(enum.StrEnum):
    """Stable identifiers; they are stored, and part of the API."""

    EMPTY_FILE = "empty_file"
    UNREADABLE = "unreadable"
    NO_TRACKS = "no_tracks"
    CRASHES_READER = "crashes_reader"
    NOT_EXAMINED = "not_examined"
    DAMAGED_END = "damaged_end"
    # Why a file that is being written cannot be read yet.
    NOTHING_WRITTEN = "nothing_written"
    INDEX_AT_THE_END = "index_at_the_end"
    FORMAT_NOT_GROWING = "format_not_growing"


FILE_TEXTS: Mapping[FileCode, Text] = {
    FileCode.EMPTY_FILE: Text("the file is empty", "die Datei ist leer", Severity.CRITICAL),
    FileCode.UNREADABLE: Text(
        "it does not play ({detail})",
        "sie lässt sich nicht abspielen ({detail})",
        Severity.CRITICAL,
    ),
    FileCode.NO_TRACKS: Text(
        "it has neither video nor audio", "sie enthält weder Bild noch Ton", Severity.CRITICAL
    ),
    FileCode.CRASHES_READER: Text(
        "it cannot be examined: {detail}",
        "sie lässt sich nicht untersuchen: {detail}",
        Severity.CRITICAL,
    ),
    FileCode.NOT_EXAMINED: Text("not examined yet: {detail}", "noch nicht untersucht: {detail}"),
    FileCode.DAMAGED_END: Text(
        "its end is damaged: {declared_seconds} s are declared, {seconds} s of them exist",
        "das Ende fehlt: {declared_seconds} s sind angegeben, {seconds} s davon vorhanden",
        Severity.WARNING,
    ),
    FileCode.NOTHING_WRITTEN: Text(
        "nothing of it can be read so far", "noch lässt sich nichts davon lesen"
    ),
    FileCode.INDEX_AT_THE_END: Text(
        "a plain MP4 or MOV cannot be read before the recording ends; set the recording format in "
        "OBS to Matroska (mkv), hybrid MP4 or fragmented MP4",
        "ein einfaches MP4 oder MOV ist erst nach dem Ende der Aufnahme lesbar; in OBS das "
        "Aufnahmeformat Matroska (mkv), hybrides MP4 oder fragmentiertes MP4 einstellen",
    ),
    FileCode.FORMAT_NOT_GROWING: Text(
        "a file of this format cannot be read before the recording ends; set the recording format "
        "in OBS to Matroska (mkv), hybrid MP4 or fragmented MP4",
        "eine Datei dieses Formats ist erst nach dem Ende der Aufnahme lesbar; in OBS das "
        "Aufnahmeformat Matroska (mkv), hybrides MP4 oder fragmentiertes MP4 einstellen",
    ),
}


@dataclass(frozen=True, slots=True)
class FileReason:
    """A code with the values of its template's parameters."""

    code: FileCode
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The sentence in English, as logs and the API give it."""
        return FILE_TEXTS[self.code].english.format_map(self.params)

    @property
    def is_fatal(self) -> bool:
        """Whether nothing of the file plays."""
        return is_fatal(self.code)


def is_fatal(code: str) -> bool:
    """Whether nothing plays of a file with this code; an empty one stands for no reason."""
    return bool(code) and FILE_TEXTS[FileCode(code)].severity is Severity.CRITICAL
