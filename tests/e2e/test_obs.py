"""The exporter over a real OBS: what OBS does is what the metrics say, within a poll or two."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from leitstand.clients.obs import Address, ObsLink
from tests.obs import PROMPT, RealObs
from tests.relay import relayed
from tests.running import Process, Series, eventually, leitstand, process, scrape
from tests.soak import is_soak

PASSWORD = "hunter2-obs"
_FAILURES = 'leitstand_source_poll_failures_total{name="stage",source="obs"}'
BROKEN_OFF = ("Connection reset by peer", "Broken pipe", "closed the connection")
CHANGED = "obs_picture_last_change_timestamp_seconds"
ROUNDS = 100 if is_soak() else 2
Start = Callable[..., RealObs]


@dataclass
class Studio:
    """A real OBS, the exporter that watches it, and a link of our own to drive it."""

    obs: RealObs
    exporter: Process
    url: str
    link: ObsLink

    def series(self) -> Series:
        return scrape(self.url)

    def value(self, name: str, **labels: str) -> float | None:
        inside = ",".join(f'{k}="{v}"' for k, v in sorted({"studio": "stage", **labels}.items()))
        return self.series().get(f"{name}{{{inside}}}")

    def becomes(self, wanted: float | None, name: str, **labels: str) -> None:
        eventually(lambda: self.value(name, **labels) == wanted)

    def after_poll(self) -> Series:
        """The series when one more poll has been answered."""
        answered = 'leitstand_source_last_success_timestamp_seconds{name="stage",source="obs"}'
        last = self.series()[answered]
        return eventually(lambda: s if (s := self.series())[answered] > last else {})

    def passes(self, mark: float, name: str, **labels: str) -> float:
        return eventually(
            lambda: v if (v := self.value(name, **labels)) is not None and v > mark else 0.0
        )


@contextlib.contextmanager
def watching(
    tmp_path: Path, *studios: dict[str, Any], interval: str
) -> Iterator[tuple[Process, str]]:
    config = {
        "exporter": {"listen": "127.0.0.1:0", "poll_interval": interval, "slow_interval": "5s"},
        "obs": list(studios),
    }
    file = tmp_path / "leitstand.yml"
    file.write_text(yaml.safe_dump(config))
    command = leitstand("exporter", "--log-level", "debug", "--config", str(file))
    with process(command) as exporter:
        yield exporter, exporter.find(r"exporter .* at (http://\S+)")


def named(obs: RealObs, name: str = "stage") -> dict[str, Any]:
    settings = {"name": name, "port": obs.port, "recordings": str(obs.recordings)}
    return settings | ({"password": obs.password} if obs.password else {})


@contextlib.contextmanager
def opened(obs: RealObs) -> Iterator[Studio]:
    link = ObsLink(Address(obs.host, obs.port, lambda: PASSWORD))
    with watching(obs.folder, named(obs), interval="300ms") as (exporter, url):
        studio = Studio(obs, exporter, url, link)
        studio.becomes(1, "obs_up")
        yield studio
        link.close()
        assert PASSWORD not in exporter.output
        assert PASSWORD not in str(studio.series())


@pytest.fixture
def studio(real_obs: Start, request: pytest.FixtureRequest) -> Iterator[Studio]:
    # At the quality of the stream OBS cannot pause.
    muxer = getattr(request, "param", "")
    with opened(real_obs(password=PASSWORD, quality="Small", muxer=muxer)) as studio:
        yield studio


@pytest.mark.parametrize("studio", [PROMPT], indirect=True)
def test_what_obs_does_is_what_the_metrics_say(studio: Studio) -> None:
    request = studio.link.request
    studio.becomes(0, "obs_record_active")
    studio.becomes(1, "obs_scene_active", scene="Main")
    studio.passes(0.1, "obs_picture_luma_ratio")
    assert studio.value("obs_fps") is not None

    request("StartRecord")
    studio.becomes(1, "obs_record_active")
    studio.passes(0, "obs_record_file_bytes")
    written = studio.passes(0, "obs_record_bytes_total")
    request("PauseRecord")
    studio.becomes(1, "obs_record_paused")
    request("ResumeRecord")
    studio.becomes(0, "obs_record_paused")
    request("StopRecord")
    studio.becomes(0, "obs_record_active")
    studio.becomes(None, "obs_record_last_growth_timestamp_seconds")
    written = max(written, studio.value("obs_record_bytes_total") or 0)
    request("StartRecord")
    studio.passes(written, "obs_record_bytes_total")
    request("StopRecord")

    request("SetInputMute", {"inputName": "Microphone", "inputMuted": True})
    studio.becomes(1, "obs_input_muted", input="Microphone")
    assert (studio.value("obs_input_peak_decibels", input="Microphone") or -100) > -60
    studio.becomes(-100, "obs_input_peak_decibels", input="Silence")
    studio.becomes(0, "obs_input_muted", input="Silence")

    request("SetCurrentProgramScene", {"sceneName": "Black"})
    studio.becomes(1, "obs_scene_active", scene="Black")
    studio.becomes(0, "obs_scene_active", scene="Main")
    eventually(lambda: studio.value("obs_picture_luma_ratio") in (0.0, None), within=15)
    studio.becomes(0.0, "obs_picture_luma_ratio")


def test_kill_and_restart_in_the_middle_of_a_recording(studio: Studio) -> None:
    studio.link.request("StartRecord")
    written = studio.passes(0, "obs_record_bytes_total")
    frames = studio.passes(0, "obs_render_frames_total")
    studio.obs.kill()
    eventually(lambda: studio.value("obs_up") == 0, within=7)
    series = studio.series()
    assert [at for at in series if at.startswith("obs_")] == ['obs_up{studio="stage"}']
    studio.obs.start()
    studio.becomes(1, "obs_up")
    studio.becomes(0, "obs_record_active")
    assert (studio.value("obs_record_bytes_total") or 0) >= written
    studio.passes(frames, "obs_render_frames_total")
    failed, *rest = after_breaking_off(told_of("stage", studio.exporter.lines))
    assert "refused" in failed
    assert rest == ["answers again"]


def test_a_frozen_obs_is_down_and_right_again_when_it_goes_on(studio: Studio) -> None:
    request = studio.link.request
    request("SetCurrentProgramScene", {"sceneName": "Break"})
    request("SetInputMute", {"inputName": "Silence", "inputMuted": True})
    studio.becomes(1, "obs_scene_active", scene="Break")
    studio.becomes(1, "obs_input_muted", input="Silence")
    threads = psutil.Process(studio.exporter.pid).num_threads()
    before = studio.series()
    for number in range(ROUNDS):
        studio.obs.freeze()
        eventually(lambda: studio.value("obs_up") == 0, within=7)
        if number % 2 == 0:
            # Every other time it goes on while the link still waits for the answer.
            failed = studio.series()[_FAILURES]
            eventually(partial(_has_passed, studio, _FAILURES, failed), within=7)
        assert [at for at in studio.series() if at.startswith("obs_")] == ['obs_up{studio="stage"}']
        studio.obs.thaw()
        before = eventually(partial(_right_now, studio, before))
        for _ in range(3):
            before = studio.after_poll()
            assert _right(before, before), before
    assert psutil.Process(studio.exporter.pid).num_threads() <= threads + 2
    told = [line for line in studio.exporter.lines if " obs stage: " in line]
    news = ["answers again" in line for line in told]
    assert news == [False, True] * (len(told) // 2), told
    assert ROUNDS <= len(told) <= 2 * ROUNDS, told


def _has_passed(studio: Studio, series: str, mark: float) -> bool:
    return studio.series()[series] > mark


def _right_now(studio: Studio, before: Series) -> Series:
    return _right(studio.series(), before)


def _right(series: Series, before: Series) -> Series:
    """The series if they are all there and say what this OBS does; else none.

    A value that another request's answer would give is out of these bounds, or not there.
    """
    if series.get('obs_up{studio="stage"}') != 1:
        return {}
    counted = {at for at in before if at.partition("{")[0].endswith("_total") and "obs_" in at}
    assert {at: (before[at], series[at]) for at in counted if series[at] < before[at]} == {}
    exact = {
        'obs_scene_active{scene="Break",studio="stage"}': 1,
        'obs_scene_active{scene="Main",studio="stage"}': 0,
        'obs_input_muted{input="Silence",studio="stage"}': 1,
        'obs_input_muted{input="Microphone",studio="stage"}': 0,
        'obs_record_active{studio="stage"}': 0,
        'obs_record_paused{studio="stage"}': 0,
        'obs_record_bytes_total{studio="stage"}': 0,
        'obs_stream_active{studio="stage"}': 0,
        'obs_stream_bytes_total{studio="stage"}': 0,
    }
    assert {at: series.get(at) for at in exact} == exact
    assert 0 <= series['obs_fps{studio="stage"}'] < 100
    assert series['obs_memory_usage_bytes{studio="stage"}'] > 1e7
    assert series['obs_disk_available_bytes{studio="stage"}'] > 1e6
    return series


def test_a_dead_muxer_shows_in_the_file_though_obs_counts_on(studio: Studio) -> None:
    studio.link.request("StartRecord")
    studio.passes(0, "obs_record_file_bytes")
    eventually(lambda: (studio.value("obs_record_duration_seconds") or 0) > 6)
    studio.obs.kill_muxer()
    died_at = time.monotonic()
    grew_at = studio.value("obs_record_last_growth_timestamp_seconds")
    # It may be that OBS notices by itself, after 5 s or after a minute: then it stops.
    eventually(
        lambda: studio.value("obs_record_stalled") == 1 or studio.value("obs_record_active") == 0,
        within=15,
    )
    assert time.monotonic() - died_at < 15
    assert studio.value("obs_record_last_growth_timestamp_seconds") in (grew_at, None)


def test_a_still_picture_is_frozen_and_its_recording_is_healthy(
    studio: Studio, real_obs: Start
) -> None:
    other = real_obs(password=PASSWORD, quality="Small")
    with opened(other) as foyer, ThreadPoolExecutor() as pool:
        ended = pool.submit(_is_frozen_at_its_end, foyer)
        _is_frozen_and_healthy(studio)
        ended.result()


def _is_frozen_and_healthy(studio: Studio) -> None:
    request = studio.link.request
    request("SetCurrentProgramScene", {"sceneName": "Still"})
    request("StartRecord")
    studio.becomes(1, "obs_scene_active", scene="Still")
    stalled, changes = _watched(studio, 22)
    assert 1 not in stalled
    # The first looks may still have seen the scene before, or the way from one to the other.
    assert len(set(changes[len(changes) // 2 :])) == 1
    request("StopRecord")
    request("SetCurrentProgramScene", {"sceneName": "Main"})
    studio.passes(changes[-1], CHANGED)


def _is_frozen_at_its_end(studio: Studio) -> None:
    """A clip that has come to its end stands still on its last picture."""
    request = studio.link.request
    studio.passes(0, CHANGED)
    request("SetCurrentProgramScene", {"sceneName": "Ended"})
    studio.becomes(1, "obs_scene_active", scene="Ended")
    _, changes = _watched(studio, 12)
    assert len(set(changes[len(changes) // 2 :])) == 1
    luma = studio.value("obs_picture_luma_ratio")
    request("SetCurrentProgramScene", {"sceneName": "Main"})
    studio.passes(changes[-1], CHANGED)
    assert luma is not None


def _watched(studio: Studio, seconds: float) -> tuple[set[float | None], list[float]]:
    """Whether the recording was said to stall, and when the picture was said to change."""
    until, stalled, changes = time.monotonic() + seconds, set[float | None](), []
    while time.monotonic() < until:
        series = studio.after_poll()
        stalled.add(series.get('obs_record_stalled{studio="stage"}'))
        changes.append(series[f'{CHANGED}{{studio="stage"}}'])
    return stalled, changes


def test_two_studios_of_which_one_is_down_and_what_else_may_be_on_the_port(
    real_obs: Start, tmp_path: Path
) -> None:
    one = real_obs(password=PASSWORD)
    down = real_obs(password=PASSWORD)
    with web_server() as port, relayed(one.port) as second, relayed(one.port) as third:
        studios = {
            "stage": named(one),
            "foyer": named(down, "foyer"),
            "wrong": {**named(one, "wrong"), "port": second, "password": "not-it"},
            "none": {"name": "none", "port": third},
            "absent": {"name": "absent", "port": 9},
            "web": {"name": "web", "port": port},
        }
        with watching(tmp_path, *studios.values(), interval="300ms") as (exporter, url):
            eventually(lambda: scrape(url).get('obs_up{studio="stage"}') == 1)
            eventually(lambda: scrape(url).get('obs_up{studio="foyer"}') == 1)
            down.kill()
            eventually(lambda: scrape(url).get('obs_up{studio="foyer"}') == 0, within=7)
            # Time enough for each to be told twice.
            failures = {at: v + 6 for at, v in scrape(url).items() if _failing(at)}
            assert len(failures) == 6
            eventually(
                lambda: all(scrape(url)[at] >= v for at, v in failures.items() if "stage" not in at)
            )
            ups = {at: v for at, v in scrape(url).items() if at.startswith("obs_up")}
            assert {at.split('"')[1]: v for at, v in ups.items() if v} == {"stage": 1}
            assert len(ups) == 6
            told = {name: told_of(name, exporter.lines) for name in studios}
            refused = after_breaking_off(told.pop("foyer"))
            assert len(refused) == 1, refused
            assert "refused" in refused[0]
            assert {name: len(reasons) for name, reasons in told.items()} == {
                "stage": 0,
                **dict.fromkeys(("wrong", "none", "absent", "web"), 1),
            }, told
            assert "password" in told["wrong"][0]
            assert "password" in told["none"][0]
            assert PASSWORD not in exporter.output
            assert "not-it" not in exporter.output


def told_of(studio: str, lines: Sequence[str]) -> list[str]:
    """What the log says of it, without when and where."""
    return [line.partition(f" obs {studio}: ")[2] for line in lines if f" obs {studio}: " in line]


def after_breaking_off(reasons: list[str]) -> list[str]:
    """What it says once it refuses; killed in the middle of an answer, it has broken off before."""
    return reasons[1:] if reasons and reasons[0] in BROKEN_OFF else reasons


def _failing(series: str) -> bool:
    return series.startswith("leitstand_source_poll_failures_total") and '"obs"' in series


@contextlib.contextmanager
def web_server() -> Iterator[int]:
    """Something else than OBS, on a port of its own."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
