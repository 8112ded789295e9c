"""Files with cover art: frames, what is played and clips never show the cover."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from control_api.frames.reading import Reader
from control_api.frames.service import FrameService
from control_api.frames.store import StripStore
from leitstand.cut import Part, Request, cut
from tests.control_api.play.conftest import Room
from tests.control_api.play.test_damaged_end import shown
from tests.leitstand.cut.media import watch
from tests.leitstand.media.damage import recorded, with_cover


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4"])
def test_the_video_is_what_moves(room: Room, tmp_path: Path, name: str) -> None:
    path = room.house.put(name)
    path.unlink()
    with_cover(recorded(tmp_path / f"source-{name}"), path)
    path.with_suffix(".png").unlink()
    id = room.known(path)
    tracks = room.client().get(f"/api/videos/{id}").json()["data"]["tracks"]
    assert [(one["kind"], one["codec"]) for one in tracks] == [("video", "h264"), ("audio", "aac")]
    # A Matroska of ffmpeg begins with the priming of its audio, a fraction of a frame earlier.
    assert shown(room, id, 2.02) in (49, 50)
    played = room.played(id, tmp_path / "played.mp4")
    assert watch(played).numbers == list(range(150))
    cut(Request([Part(path, 1.0, 3.0)], tmp_path / "clip.mp4"))
    numbers = watch(tmp_path / "clip.mp4").numbers
    # Where no frame begins at the start, the one that is shown then is there, too.
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    assert len(numbers) in (50, 51)
    assert numbers[0] in (24, 25)


@pytest.mark.parametrize("name", ["a.m4a", "a.mp3"])
def test_audio_with_a_cover_has_no_frames(room: Room, tmp_path: Path, name: str) -> None:
    codec = {".mp3": "libmp3lame"}.get(Path(name).suffix, "aac")
    source = recorded(tmp_path / f"source-{name}", pictures=False, audio=(codec,))
    path = room.house.put(name)
    path.unlink()
    with_cover(source, path)
    path.with_suffix(".png").unlink()
    id = room.known(path)
    frames = FrameService(room.house.service, Reader(), StripStore(room.cache, 10**9))
    answer = room.serve({FrameService: frames}).get(f"/api/videos/{id}/frame?at=1")
    assert (answer.status_code, answer.json()["detail"]) == (
        422,
        "the file: it has audio only, no video",
    )
    assert room.how(id)["codecs"] == ["mp3" if name == "a.mp3" else "aac"]
    cut(Request([Part(path, 1.0, 3.0)], tmp_path / "clip.m4a", audio_only=True))
    with av.open(str(tmp_path / "clip.m4a")) as clip:
        assert not clip.streams.video
