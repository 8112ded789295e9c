"""The exporter over a real OBS: what OBS does is what the metrics say, within a poll or two."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from leitstand.clients.obs import Address, ObsLink
from tests.obs import RealObs
from tests.running import Process, Series, eventually, leitstand, process, scrape

PASSWORD = "hunter2-obs"
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


@pytest.fixture
def studio(real_obs: Start, tmp_path: Path) -> Iterator[Studio]:
    # At the quality of the stream OBS cannot pause.
    obs = real_obs(password=PASSWORD, quality="Small")
    link = ObsLink(Address(obs.host, obs.port, lambda: PASSWORD))
    with watching(tmp_path, named(obs), interval="300ms") as (exporter, url):
        studio = Studio(obs, exporter, url, link)
        studio.becomes(1, "obs_up")
        yield studio
        link.close()
        assert PASSWORD not in exporter.output
        assert PASSWORD not in str(studio.series())


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
    told = [line for line in studio.exporter.lines if " obs stage: " in line]
    assert len(told) == 2, told


def test_a_frozen_obs_is_down_and_right_again_when_it_goes_on(studio: Studio) -> None:
    before = studio.passes(0, "obs_render_frames_total")
    studio.obs.freeze()
    eventually(lambda: studio.value("obs_up") == 0, within=7)
    studio.obs.thaw()
    studio.becomes(1, "obs_up")
    for _ in range(10):
        series = studio.series()
        assert 0 < series['obs_fps{studio="stage"}'] < 100
        assert series['obs_memory_usage_bytes{studio="stage"}'] > 1e7
        before = studio.passes(before, "obs_render_frames_total")


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


def test_a_still_picture_is_frozen_and_its_recording_is_healthy(studio: Studio) -> None:
    change = "obs_picture_last_change_timestamp_seconds"
    request = studio.link.request
    request("SetCurrentProgramScene", {"sceneName": "Still"})
    request("StartRecord")
    studio.becomes(1, "obs_scene_active", scene="Still")
    until, stalled, changes = time.monotonic() + 22, set(), []
    while time.monotonic() < until:
        series = studio.series()
        stalled.add(series.get('obs_record_stalled{studio="stage"}'))
        changes.append(series[f'{change}{{studio="stage"}}'])
        time.sleep(0.3)
    assert 1 not in stalled
    # The first looks may still have seen the scene before, or the way from one to the other.
    assert len(set(changes[len(changes) // 2 :])) == 1
    frozen_at = changes[-1]
    request("SetCurrentProgramScene", {"sceneName": "Ended"})
    studio.becomes(1, "obs_scene_active", scene="Ended")
    request("SetCurrentProgramScene", {"sceneName": "Main"})
    studio.passes(frozen_at, change)
    request("StopRecord")


def test_two_studios_of_which_one_is_down_and_a_wrong_password(
    real_obs: Start, tmp_path: Path
) -> None:
    one = real_obs(password=PASSWORD)
    wrong = {**named(one, "wrong"), "password": "not-it"}
    none = {"name": "none", "port": one.port}
    absent = {"name": "absent", "port": 9}
    studios = (named(one), wrong, none, absent)
    with watching(tmp_path, *studios, interval="300ms") as (exporter, url):
        eventually(lambda: scrape(url).get('obs_up{studio="stage"}') == 1)
        eventually(lambda: len([x for x in exporter.lines if "WARNING" in x]) >= 3)
        time.sleep(2)
        ups = {at: v for at, v in scrape(url).items() if at.startswith("obs_up")}
        assert {at.split('"')[1]: up for at, up in ups.items()} == {
            "absent": 0,
            "none": 0,
            "stage": 1,
            "wrong": 0,
        }
        for name in ("wrong", "none", "absent"):
            told = [line for line in exporter.lines if f" obs {name}: " in line]
            assert len(told) == 1, told
        assert PASSWORD not in exporter.output
        assert "not-it" not in exporter.output
