"""A video with a display matrix is upright in every clip, as another program shows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from leitstand.cut import Mode, Part, Request, Result, cut
from leitstand.cut.request import Effects
from tests.leitstand.cut.footage import ORIENTATIONS, SIZE, Film, filmed
from tests.leitstand.cut.screen import rotation, shown
from tests.soak import is_soak

TURNED = [name for name in ORIENTATIONS if name != "plain"]
SAMPLE = TURNED if is_soak() else ["turned right", "transposed the other way"]
WAYS = {
    "exact": (Mode.EXACT, 1.0, 4.4),
    "copy": (Mode.COPY, 2.0, 4.0),
    "no key frame": (Mode.EXACT, 2.2, 2.8),
    "whole": (Mode.REENCODE, 1.0, 3.0),
}


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("films")
    return {name: filmed(folder / f"{name}.mp4", Film(orientation=name)) for name in ORIENTATIONS}


def _cut(clip: Path, source: Path, way: str, **more: object) -> Result:
    mode, start, end = WAYS[way]
    result = cut(Request([Part(source, start, end)], clip, mode, **more))  # type: ignore[arg-type]
    assert result.verdict is None or result.verdict.right
    assert "check" not in result.reason
    return result


def _numbers(way: str) -> list[int]:
    _, start, end = WAYS[way]
    return list(range(round(start * 25), round(end * 25)))


@pytest.mark.parametrize("name", ORIENTATIONS)
def test_the_footage_is_turned(films: dict[str, Path], name: str) -> None:
    seen = shown(films[name])
    assert (seen.size, seen.numbers) == (SIZE, list(range(150)))
    assert (rotation(films[name]) is None) == (name == "plain")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", SAMPLE)
def test_a_clip_is_upright(films: dict[str, Path], tmp_path: Path, name: str, way: str) -> None:
    for suffix in (".mp4", ".mkv"):
        clip = tmp_path / f"clip{suffix}"
        result = _cut(clip, films[name], way)
        assert (result.mode_used is Mode.REENCODE) == (way in ("no key frame", "whole"))
        seen = shown(clip)
        assert seen.size == SIZE
        assert seen.numbers == _numbers(way)
        # Where frames are encoded whole they are turned, and no player has to.
        assert (rotation(clip) is None) == (result.mode_used is Mode.REENCODE)


def test_a_webm_clip_is_upright(films: dict[str, Path], tmp_path: Path) -> None:
    _cut(tmp_path / "clip.webm", films["turned left"], "whole")
    seen = shown(tmp_path / "clip.webm")
    assert (seen.size, seen.numbers) == (SIZE, _numbers("whole"))


@pytest.mark.parametrize(("wish", "size"), [({"width": 80}, (80, 48)), ({"height": 48}, (80, 48))])
def test_width_and_height_are_those_of_the_upright_picture(
    films: dict[str, Path], tmp_path: Path, wish: dict[str, int], size: tuple[int, int]
) -> None:
    _cut(tmp_path / "clip.mp4", films["turned right"], "whole", **wish)
    assert shown(tmp_path / "clip.mp4").size == size


def test_another_shape_is_not_squeezed(films: dict[str, Path], tmp_path: Path) -> None:
    _cut(tmp_path / "clip.mp4", films["turned right"], "whole", width=160, height=160)
    seen = shown(tmp_path / "clip.mp4")
    assert seen.size == (160, 160)
    for frame in seen.frames:
        assert max(frame[:30].max(), frame[130:].max()) < 8
    inside = [frame[32:128] for frame in seen.frames]
    assert type(seen)(inside).numbers == _numbers("whole")


@pytest.mark.parametrize("name", SAMPLE)
def test_a_clip_with_a_fade_is_upright(films: dict[str, Path], tmp_path: Path, name: str) -> None:
    _cut(tmp_path / "clip.mp4", films[name], "whole", effects=Effects(fade_in=0.2))
    seen = shown(tmp_path / "clip.mp4")
    assert seen.size == SIZE
    assert seen.numbers[10:] == _numbers("whole")[10:]


def test_parts_of_one_orientation_are_copied(films: dict[str, Path], tmp_path: Path) -> None:
    source, clip = films["turned right"], tmp_path / "clip.mp4"
    result = cut(Request([Part(source, 1.0, 3.0), Part(source, 3.6, 5.0)], clip))
    assert (result.mode_used, result.reason) == (Mode.EXACT, "")
    seen = shown(clip)
    assert (seen.size, seen.numbers) == (SIZE, [*range(25, 75), *range(90, 125)])


def test_a_part_that_was_filmed_the_other_way_round_is_upright_too(
    films: dict[str, Path], tmp_path: Path
) -> None:
    clip = tmp_path / "clip.mp4"
    parts = [Part(films[name], 1.0, 3.4) for name in ("turned right", "turned left")]
    result = cut(Request(parts, clip))
    assert result.mode_used is Mode.REENCODE
    assert "orientation" in result.reason
    seen = shown(clip)
    assert (seen.size, seen.numbers) == (SIZE, [*range(25, 85)] * 2)


def test_a_portrait_part_is_letterboxed(films: dict[str, Path], tmp_path: Path) -> None:
    portrait = filmed(tmp_path / "portrait.mp4", Film(orientation="turned right", size=(96, 160)))
    clip = tmp_path / "clip.mp4"
    cut(Request([Part(films["plain"], 1.0, 3.0), Part(portrait, 1.0, 3.0)], clip))
    seen = shown(clip)
    assert seen.size == SIZE
    assert seen.numbers[:50] == list(range(25, 75))
    for frame in seen.frames[50:]:
        assert max(frame[:, :48].max(), frame[:, 112:].max()) < 8
        assert frame[:, 52:108].std() > 20
