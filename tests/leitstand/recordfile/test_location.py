"""Where OBS's file lies here: found in any sub-folder, and never outside of the folder."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import hypothesis
import pytest
from hypothesis import strategies as st

from leitstand.recordfile.location import below, locate, sibling


def touched(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    folder.mkdir()
    return folder


@pytest.mark.parametrize(
    ("path", "directory", "name"),
    [
        ("/srv/rec/show.mkv", "/srv/rec", "show.mkv"),
        ("/srv/rec/2026/show.mkv", "/srv/rec", "2026/show.mkv"),
        ("/elsewhere/show.mkv", "/srv/rec", "show.mkv"),
        ("/srv/rec/../../etc/passwd", "/srv/rec", "passwd"),
        (r"D:\Video\show.mkv", r"D:\Video", "show.mkv"),
        (r"D:\Video\a\show.mkv", r"D:\Video", "a/show.mkv"),
        ("D:/Video/a/show.mkv", r"d:\Video", "a/show.mkv"),
        ("show.mkv", None, "show.mkv"),
    ],
)
def test_without_a_file_its_place_is_below_the_record_directory(
    folder: Path, path: str, directory: str | None, name: str
) -> None:
    assert below(path, directory) == name
    assert locate(path, directory, folder) == folder / name


def test_obs_own_path_is_taken_if_it_lies_in_the_folder(folder: Path) -> None:
    own = touched(folder / "friday" / "show.mkv")
    touched(folder / "show.mkv")
    for directory in (None, str(folder), str(folder / "friday"), "/elsewhere"):
        assert locate(str(own), directory, folder) == own
    # Also before it exists, so that it is not mistaken for another.
    coming = folder / "saturday" / "show.mkv"
    assert locate(str(coming), str(folder / "saturday"), folder) == folder / "show.mkv"
    (folder / "show.mkv").unlink()
    assert locate(str(coming), str(folder / "saturday"), folder) == coming


@pytest.mark.parametrize("path", ["/video/obs/a/b/show.mkv", r"D:\obs\a\b\show.mkv"])
def test_the_longest_tail_that_exists_is_taken(folder: Path, path: str) -> None:
    assert locate(path, None, folder) == folder / "show.mkv"
    for tail in ("show.mkv", "b/show.mkv", "a/b/show.mkv"):
        expected = touched(folder / tail)
        assert locate(path, None, folder) == expected


def test_a_folder_behind_a_link_is_as_good(folder: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(folder)
    touched(folder / "sub" / "show.mkv")
    assert locate(str(folder / "sub" / "show.mkv"), None, link) == link / "sub" / "show.mkv"
    assert locate(str(link / "sub" / "show.mkv"), None, folder) == folder / "sub" / "show.mkv"


def test_links_lead_nowhere_else(folder: Path, tmp_path: Path) -> None:
    secret = touched(tmp_path / "secret" / "show.mkv")
    (folder / "way").symlink_to(secret.parent)
    (folder / "out.mkv").symlink_to(secret)
    (folder / "loop.mkv").symlink_to("loop.mkv")
    assert locate(str(folder / "way" / "show.mkv"), None, folder) is None
    assert locate("/x/way/show.mkv", "/x", folder) is None
    assert locate("/x/out.mkv", "/x", folder) is None
    for rest in ("/x/loop.mkv", "/x/\0.mkv", "/", "", "/x/" + "y" * 300):
        place = locate(rest, "/x", folder)
        assert place is None or place.parent == folder


PARTS = st.lists(
    st.sampled_from(["..", ".", "a", "b", "show.mkv", "way", "", "C:", " ", "\0"]), max_size=6
)


@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
@hypothesis.given(PARTS, PARTS, st.sampled_from("/\\"), st.booleans())
def test_no_path_leads_outside(
    folder: Path, parts: list[str], base: list[str], slash: str, absolute: bool
) -> None:
    if not (folder / "way").is_symlink():
        (folder / "way").symlink_to("..")
        touched(folder.parent / "show.mkv")
        touched(folder / "a" / "show.mkv")
    head = str(folder) + slash if absolute else slash
    place = locate(head + slash.join(parts), slash + slash.join(base), folder)
    if place is not None and "\0" not in str(place):
        assert place != folder
        assert place.resolve().is_relative_to(folder.resolve())


def test_a_neighbour_has_the_same_folder() -> None:
    assert sibling("/rec/a.mkv", "b.mkv") == "/rec/b.mkv"
    assert sibling(r"D:\rec\a.mkv", "b.mkv") == r"D:\rec\b.mkv"
    assert sibling("D:/rec/a.mkv", "b.mkv") == "D:/rec/b.mkv"
    assert PurePosixPath(sibling("a.mkv", "b.mkv")) == PurePosixPath("b.mkv")
