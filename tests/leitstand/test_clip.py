"""`leitstand clip`: times as people write them, and a clip that is exact."""

from __future__ import annotations

import io
import os
import threading
from pathlib import Path
from typing import Any

import av
import pytest
from rich.console import Console
from typer.testing import CliRunner

from leitstand import cli, clip
from leitstand.config import ConfigError
from leitstand.cut.verify import verify
from tests.leitstand.cut.media import Recipe, record, watch


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90.5", 90.5), ("1:30", 90), ("01:30.250", 90.25), ("1:01:01", 3661)],
)
def test_times(text: str, seconds: float) -> None:
    assert clip.seconds(text, "--from") == seconds


@pytest.mark.parametrize("text", ["", "-1", "1:2:3:4", "1:75", "soon", "1e3", "٣"])
def test_times_that_are_none(text: str) -> None:
    with pytest.raises(ConfigError, match="--from"):
        clip.seconds(text, "--from")


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli.app, ["clip", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_a_clip_by_command(tmp_path: Path) -> None:
    source, output = tmp_path / "evening.mkv", tmp_path / "act.mp4"
    record(source, Recipe(options={"g": "30"}))
    times = "--from", "0:00:02.1", "--to", "5.3"
    code, said, _ = run(str(source), *times, "--output", str(output))
    assert code == 0, said
    assert "checked against the source" in said
    assert verify(source, output, 2.1, 5.3).faults == ()
    code, _, told = run(str(source), *times, "--output", str(output))
    assert (code, told.strip()) == (
        2,
        f"leitstand: --output: {output} is there already; choose another name",
    )
    assert run(str(source), "--from", "5", "--to", "2", "--output", str(tmp_path / "x.mp4"))[0] == 2
    assert not (tmp_path / "x.mp4").exists()


def test_the_last_seconds_of_a_running_recording(tmp_path: Path) -> None:
    recipe = Recipe(options={"g": "25"}, seconds=6, container={"cluster_time_limit": "500"})
    whole = record(tmp_path / "whole.mkv", recipe).read_bytes()
    running = tmp_path / "running.mkv"
    running.write_bytes(whole[: len(whole) * 3 // 4])
    output = tmp_path / "last.mp4"
    code, said, _ = run(str(running), "--last", "2", "--output", str(output))
    assert (code, "2.000 s" in said) == (0, True)
    numbers = watch(output).numbers
    assert numbers == [*range(numbers[0], numbers[0] + len(numbers))]
    assert 80 < numbers[-1] < 113


def test_the_last_seconds_of_a_finished_one(tmp_path: Path) -> None:
    source = record(tmp_path / "evening.mp4", Recipe(options={"g": "25"}, seconds=4))
    os.utime(source, (1e9, 1e9))
    output = tmp_path / "last.mp4"
    assert run(str(source), "--last", "1", "--output", str(output))[0] == 0
    assert watch(output).numbers[-1] == 99


def test_what_last_refuses(tmp_path: Path) -> None:
    whole = record(tmp_path / "whole.mp4", Recipe(seconds=2)).read_bytes()
    plain = tmp_path / "plain.mp4"
    plain.write_bytes(whole[:-2000])
    for arguments, sentence in (
        (["--last", "2"], "set the recording format in OBS to Matroska (mkv), hybrid MP4 or"),
        (["--last", "2", "--from", "1"], "--last: instead of --from and --to"),
        (["--from", "1"], "--from and --to are needed, or --last"),
    ):
        code, _, told = run(str(plain), *arguments, "--output", str(tmp_path / "x.mp4"))
        assert (code, sentence in " ".join(told.split())) == (2, True), told


def made(source: Path, output: Path, **more: Any) -> str:
    wish = clip.Wish(source, "1", "3", more.pop("mode", "exact"), output, **more)
    return clip.run(wish, threading.Event(), Console(file=io.StringIO()))


def test_fades_size_and_sound_alone(tmp_path: Path) -> None:
    source = record(tmp_path / "evening.mkv", Recipe(options={"g": "30"}, seconds=4))
    made(source, tmp_path / "act.m4a", title="Anna")
    with av.open(str(tmp_path / "act.m4a")) as sound:
        assert [stream.type for stream in sound.streams] == ["audio"]
        assert sound.metadata["title"] == "Anna"
    said = made(source, tmp_path / "act.mkv", mode="reencode", height=48, fade_in=0.5)
    assert "checked against the source" in said
    with av.open(str(tmp_path / "act.mkv")) as small:
        assert small.streams.video[0].height == 48


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"fade_in": 1.0}, "Fades and a logo need the mode reencode"),
        ({"height": 48}, "--height: another size needs --mode reencode"),
        ({"height": 47, "mode": "reencode"}, "--height: 47 is not an even number"),
        ({"logo": Path("gone.png"), "mode": "reencode"}, "--logo: gone.png: there is no such"),
    ],
)
def test_what_does_not_go_together(tmp_path: Path, more: dict[str, Any], sentence: str) -> None:
    source = tmp_path / "evening.mkv"
    source.touch()
    with pytest.raises(ConfigError, match=sentence):
        made(source, tmp_path / "act.mp4", **more)
    assert [path.name for path in tmp_path.iterdir()] == ["evening.mkv"]
