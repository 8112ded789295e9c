"""What a worker says of files that are not what they should be."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from control_api.clips import work
from control_api.jobs.work import Failed
from tests.control_api.clips.conftest import Room
from tests.leitstand.cut.media import Recipe, record
from tests.leitstand.cut.test_broken_audio import broken


def made(room: Room, file: Path) -> dict[str, Any]:
    params = room.params({"video_id": room.ids[0], "start": 0, "end": 1})
    params["request"]["parts"] = [{"path": str(file), "start": 0, "end": 1}]
    return work.work(params, lambda *_: None)


def test_pictures_that_are_too_large_are_not_decoded(room: Room, tmp_path: Path) -> None:
    recipe = Recipe("png", {"g": "1"}, Fraction(5), 1, (8208, 96), pixels="rgb24", audio=())
    wide = record(tmp_path / "wide.mov", recipe)
    with pytest.raises(Failed, match="8208x96 pixels; at most 8192x8192"):
        made(room, wide)


def test_what_the_library_objects_to_is_said(
    room: Room, tmp_path: Path, footage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def object_(*_: object) -> None:
        raise ValueError("Frame does not match AudioResampler setup.")

    monkeypatch.setattr(work, "cut", object_)
    with pytest.raises(Failed, match="seems to be damaged .Frame does not match"):
        made(room, footage)


def test_a_clip_keeps_what_could_not_be_done_exactly(room: Room, tmp_path: Path) -> None:
    recipe = Recipe(options={"g": "25"}, seconds=6, audio=("mp2",))
    whole = record(tmp_path / "whole.mkv", recipe)
    params = room.params({"video_id": room.ids[0], "start": 0, "end": 1})
    file = str(broken(whole, tmp_path / "broken.mkv", range(100, 101)))
    params["request"]["parts"] = [{"path": file, "start": 1.2, "end": 5.3}]
    result = work.work(params, lambda *_: None)
    skipped = {"track": 0, "count": 1, "first": pytest.approx(1.2, abs=0.02)}
    notes = [{"code": "audio_packets_skipped", "params": skipped}, *result["notes"][1:]]
    assert result["notes"] == notes
    finish = room.clips.kind.finish
    assert finish is not None
    with room.house.database.begin() as session:
        assert finish(params, result, session)["notes"] == notes
    assert room.client.get(f"/api/clips/{params['id']}").json()["data"]["notes"] == notes
