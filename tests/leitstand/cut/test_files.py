"""The files of a clip are opened once for all steps; in one stream nothing is decoded at a seam."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from leitstand.cut import alike, cut, files
from leitstand.cut.files import Files
from leitstand.cut.media import Media, opened
from leitstand.cut.request import Part, Request
from leitstand.cut.timeline import laid
from tests.leitstand.cut.test_seams import MEDIAMTX

SEGMENTS = sorted(MEDIAMTX.glob("*.mp4"))
PARTS = [Part(SEGMENTS[0], 2.0, 5.9), Part(SEGMENTS[1], 0.0, 4.0), Part(SEGMENTS[2], 0.0, 2.0)]


@pytest.fixture
def openings(monkeypatch: pytest.MonkeyPatch) -> Counter[Path]:
    """How often each file was opened to be kept."""
    counted: Counter[Path] = Counter()

    @contextmanager
    def counting(path: Path) -> Iterator[Media]:
        counted[path] += 1
        with opened(path) as media:
            yield media

    monkeypatch.setattr(files, "opened", counting)
    return counted


def test_a_file_is_opened_again_only_while_it_is_read(openings: Counter[Path]) -> None:
    path, kept = SEGMENTS[0], Files()
    with kept.opened(path) as one, kept.opened(path) as other:
        assert one is not other
    with kept.opened(path) as again:
        assert again in (one, other)
    assert openings[path] == 2
    kept.close()
    with kept.opened(path) as later:
        assert later not in (one, other)
    kept.close()


def test_a_clip_keeps_its_parts_open(openings: Counter[Path], tmp_path: Path) -> None:
    cut(Request(PARTS, tmp_path / "clip.mp4"))
    # Frames and audio are read at the same time.
    assert set(openings) == set(SEGMENTS[:3])
    assert max(openings.values()) <= 3


def test_of_one_stream_only_the_first_part_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = laid(PARTS, lambda: None)
    assert [piece.goes_on for piece in pieces] == [False, True, True]
    decoded: list[Path] = []

    @contextmanager
    def noting(path: Path) -> Iterator[Media]:
        decoded.append(path)
        with opened(path) as media:
            yield media

    monkeypatch.setattr(alike, "opened", noting)
    alike.alike(pieces, lambda: None)
    assert decoded == SEGMENTS[:1]
    picture = pieces[2].picture
    assert picture is not None
    other = replace(pieces[2], picture=replace(picture, extradata=b"other"))
    alike.alike([*pieces[:2], other], lambda: None)
    assert decoded == [SEGMENTS[0], SEGMENTS[0], SEGMENTS[2]]
