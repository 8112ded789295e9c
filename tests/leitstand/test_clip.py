"""`leitstand clip`: times as people write them, and a clip that is exact."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from leitstand import cli, clip
from leitstand.config import ConfigError
from leitstand.cut import verify
from tests.leitstand.cut.media import Recipe, record


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
