"""The output that records, whatever it is called, and the path of its file."""

from __future__ import annotations

import pytest

from leitstand.recordfile.output import active_output, path_in


def listed(*outputs: tuple[str, str, bool]) -> dict[str, object]:
    names = ("outputName", "outputKind", "outputActive")
    return {"outputs": [dict(zip(names, output, strict=True)) for output in outputs]}


OTHERS = (
    ("adv_stream", "rtmp_output", True),
    ("virtualcam_output", "virtualcam_output", True),
    ("Replay Buffer", "replay_buffer", True),
    ("NDI", "ndi_output", True),
)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("simple_file_output", "ffmpeg_muxer"),
        ("adv_file_output", "ffmpeg_muxer"),
        ("adv_ffmpeg_output", "ffmpeg_output"),
        ("adv_file_output", "mp4_output"),
        ("simple_file_output", "a_kind_that_does_not_exist_yet"),
        ("vertical canvas", "ffmpeg_muxer"),
    ],
)
def test_the_output_that_records(name: str, kind: str) -> None:
    assert active_output(listed(*OTHERS, (name, kind, True))) == name
    assert active_output(listed(*OTHERS, (name, kind, False))) is None


def test_obs_own_output_comes_before_those_of_plugins() -> None:
    own, other = ("adv_file_output", "ffmpeg_muxer", True), ("plugin", "ffmpeg_muxer", True)
    assert active_output(listed(other, own)) == "adv_file_output"


def test_an_unknown_answer_has_no_output() -> None:
    assert active_output({"outputs": [{}]}) is None
    assert active_output({}) is None


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"path": "/rec/a.mkv"}, "/rec/a.mkv"),
        ({"url": "/rec/a.mkv"}, "/rec/a.mkv"),
        ({"url": "rtmp://somewhere/live"}, None),
        ({"path": ""}, None),
        ({"path": 3}, None),
        ({}, None),
        (None, None),
    ],
)
def test_the_path_in_its_settings(settings: object, path: str | None) -> None:
    assert path_in({"outputSettings": settings}) == path
