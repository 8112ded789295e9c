"""Chapters and text subtitles of a recording are in its clips, at their time."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from leitstand.cut import Mode, Part, Request, cut
from leitstand.cut.request import Chapter, Effects, Tags
from leitstand.cut.subtitle_text import converted, text
from tests.leitstand.cut.footage import Film, filmed
from tests.leitstand.cut.screen import chapters, stream, subtitles

_SRT = """1
00:00:00,500 --> 00:00:01,500
<i>before</i>

2
00:00:01,800 --> 00:00:02,600
over the start

3
00:00:03,000 --> 00:00:03,500
two lines
and äöü <b>bold</b>

4
00:00:04,200 --> 00:00:06,000
over the end
"""
_CHAPTERS = """;FFMETADATA1
[CHAPTER]
TIMEBASE=1/1000
START=0
END=3000
title=First song
[CHAPTER]
TIMEBASE=1/1000
START=3000
END=6000
title=Second song
"""
_SPAN = (2.2, 4.6)
_HEARD = [
    (0.0, 0.4, "over the start"),
    (0.8, 1.3, "two lines\nand äöü bold"),
    (2.0, 2.4, "over the end"),
]
_CODECS = {"mp4": "mov_text", "mkv": "subrip", "webm": "webvtt"}
_SOURCES = {"mp4": "mov_text", "srt.mkv": "srt", "ass.mkv": "ass", "vtt.mkv": "webvtt"}


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("texts")
    film = filmed(folder / "film.mp4", Film())
    (folder / "a.srt").write_text(_SRT, encoding="utf-8")
    (folder / "a.txt").write_text(_CHAPTERS, encoding="utf-8")
    made = {}
    for name, codec in _SOURCES.items():
        made[name] = folder / f"source.{name}"
        command = [get_ffmpeg_exe(), "-v", "error", "-i", film, "-i", folder / "a.srt"]
        command += ["-i", folder / "a.txt", "-map", "0", "-map", "1", "-map_metadata", "2"]
        command += ["-c", "copy", "-c:s", codec, "-metadata:s:s:0", "language=deu", made[name]]
        subprocess.run(command, check=True)
    return made


def _same(found: list[tuple[float, float, str]], wanted: list[tuple[float, float, str]]) -> bool:
    return len(found) == len(wanted) and all(
        a[2] == b[2] and max(abs(a[0] - b[0]), abs(a[1] - b[1])) < 0.045
        for a, b in zip(found, wanted, strict=True)
    )


@pytest.mark.parametrize("container", _CODECS)
@pytest.mark.parametrize("name", _SOURCES)
def test_subtitles_are_in_the_clip_at_their_time(
    films: dict[str, Path], tmp_path: Path, name: str, container: str
) -> None:
    clip = tmp_path / f"clip.{container}"
    cut(Request([Part(films[name], *_SPAN)], clip))
    found = subtitles(clip)
    assert _same(found, _HEARD), found
    header = stream(clip, "s:0")
    own = {"ass.mkv": "ass", "vtt.mkv": "webvtt"}.get(name) if container == "mkv" else None
    assert header["codec_name"] == own or _CODECS[container]
    assert header["tags"]["language"] in ("deu", "ger")


@pytest.mark.parametrize("mode", [Mode.COPY, Mode.REENCODE])
def test_subtitles_in_the_other_modes(films: dict[str, Path], tmp_path: Path, mode: Mode) -> None:
    clip = tmp_path / "clip.mp4"
    cut(Request([Part(films["srt.mkv"], *_SPAN)], clip, mode))
    early = 0.2 if mode is Mode.COPY else 0.0
    wanted = [(at + early, until + early, said) for at, until, said in _HEARD]
    wanted[0] = (0.0, wanted[0][1], wanted[0][2])
    found = subtitles(clip)
    assert _same(found, wanted), found


def test_subtitles_with_a_fade_and_of_parts(films: dict[str, Path], tmp_path: Path) -> None:
    clip, part = tmp_path / "clip.mp4", Part(films["srt.mkv"], *_SPAN)
    cut(Request([part], clip, Mode.REENCODE, effects=Effects(fade_in=0.2)))
    assert _same(subtitles(clip), _HEARD)
    cut(Request([part, Part(films["mp4"], 2.9, 3.9)], clip))
    second = [(2.4 + 0.1, 2.4 + 0.6, _HEARD[1][2])]
    assert _same(subtitles(clip), _HEARD + second)


@pytest.mark.parametrize("container", _CODECS)
@pytest.mark.parametrize("name", ["mp4", "srt.mkv"])
def test_chapters_are_in_the_clip(
    films: dict[str, Path], tmp_path: Path, name: str, container: str
) -> None:
    clip = tmp_path / f"clip.{container}"
    cut(Request([Part(films[name], *_SPAN)], clip))
    assert _same(chapters(clip), [(0.0, 0.8, "First song"), (0.8, 2.4, "Second song")])


def test_chapters_of_parts_and_with_a_fade(films: dict[str, Path], tmp_path: Path) -> None:
    clip, parts = tmp_path / "clip.mp4", [Part(films["mp4"], 1, 2), Part(films["mp4"], 2.5, 4)]
    cut(Request(parts, clip))
    songs = ["First song", "First song", "Second song"]
    assert _same(chapters(clip), list(zip([0.0, 1.0, 1.5], [1.0, 1.5, 2.5], songs, strict=True)))
    cut(Request(parts[1:], clip, Mode.REENCODE, effects=Effects(fade_out=0.2)))
    assert _same(chapters(clip), [(0.0, 0.5, songs[0]), (0.5, 1.5, songs[2])])


def test_chapters_that_were_requested_come_first(films: dict[str, Path], tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    tags = Tags("A title", [Chapter(0, 2.4, "Mine")])
    cut(Request([Part(films["mp4"], *_SPAN)], clip, title=tags))
    assert _same(chapters(clip), [(0.0, 2.4, "Mine")])


def test_text_is_found_in_every_codec() -> None:
    assert text(b"\0\5hello\0\0\0\x0cstyl", "mov_text") == "hello"
    assert text(b"\0\x06\xfe\xff\0h\0i", "mov_text") == "hi"
    assert text(b"\0", "mov_text") == ""
    assert text(b"7,0,Default,,0,0,0,,{\\i1}one{\\i0}, two\\Nthree", "ass") == "one, two\nthree"
    assert text(b"<v Roger>a &lt; b</v> <00:01.000>c", "webvtt") == "a < b c"
    assert text(b"1 < 2 <font color=red>red</font>\r\nx", "subrip") == "1 < 2 red\nx"


def test_text_cannot_break_out_of_its_codec() -> None:
    assert converted(b"a --> b\n\nc", "subrip", "webvtt") == b"a --&gt; b\nc"
    long = converted("ä".encode() * 40_000, "subrip", "mov_text")
    assert int.from_bytes(long[:2], "big") == len(long) - 2 == 65_534
