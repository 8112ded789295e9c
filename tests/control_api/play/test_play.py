"""What a player gets: the same packets at the same times, whatever file they come from."""

from __future__ import annotations

import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pytest

from control_api.jobs.tables import JobRow
from tests.control_api.play.conftest import PLAIN, Room, ffmpeg, packets
from tests.leitstand.cut.media import Recipe, watch

FRAGMENTS = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
NTSC = Recipe(options=PLAIN.options, seconds=4, rate=Fraction(30000, 1001))
VFR = replace(PLAIN, frame_times=[n / 25 + (n // 30) * 0.35 for n in range(75)])
VP9 = Recipe(codec="libvpx-vp9", options={"deadline": "realtime", "cpu-used": "8", "g": "25"})
SOURCES = {
    "mkv": (".mkv", PLAIN),
    "mkv ntsc": (".mkv", NTSC),
    "mkv vfr": (".mkv", VFR),
    "mkv opus": (".mkv", replace(PLAIN, audio=("libopus",))),
    "mkv mp3": (".mkv", replace(PLAIN, audio=("libmp3lame",))),
    "mkv flac": (".mkv", replace(PLAIN, audio=("flac",))),
    "mkv two sounds": (".mkv", replace(PLAIN, audio=("aac", "aac"))),
    "mkv late": (".mkv", replace(PLAIN, offset=7.5)),
    "mkv vp9": (".mkv", replace(VP9, seconds=4, audio=("libopus",))),
    "mkv sound": (".mkv", replace(PLAIN, pictures=False)),
    "mkv picture": (".mkv", replace(PLAIN, audio=())),
    "mp4": (".mp4", PLAIN),
    "mp4 in fragments": (".mp4", replace(PLAIN, container=FRAGMENTS)),
    "mov": (".mov", PLAIN),
    "flv": (".flv", PLAIN),
    "flv late": (".flv", replace(PLAIN, offset=3.2)),
}


def tick(path: Path) -> float:
    """The coarsest unit of time of a file's tracks, in seconds."""
    with av.open(str(path)) as container:
        return max(float(one.time_base or 1) for one in container.streams)


def start(path: Path) -> float:
    with av.open(str(path)) as container:
        return (container.start_time or 0) / 1e6


@pytest.mark.parametrize("source", SOURCES)
def test_nothing_is_copied_and_nothing_is_lost(room: Room, tmp_path: Path, source: str) -> None:
    extension, recipe = SOURCES[source]
    id = room.put(f"a{extension}", recipe)
    assert room.how(id)["how"] == "virtual"
    original, played = room.file(id), room.played(id, tmp_path / "played.mp4")
    kinds = ["video"] * recipe.pictures + ["audio"] * bool(recipe.audio)
    for kind in kinds:
        before, after = packets(original, kind), packets(played, kind)
        assert [one.data for one in after] == [one.data for one in before]
        assert [one.is_key for one in after] == [one.is_key for one in before]
        off = [abs(a.shown - b.shown) for a, b in zip(after, before, strict=True)]
        assert max(off) <= tick(original) + 2e-5
    if recipe.pictures:
        seen, wanted = watch(played), watch(original)
        assert seen.numbers == wanted.numbers
        for clicks, expected in zip(seen.clicks, wanted.clicks, strict=False):
            assert clicks == pytest.approx([at - start(original) for at in expected], abs=0.02)


def test_rounded_times_are_even_again(room: Room, tmp_path: Path) -> None:
    played = room.played(room.put("a.mkv", NTSC), tmp_path / "played.mp4")
    shown = sorted(one.shown for one in packets(played, "video"))
    gaps = [after - before for before, after in zip(shown, shown[1:], strict=False)]
    assert gaps == pytest.approx([1001 / 30000] * len(gaps), abs=1e-6)


def test_what_browsers_play_is_sent_as_it_is(room: Room, tmp_path: Path) -> None:
    fast = room.put("a.mp4", replace(PLAIN, container={"movflags": "faststart"}))
    webm = room.put("a.webm", replace(VP9, seconds=4, audio=("libopus",)))
    path = room.house.put("a.mp3")
    ffmpeg("-i", room.file(fast), "-vn", path)
    for id in (fast, webm, room.known(path)):
        told = room.how(id)
        assert (told["how"], told["ready"], told["reason"]) == ("as_is", True, "")
        content = room.played(id, tmp_path / "played").read_bytes()
        assert content == room.file(id).read_bytes()


@pytest.mark.parametrize("extension", [".ts", ".avi"])
def test_what_cannot_have_an_index_is_copied_by_a_job(
    room: Room, tmp_path: Path, extension: str
) -> None:
    options = {**PLAIN.options, "bf": "0"} if extension == ".avi" else PLAIN.options
    recipe = replace(PLAIN, options=options, audio=("aac" if extension == ".ts" else "mp3",))
    id = room.put(f"a{extension}", replace(recipe, audio=recipe.audio[:1]))
    told = room.how(id)
    assert (told["how"], told["ready"], told["job"]) == ("remux", False, None)
    played = room.made(id, tmp_path / "played.mp4")
    assert room.how(id)["job"]["result"]["encoded"] == []
    assert room.how(id)["ready"] is True
    seen, wanted = watch(played), watch(room.file(id))
    assert seen.numbers == wanted.numbers
    assert played.read_bytes().index(b"moov") < played.read_bytes().index(b"mdat")


def test_a_job_is_found_however_many_came_after_it(room: Room, tmp_path: Path) -> None:
    id = room.put("a.ts", replace(PLAIN, audio=("aac",)))
    room.made(id, tmp_path / "played.mp4")
    job = room.how(id)["job"]["id"]
    own = room.jobs.get(job)
    with room.house.database.begin() as session:
        for number in range(600):
            session.add(_later(own, f"{number:016x}"))
    assert room.how(id)["job"]["id"] == job


def _later(job: JobRow, video_id: str) -> JobRow:
    """A job of the same kind for another video."""
    columns = [column.name for column in JobRow.__table__.columns if column.name != "id"]
    same = {name: getattr(job, name) for name in columns}
    return JobRow(**same | {"video_id": video_id, "params": {"key": video_id}})


FOREIGN = {
    "mpeg2 and ac3": (".mpg", "mpeg2video", "mp2", {}, ["video", "audio"]),
    "hevc": (".mkv", "libx265", "aac", {"x265-params": "log-level=error"}, ["video"]),
    "pcm": (".mkv", "libx264", "pcm_s16le", {}, ["audio"]),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_what_no_browser_has_is_made_anew(room: Room, tmp_path: Path, name: str) -> None:
    extension, codec, sound, options, encoded = FOREIGN[name]
    id = room.put(f"a{extension}", Recipe(codec, options, seconds=4, audio=(sound,)))
    answer = room.client().get(f"/api/videos/{id}/play")
    assert answer.status_code == 202
    assert "no browser plays" in answer.json()["message"]
    again = room.client().get(f"/api/videos/{id}/play")
    assert again.status_code in (200, 202)
    if again.status_code == 202:
        assert again.json()["data"]["id"] == answer.json()["data"]["id"]
    job = answer.json()["data"]["id"]
    played = room.after(job, id, tmp_path / "played.mp4")
    assert room.how(id)["job"]["result"]["encoded"] == encoded
    with av.open(str(played)) as container:
        codecs = [one.codec_context.name for one in container.streams]
    assert codecs == ["h264", "aac"]
    seen, wanted = watch(played), watch(room.file(id))
    assert seen.numbers == wanted.numbers
    began = start(room.file(id))
    assert seen.times == pytest.approx([at - began for at in wanted.times], abs=0.02)
    assert len(seen.clicks[0]) == 4


def test_one_that_was_cut_off_plays_up_to_there(room: Room, tmp_path: Path) -> None:
    whole = room.shelf(".mkv", PLAIN).read_bytes()
    id = room.known(room.house.put("a.mkv", whole[: len(whole) * 3 // 4]))
    numbers = watch(room.played(id, tmp_path / "played.mp4")).numbers
    assert numbers[:50] == list(range(50))


def test_one_that_is_being_written_waits(room: Room) -> None:
    id = room.put("a.mkv")
    row = room.house.one()
    row.state = "writing"
    room.house.store.save(row)
    for path in ("play", "play.json"):
        answer = room.client().get(f"/api/videos/{id}/{path}")
        assert answer.status_code == 409
        assert "still being written" in answer.json()["detail"]


def test_a_replaced_file_gets_an_index_of_its_own(room: Room, tmp_path: Path) -> None:
    id = room.put("a.mkv")
    first = room.client().get(f"/api/videos/{id}/play")
    path = room.file(id)
    path.write_bytes(room.shelf(".mkv", NTSC).read_bytes())
    os.utime(path, (1.7e9, 1.7e9))
    room.house.scan()
    second = room.client().get(f"/api/videos/{id}/play")
    assert second.headers["etag"] != first.headers["etag"]
    assert watch(room.played(id, tmp_path / "p.mp4")).numbers == watch(path).numbers
