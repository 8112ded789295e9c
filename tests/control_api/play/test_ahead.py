"""The newest videos are looked at before somebody plays them, each once."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from control_api.errors import BadInput, Unavailable
from control_api.library.store import VideoStore
from control_api.play.ahead import NEWEST, Ahead
from control_api.play.reading import Reader
from control_api.play.service import PlayService
from control_api.play.store import PlayStore
from tests.control_api.play.conftest import PLAIN, Room, packets

BROKEN = Reader((sys.executable, "-c", "raise SystemExit(1)"))


class Counting(Reader):
    """Notes what it was asked, and refuses `fails` times."""

    def __init__(self, *fails: Exception) -> None:
        super().__init__()
        self.forms: list[str] = []
        self._fails = list(fails)

    def examine(self, file: BinaryIO, form: str, answer: BinaryIO) -> None:
        self.forms.append(form)
        if self._fails:
            raise self._fails.pop(0)
        super().examine(file, form, answer)


def ahead(room: Room, reader: Reader) -> Ahead:
    store = PlayStore(room.cache, room.most_bytes)
    service = PlayService(room.house.service, room.jobs, reader, store)
    return Ahead(VideoStore(room.house.database), service)


def test_a_new_video_plays_without_being_read_again(room: Room, tmp_path: Path) -> None:
    id = room.put("a.mkv")
    ahead(room, Reader()).run()
    unread = replace(room, reader=BROKEN)
    assert unread.how(id)["ready"]
    assert packets(unread.played(id, tmp_path / "played.mp4"), "video")


def test_each_is_read_once_whatever_comes_of_it(room: Room) -> None:
    room.put("a.mkv")
    room.put("b.mkv", replace(PLAIN, size=(176, 96)))
    reader = Counting(BadInput("the file: it brings down what reads it"))
    it = ahead(room, reader)
    it.run()
    it.run()
    assert len(reader.forms) == 2


def test_who_had_no_time_is_asked_again(room: Room) -> None:
    id = room.put("a.mkv")
    reader = Counting(Unavailable("other videos are being prepared"))
    it = ahead(room, reader)
    it.run()
    it.run()
    it.run()
    assert len(reader.forms) == 2
    assert room.how(id)["ready"]


def test_an_archive_is_left_alone(room: Room) -> None:
    for number in range(NEWEST + 3):
        # Of one size they would be copies of one video.
        room.put(f"{number}.mkv", replace(PLAIN, size=(160 + 16 * number, 96)))
    reader = Counting()
    ahead(room, reader).run()
    assert len(reader.forms) == NEWEST
