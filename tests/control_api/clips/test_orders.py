"""What is asked for becomes a job, or is refused with a sentence and leaves nothing."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import product
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control_api.clips import work
from control_api.clips.job import ClipJob, attempted
from control_api.jobs.work import attempt_path
from control_api.library.probing import probe
from leitstand.cut.request import Chapter, Effects, Logo, Mode, Part, Request, Tags
from leitstand.cut.stored import restored, stored
from tests.control_api.clips.conftest import RECIPE, Room
from tests.control_api.clips.test_logo import png
from tests.leitstand.cut.media import record, watch
from tests.leitstand.cut.test_chapters import chapters

ANEW = {"mode": "reencode"}
_TIMES = st.floats(0, 1e6)
_PATHS = st.text(st.characters(codec="utf-8", exclude_characters="\0/"), min_size=1).map(Path)


def requests() -> st.SearchStrategy[Request]:
    chapter = st.builds(Chapter, _TIMES, _TIMES, st.text())
    logo = st.builds(Logo, _PATHS)
    return st.builds(
        Request,
        parts=st.lists(st.builds(Part, _PATHS, _TIMES, _TIMES, st.none() | _TIMES), min_size=1),
        output=_PATHS,
        mode=st.sampled_from(Mode),
        container=st.none() | st.just("mkv"),
        width=st.none() | st.integers(16, 7680),
        title=st.none() | st.text() | st.builds(Tags, st.none() | st.text(), st.lists(chapter)),
        effects=st.none() | st.builds(Effects, _TIMES, _TIMES, st.none() | logo),
    )


def spans(params: dict[str, Any]) -> list[tuple[str, float, float]]:
    return [(id, round(start, 3), round(end, 3)) for id, start, end in params["spans"]]


def marks(params: dict[str, Any]) -> list[tuple[float, str]]:
    chapters = params["request"]["title"]["chapters"]
    return [(chapter["start"], chapter["title"]) for chapter in chapters]


def test_ranges_are_joined_in_the_order_asked_for(room: Room) -> None:
    first, second = room.ids
    ranges = [
        {"start": "20:00:31", "end": "20:00:33.5", "video_id": second},
        {"start": 2, "end": 4.5},
        {"start": "20:00:05", "end": 8},
    ]
    params = room.params({"video_id": first, "ranges": ranges, "title": "Best of"})
    assert spans(params) == [(second, 1, 3.5), (first, 2, 4.5), (first, 5, 8)]
    assert marks(params) == [(0, "20:00:31"), (2.5, "20:00:02"), (5.0, "20:00:05")]
    job = room.jobs.all()[0]
    assert sorted(job.reads) == sorted(room.ids)


def test_ranges_may_each_name_their_video(room: Room) -> None:
    ranges = [{"start": 1, "end": 2, "video_id": id} for id in room.ids]
    assert [id for id, *_ in spans(room.params({"ranges": ranges}))] == room.ids


def test_chapters_by_seconds_and_by_the_clock(room: Room) -> None:
    order = {
        "ranges": [
            {"start": "20:00:01", "end": "20:00:04", "video_id": room.ids[0]},
            {"start": "20:00:35", "end": "20:00:38", "video_id": room.ids[1]},
        ],
        "chapters": [
            {"at": "20:00:36.5", "title": "Zugabe"},
            {"at": 1, "title": "Anna"},
            {"at": "2026-11-20T20:00:03+01:00", "title": "Ben"},
        ],
    }
    titles = [(0, "Start"), (1, "Anna"), (2, "Ben"), (4.5, "Zugabe")]
    assert marks(room.params(order)) == titles
    one = {"video_id": room.ids[0], "start": 1, "end": 4}
    assert marks(room.params(one)) == []
    assert marks(room.params({**order, "chapters": []})) == []


CONTAINERS: list[tuple[dict[str, Any], str, str, bool]] = [
    ({}, ".mp4", "mp4", False),
    ({"container": "mkv", "audio_only": True}, ".mka", "mkv", True),
    ({"audio_only": True}, ".m4a", "mp4", True),
    ({"container": "m4a"}, ".m4a", "mp4", True),
    ({"container": "mka"}, ".mka", "mkv", True),
    ({"container": "webm", "audio_only": True}, ".webm", "webm", True),
]


def test_containers(room: Room) -> None:
    for change, suffix, container, audio_only in CONTAINERS:
        params = room.params({"video_id": room.ids[0], "start": 1, "end": 2, **change})
        assert Path(params["output"]).suffix == suffix
        request = params["request"]
        assert (request["container"], request["audio_only"]) == (container, audio_only)


GOOD = {"start": 1, "end": 4}


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"start": 4, "end": 1}, "end: 1 s is not after start, 4 s"),
    ({"start": 2, "end": 2}, "end: 2 s is not after start, 2 s"),
    ({"start": 20, "end": 30}, "start: 20 s: the video has 10.0"),
    ({"end": 30}, "end: 30 s: the video has 10.0"),
    ({"start": "19:00:00"}, "start: '19:00:00' is not in this video, which goes from 2026"),
    ({"start": "soon"}, "start: 'soon' is none of seconds into the video, a clock time"),
    ({"start": "nan"}, "start: 'nan' is none of"),
    ({"end": None}, "end: is missing; a clip needs start and end, or ranges"),
    ({"ranges": [GOOD]}, "ranges: either ranges or start and end are needed, and not both"),
    ({"studio": "stage"}, "video_id: one of video_id, studio and evening_id is needed, and no"),
    ({"evening_id": "0" * 16}, "video_id: one of video_id, studio and evening_id is needed, and"),
    ({"video_id": None}, "video_id: one of video_id, studio and evening_id is needed"),
    ({"width": 640}, "width: it needs mode reencode; mode is 'exact'"),
    ({"audio_bitrate": 64000, "mode": "copy"}, "audio_bitrate: it needs mode reencode"),
    ({"fade_in": 1}, "fade_in: fades need mode reencode; mode is 'exact'"),
    ({"logo": {}}, "logo: it needs mode reencode"),
    ({"logo": {}, **ANEW}, "logo: there is no logo; PUT /api/clips/logo with a PNG sets it"),
    ({"fade_in": 2, "fade_out": 2, **ANEW}, "fade_in: the fades take 4 s, the clip has 3.000"),
    ({"height": 96, "audio_only": True, **ANEW}, "height: a clip of sound alone has no"),
    ({"container": "avi"}, "container: 'avi': Input should be 'mp4', 'mkv', 'webm'"),
    ({"chapters": [{"at": 3, "title": "a"}]}, "chapters.0.at: 3 s: the clip has 3.000 s"),
    (
        {"chapters": [{"at": "20:00:09", "title": "a"}]},
        "chapters.0.at: '20:00:09' is in no part of the clip",
    ),
    ({"chapters": [{"at": 1, "title": ""}]}, "chapters.0.title: '': String should have"),
    ({"logo": {"opacity": 2}, **ANEW}, "logo.opacity: 2: Input should be less than"),
    ({"logo": {"path": "/etc/passwd"}, **ANEW}, "logo: '/etc/passwd': Extra inputs"),
]


def test_what_cannot_be_is_refused(room: Room) -> None:
    told = [room.refused({"video_id": room.ids[0], **GOOD, **change}) for change, _ in REFUSED]
    assert {status for status, _ in told} == {422}
    for (_, sentence), (_, detail) in zip(REFUSED, told, strict=True):
        assert detail[: len(sentence)] == sentence


WRONG: list[tuple[list[Any], int, str]] = [
    ([], 422, "ranges: List should have at least 1 item"),
    ([GOOD] * 21, 422, "ranges: List should have at most 20 items"),
    ([GOOD, {"start": 3, "end": 3}], 422, "ranges.1.end: 3 s is not after start, 3 s"),
    ([GOOD, {"start": 3, "end": 99}], 422, "ranges.1.end: 99 s: the video has 10"),
    ([GOOD, {"start": "21:00", "end": 9}], 422, "ranges.1.start: '21:00' is not in this"),
    ([{**GOOD, "video_id": "gone"}, GOOD], 404, "ranges.0.video_id: there is no video 'gone'"),
    ([{"start": 3}], 422, "ranges.0.end: Field required"),
]


def test_a_wrong_range_is_named(room: Room) -> None:
    for ranges, status, sentence in WRONG:
        told, detail = room.refused({"video_id": room.ids[0], "ranges": ranges})
        assert (told, detail[: len(sentence)]) == (status, sentence)


def test_numbers_that_are_none(room: Room) -> None:
    numbers = ("NaN", "Infinity", "-Infinity", "1e400", "-1")
    for key, number in product(("start", "end", "fade_in"), numbers):
        body = json.dumps({"video_id": room.ids[0], **GOOD, **ANEW, key: "here"})
        answer = room.client.post(
            "/api/clips",
            content=body.replace('"here"', number),
            headers={"Content-Type": "application/json"},
        )
        assert answer.status_code == 422, answer.text
        assert answer.json()["detail"].startswith(key)
    assert room.jobs.all() == []


@pytest.mark.parametrize("step", ["intended", "moved"])
def test_what_goes_to_the_trash_at_this_moment_is_not_queued(room: Room, step: str) -> None:
    changes, midway, go_on = room.house.changes, Event(), Event()

    def stop(at: str) -> None:
        if at == step:
            midway.set()
            go_on.wait(20)

    changes._after = stop
    order = {"video_id": room.ids[0], "start": 1, "end": 2}
    with ThreadPoolExecutor(2) as people:
        thrown = people.submit(room.house.service.throw, room.ids[0])
        assert midway.wait(20)
        answer = people.submit(room.client.post, "/api/clips", json=order)
        # Until it is decided, neither is.
        with pytest.raises(TimeoutError):
            answer.result(0.5)
        go_on.set()
        thrown.result(20)
        assert answer.result(20).status_code == 409
    assert room.jobs.all() == []


def test_what_nobody_can_decode_is_refused(room: Room, footage: Path) -> None:
    room.house.probe = probe
    content = footage.read_bytes()
    assert content.count(b"V_MPEG4/ISO/AVC") == 1
    path = room.house.root / "2026-11-20 22-00-00.mkv"
    path.write_bytes(content.replace(b"V_MPEG4/ISO/AVC", b"V_MPEG4/ISO/XXX"))
    status, detail = room.refused({"video_id": room.known(path), **GOOD})
    assert status == 409
    assert "is damaged" in detail
    assert "a clip needs one that is ready" in detail


def test_sound_and_pictures_must_be_there(room: Room) -> None:
    room.logo.put(png())
    room.house.probe = probe
    mute = record(room.house.root / "2026-11-20 22-00-00.mkv", replace(RECIPE, audio=()))
    status, detail = room.refused({"video_id": room.known(mute), **GOOD, "audio_only": True})
    assert (status, detail) == (422, "audio_only: what is asked for has no sound")
    blind = record(room.house.root / "2026-11-20 23-00-00.mkv", replace(RECIPE, pictures=False))
    order = {"video_id": room.known(blind), **GOOD, **ANEW, "logo": {}}
    assert room.refused(order) == (
        422,
        "logo: what is asked for has no pictures to put it on",
    )


def test_more_pieces_than_can_be_joined(room: Room) -> None:
    """Each pause is a seam."""
    id = room.ids[0]
    row = room.house.store.get(id)
    assert row is not None
    row.anchors = [[n / 4, 1e9 + 10 * n] for n in range(40)]
    row.studio, row.start = "stage", 1e9
    room.house.store.save(row)
    times = {"start": "2001-09-09T01:46:40Z", "end": "2001-09-09T01:53:10.2Z"}
    params = room.params({"studio": "stage", **times})
    assert len(params["request"]["parts"]) == 40
    status, detail = room.refused({"studio": "stage", "ranges": [times, times]})
    assert status == 422
    assert detail.startswith("ranges: it takes 80 pieces of files")


def test_the_worker_makes_what_was_ordered(room: Room) -> None:
    """Ranges joined, chapters, fades and logo, at the size asked for."""
    room.logo.put(png())
    params = room.params(
        {
            "ranges": [
                {"start": 1, "end": 3, "video_id": room.ids[0]},
                {"start": 5, "end": 7, "video_id": room.ids[1]},
            ],
            "mode": "reencode",
            "fade_in": 0.5,
            "fade_out": 0.5,
            "logo": {"corner": "bottom-left", "width": 0.1},
            "title": "Best of",
        }
    )
    told: list[float] = []
    result = work.work(params, lambda share, left=None: told.append(share))
    assert (result["mode_used"], result["verified"]) == ("reencode", True)
    assert result["duration"] == pytest.approx(4.0, abs=0.05)
    assert 0 < result["seconds_taken"] < 120
    clip = attempt_path(params)
    assert watch(clip).numbers[15:85] == [*range(40, 75), *range(125, 160)]
    assert chapters(clip) == [(0, 2, "20:00:01"), (2, 4, "20:00:35")]
    finish = room.clips.kind.finish
    assert finish is not None
    with room.house.database.begin() as session:
        assert finish(params, result, session)["seconds_taken"] == result["seconds_taken"]
    assert [path.name for path in clip.parent.iterdir()] == [Path(params["output"]).name]


def test_what_an_older_version_queued_is_made(room: Room) -> None:
    """Its parameters had the fields of the request beside their own, the first version fewer."""
    params = room.params({"video_id": room.ids[0], **GOOD})
    (part,) = params.pop("request")["parts"]
    first = {
        **params,
        "parts": [[part["path"], 1, 4]],
        "mode": "exact",
        "title": "Anna",
        "width": None,
        "height": None,
        "video_bitrate": None,
        "audio_only": False,
    }
    del first["details"]
    assert work.work(first, lambda *_: None)["verified"]
    room.logo.put(png())
    effects = {"fade_in": 0.5, "fade_out": 0.0, "logo": None}
    effects["logo"] = {"path": "/x", "corner": "top-left", "width": 0.2, "opacity": 1.0}
    later = {**first, "mode": "reencode", "container": "mkv", "effects": effects}
    later |= {"audio_bitrate": 64_000, "chapters": [[1, "Ben"]], "details": {"gaps": []}}
    job = ClipJob.of(later)
    assert job.details == {"gaps": []}
    assert (job.title, job.seconds) == ("Anna", 3)
    request = attempted(later)
    assert request.output == attempt_path(later)
    assert request.parts == [Part(Path(part["path"]), 1.0, 4.0)]
    assert (request.mode, request.container, request.audio_bitrate) == ("reencode", "mkv", 64_000)
    assert request.effects == Effects(0.5, 0.0, Logo(Path("/x"), "top-left", 0.2, 1.0))
    assert request.title == Tags("Anna", [Chapter(0, 1, "Anna"), Chapter(1, 3, "Ben")])


@given(requests())
def test_a_request_is_the_same_after_the_queue(request: Request) -> None:
    kept = json.loads(json.dumps(stored(request), allow_nan=False))
    assert restored(kept) == request


def test_cleaning_takes_away_what_one_attempt_has_left(room: Room) -> None:
    first = room.params({"video_id": room.ids[0], **GOOD})
    second = {**first, "attempt": 2}
    for params in (first, second):
        made = attempt_path(params)
        half = made.with_name(f"{made.name}.work")
        half.mkdir(parents=True)
        shutil.copyfile(params["request"]["parts"][0]["path"], half / "cut.mp4")
        made.touch()
        made.with_name(f"{made.name}.part").touch()
    Path(first["output"]).touch()
    for _ in range(2):
        room.clips.kind.clean(first)
    made = attempt_path(second).name
    names = {path.name for path in Path(first["output"]).parent.iterdir()}
    assert names == {Path(first["output"]).name, made, f"{made}.work", f"{made}.part"}
