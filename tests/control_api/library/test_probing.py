"""Real files looked into, hostile ones too: they neither reach out nor hang."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import av
import pytest

from control_api.library.probing import Gone, NotExamined, probe


def test_a_video(movie: Path) -> None:
    found = probe(movie)
    assert found.damaged == ""
    assert found.duration == pytest.approx(2.0, abs=0.05)
    picture, sound = found.tracks
    assert (picture["kind"], picture["codec"], picture["width"]) == ("video", "mpeg4", 64)
    assert (picture["height"], picture["fps"]) == (48, 25.0)
    assert (sound["kind"], sound["channels"], sound["sample_rate"]) == ("audio", 1, 48000)
    assert found.created == datetime(2026, 11, 20, 19, 30, tzinfo=UTC).timestamp()


def test_one_that_was_cut_off_plays_and_has_a_length(movie: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(movie.read_bytes()[: movie.stat().st_size * 3 // 4])
    found = probe(cut)
    assert found.damaged == ""
    assert 0.2 < found.duration <= 2.05


def test_the_length_counts_from_the_first_picture(movie: Path, tmp_path: Path) -> None:
    late = tmp_path / "late.mkv"
    with av.open(str(movie)) as source, av.open(str(late), "w") as target:
        streams = [target.add_stream_from_template(stream) for stream in source.streams]
        for packet in source.demux():
            if packet.dts is not None and packet.pts is not None:
                shift = int(5 / packet.time_base)
                packet.stream, packet.pts, packet.dts = (
                    streams[packet.stream.index],
                    packet.pts + shift,
                    packet.dts + shift,
                )
                target.mux(packet)
    with av.open(str(late)) as container:
        assert (container.start_time or 0) > 4_900_000
    assert probe(late).duration == pytest.approx(2, abs=0.05)


@pytest.mark.parametrize("keep", [0, 1, 10, 100])
def test_what_is_hardly_begun_is_damaged(movie: Path, tmp_path: Path, keep: int) -> None:
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(movie.read_bytes()[:keep])
    assert probe(cut).damaged


def scripts(secret: Path, port: int) -> dict[str, str]:
    return {
        "concat": f"ffconcat version 1.0\nfile '{secret}'\n",
        "hls of a file": f"#EXTM3U\n#EXTINF:9,\nfile://{secret}\n#EXT-X-ENDLIST\n",
        "hls of a url": f"#EXTM3U\n#EXTINF:9,\nhttp://127.0.0.1:{port}/x.ts\n#EXT-X-ENDLIST\n",
        "sdp": f"v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video {port} RTP/AVP 96\n",
        "dash": f"<MPD><Period><BaseURL>file://{secret}</BaseURL></Period></MPD>",
    }


@pytest.mark.parametrize("script", scripts(Path("x"), 1))
@pytest.mark.parametrize("extension", [".mkv", ".mp4", ".ts", ".avi", ".mp3"])
def test_a_script_that_poses_as_video_reaches_nothing(
    movie: Path, tmp_path: Path, script: str, extension: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        bad = tmp_path / f"bad{extension}"
        bad.write_text(scripts(movie, server.getsockname()[1])[script])
        found = probe(bad)
        assert found.damaged
        assert found.duration == 0
        with pytest.raises(TimeoutError):
            server.accept()


def test_the_process_that_looks_cannot_open_anything(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from leitstand.media.sandbox import lock_in\nlock_in()\n"
        "for call in (lambda: open('/etc/passwd'), lambda: __import__('socket').socket()):\n"
        "    try:\n        call()\n    except OSError as error:\n        print(error.errno)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", "import socket\n" + script.read_text()],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.stdout.split() == ["24", "24"], told.stderr


def test_random_damage_hurts_nobody(movie: Path, tmp_path: Path) -> None:
    whole = movie.read_bytes()
    for seed in range(10):
        bad = bytearray(whole)
        for step in range(200):
            bad[(seed * 7919 + step * step * 104_729) % len(bad)] ^= 1 << (step % 8)
        path = tmp_path / f"{seed}.mkv"
        path.write_bytes(bad)
        assert 0 <= probe(path).duration <= 1e8


def test_no_link_and_no_pipe_is_opened(movie: Path, tmp_path: Path) -> None:
    (tmp_path / "link.mkv").symlink_to(movie)
    os.mkfifo(tmp_path / "pipe.mkv")
    for name in ("link.mkv", "pipe.mkv", "none.mkv"):
        with pytest.raises(OSError):  # noqa: PT011
            probe(tmp_path / name)


def _run(script: str) -> tuple[str, ...]:
    """A command that is something else than the examination."""
    return sys.executable, "-I", "-c", script


CRASH = "import os; os.kill(os.getpid(), 11)"
KILLED = "import os; os.kill(os.getpid(), 9)"
SLEEP = "import time; time.sleep(60)"
SPIN = "import resource; resource.setrlimit(resource.RLIMIT_CPU, (1, 2))\nwhile True: pass"
NO_MEMORY = """import json
print(json.dumps({"folder": 1, "stat": [1, 1], "unexamined": "there is not enough memory"}))"""


@pytest.mark.parametrize(
    ("script", "why", "is_crash"),
    [
        (SLEEP, "not ended after", False),
        (KILLED, "killed", False),
        (NO_MEMORY, "memory", False),
        ("raise SystemExit(1)", "ended with 1", False),
        ("print('nonsense')", "no answer", False),
        (CRASH, "brings down", True),
        (SPIN, "CPU time", True),
    ],
)
def test_what_ends_the_process_says_nothing_about_the_file(
    movie: Path, script: str, why: str, is_crash: bool
) -> None:
    with pytest.raises(NotExamined, match=why) as failure:
        probe(movie, command=_run(script), wall_seconds=30 if script == SPIN else 3)
    assert failure.value.is_crash == is_crash


def test_a_process_that_cannot_be_started_says_nothing_about_the_file(
    movie: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(NotExamined, match="no process could be started"):
        probe(movie)


def test_one_that_is_not_waited_for_any_longer_is_ended(movie: Path, tmp_path: Path) -> None:
    told = tmp_path / "pid"
    script = f"import os, time; open({str(told)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    with pytest.raises(NotExamined):
        probe(
            movie,
            command=_run(script),
            is_cancelled=lambda: told.exists() and told.stat().st_size > 0,
        )
    assert not Path(f"/proc/{told.read_text()}").exists()


def test_what_is_gone_says_whether_its_folder_is_there(tmp_path: Path) -> None:
    with pytest.raises(Gone) as there:
        probe(tmp_path / "gone.mkv")
    assert there.value.folder == tmp_path.stat().st_ino
    with pytest.raises(Gone) as nowhere:
        probe(tmp_path / "unmounted" / "gone.mkv")
    assert nowhere.value.folder is None


def test_its_first_limit_of_cpu_time_has_a_signal_of_its_own() -> None:
    script = "from leitstand.media.sandbox import lock_in\nlock_in(cpu_seconds=1)\nwhile True: pass"
    done = subprocess.run([sys.executable, "-c", script], check=False)
    assert done.returncode == -signal.SIGXCPU


def test_a_name_that_says_nothing_of_the_format(movie: Path, tmp_path: Path) -> None:
    named = tmp_path / "recording"
    named.write_bytes(movie.read_bytes())
    assert probe(named).duration == pytest.approx(2.0, abs=0.05)
    named.write_text(f"ffconcat version 1.0\nfile '{movie}'\n")
    assert probe(named).damaged


def test_a_scan_with_the_real_thing(put_movie: Callable[[str], Path]) -> None:
    assert probe(put_movie("a.mkv")).tracks
