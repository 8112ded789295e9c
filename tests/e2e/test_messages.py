"""From the cause to the message, with the real programs: one message a cause, and its end.

Everything that is shipped runs with every duration divided by one factor: the rules, the routes,
the scrapes, the polls. A second Alertmanager lacks one inhibition rule, to show what that is for.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests
import yaml

from leitstand.demo.mediamtx import DemoMediaMTX, World
from leitstand.demo.obs import DemoObs
from leitstand.demo.obs.faults import Fault
from tests.alertmanager import house
from tests.alertmanager.hurry import ROOT, hurried, rules, shorter
from tests.alertmanager.sinks import Hook, Mailbox, Message, mail_server, webhook
from tests.running import eventually, free_port, leitstand, process
from tests.soak import is_soak

# Where others have the processors, seconds must not be made of milliseconds; a worker of several
# has others beside it, however quiet it was when the tests began.
IS_ALONE = "PYTEST_XDIST_WORKER" not in os.environ
IS_QUIET = IS_ALONE and os.getloadavg()[0] < 1.5 * (os.cpu_count() or 1)
FACTOR = 15.0 if IS_QUIET else 8.0
TOKEN = "an-admin-of-tests"
MANY = [f"cam/{number:03}" for number in range(200)]
MINUTE = 60 / FACTOR
TEN_MINUTES = 10 * MINUTE

FLAPPING = "[warning] PathFlapping: server flaps path gate"
CAUSES = (
    "[critical] PathFrozen: server freezes path stage",
    "[critical] MediaMTXDown: server dies",
    "[critical] RecordingNotRunning: studio stops",
    "[warning] SoundGone: studio quiet input Tone",
    FLAPPING,
)
RESOLVED = "[resolved] "


@dataclass
class Scene:
    """Two servers that suffer, one that flaps, two studios, and where the messages arrive."""

    freezes: DemoMediaMTX
    dies: DemoMediaMTX
    flaps: DemoMediaMTX
    stops: DemoObs
    quiet: DemoObs
    mail: Mailbox
    slack: Hook
    unguarded: Hook
    prometheus: str
    api: str

    def alerts(self, name: str, state: str) -> int:
        """How many series of an alert Prometheus has in a state."""
        query = f'count(ALERTS{{alertname="{name}", alertstate="{state}"}}) or vector(0)'
        found = values(self.prometheus, query)
        return int(found[0]) if found else 0


def values(url: str, query: str) -> list[float]:
    try:
        answer = requests.get(f"{url}/api/v1/query", params={"query": query}, timeout=5).json()
    except requests.RequestException:
        return []
    return [float(each["value"][1]) for each in answer["data"]["result"]]


@pytest.fixture
def scene(prometheus: str, tmp_path: Path) -> Iterator[Scene]:
    with contextlib.ExitStack() as stack:
        enter = stack.enter_context
        mail, slack, unguarded = enter(mail_server(tmp_path)), enter(webhook()), enter(webhook())
        worlds = [DemoMediaMTX(World()) for _ in range(3)]
        studios = [enter(studio(tmp_path / name)) for name in ("stops", "quiet")]
        for server in worlds:
            enter(server)
        publish_all(*worlds)
        config = settings(worlds, studios, tmp_path)
        targets = enter(services(config, tmp_path))
        ours = house.settings(mail, slack)
        bare = {**house.settings(mail, unguarded), "email": None}
        alertmanagers = [ours["alertmanager"], bare["alertmanager"]]
        url = enter(scraping(prometheus, tmp_path, targets, alertmanagers))
        made = Scene(*worlds, *studios, mail, slack, unguarded, url, f"http://{targets[1]}/api")
        made.quiet.do("StartRecord")
        schedule(made)
        # Prometheus takes five seconds to its first scrape, at any pace: nobody is told of those.
        eventually(lambda: is_watched(made), 120)
        enter(house.running(tmp_path / "am", ours, factor=FACTOR))
        enter(house.running(tmp_path / "bare", bare, factor=FACTOR, change=without_root_cause))
        yield made


@contextlib.contextmanager
def studio(folder: Path) -> Iterator[DemoObs]:
    folder.mkdir()
    with DemoObs(folder, size=(160, 90), fps=10) as obs:
        yield obs


def publish_all(freezes: DemoMediaMTX, dies: DemoMediaMTX, flaps: DemoMediaMTX) -> None:
    for server in (freezes, dies, flaps):
        server.world.advance(time.time())
    freezes.world.publish("stage")
    flaps.world.publish("gate")
    for path in MANY:
        dies.world.publish(path, bitrate=400_000)


def settings(worlds: list[DemoMediaMTX], studios: list[DemoObs], folder: Path) -> dict[str, Any]:
    names, expected = ("freezes", "dies", "flaps"), (["stage"], MANY, [])
    servers = [
        {"name": name, "url": world.url, "expected_paths": paths}
        for name, world, paths in zip(names, worlds, expected, strict=True)
    ]
    return {
        "exporter": {
            "listen": f"127.0.0.1:{free_port()}",
            "poll_interval": "250ms" if IS_QUIET else "500ms",
            "slow_interval": "2s",
        },
        "mediamtx": servers,
        "obs": [
            {"name": name, "port": obs.port, "recordings": str(folder / name)}
            for name, obs in zip(("stops", "quiet"), studios, strict=True)
        ],
        "control_api": {
            "listen": f"127.0.0.1:{free_port()}",
            "state": str(folder / "state"),
            "timezone": "Europe/Berlin",
            "admin_token": TOKEN,
        },
        "recorder": {"runtime": str(folder / "run")},
    }


@contextlib.contextmanager
def services(config: dict[str, Any], folder: Path) -> Iterator[list[str]]:
    """Recorder, exporter and control API; where to scrape the last two."""
    file = folder / "leitstand.yml"
    file.write_text(yaml.safe_dump(config))
    with (
        process(leitstand("recorder", "--config", str(file))) as recorder,
        process(leitstand("exporter", "--config", str(file))) as exporter,
        process(leitstand("api", "--config", str(file))) as api,
    ):
        recorder.find("(recorder .* at)", 60)
        exporter.find("(exporter .* at http)", 60)
        api.find("(control API .* at http)", 60)
        yield [config["exporter"]["listen"], config["control_api"]["listen"]]


@contextlib.contextmanager
def scraping(
    program: str, folder: Path, targets: list[str], alertmanagers: list[str]
) -> Iterator[str]:
    """The shipped Prometheus, but for its pace and its addresses."""
    (folder / "rules").mkdir()
    (folder / "viewer.token").write_text(TOKEN)
    raw = hurried(yaml.safe_load((ROOT / "prometheus" / "prometheus.yml").read_text()), FACTOR)
    raw["rule_files"] = rules(folder / "rules", FACTOR)
    ours, theirs = (url.removeprefix("http://") for url in alertmanagers)
    raw["alerting"]["alertmanagers"] = [{"static_configs": [{"targets": [ours, theirs]}]}]
    listen = f"127.0.0.1:{free_port()}"
    for job, target in zip(raw["scrape_configs"], [*targets, listen, ours], strict=True):
        job["static_configs"][0]["targets"] = [target]
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(raw))
    command = [
        program,
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address={listen}",
        f"--rules.alert.resend-delay={shorter('1m', FACTOR)}",
    ]
    with process(command):
        yield f"http://{listen}"


def without_root_cause(config: dict[str, Any]) -> None:
    """Take out what lets a server's alert silence those of its paths."""
    kept = [
        rule
        for rule in config["inhibit_rules"]
        if rule["source_matchers"] != ["alertname = MediaMTXDown"]
    ]
    assert len(kept) == len(config["inhibit_rules"]) - 1
    config["inhibit_rules"] = kept


def is_watched(scene: Scene) -> bool:
    """Everything is up, nothing is wrong, and there is sound to miss."""
    wrong = 'count(ALERTS{alertname!~"Watchdog|Host.*"})'
    sound = 'count(max_over_time(input:obs_input_audible:avg10m{studio="quiet"}[1m]) > 0.5)'
    online = "count(mediamtx_path_online == 1)"
    return (
        values(scene.prometheus, online) == [float(len(MANY) + 2)]
        and not values(scene.prometheus, wrong)
        and bool(values(scene.prometheus, sound))
        and values(scene.prometheus, 'leitstand_recording_active{studio="stops"}') == [1.0]
    )


def schedule(scene: Scene) -> None:
    """A window of the studio that is going to stop: it has begun and goes on for long."""
    start = datetime.now(ZoneInfo("Europe/Berlin"))
    body = {
        "title": "The evening",
        "studio": "stops",
        "weekdays": [],
        "add": [start.date().isoformat()],
        "start": f"{start:%H:%M:%S}",
        "end": f"{start + timedelta(hours=1):%H:%M:%S}",
    }
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = requests.post(f"{scene.api}/schedules", json=body, headers=headers, timeout=60)
    assert answer.ok, answer.text


@contextlib.contextmanager
def again_and_again(seconds: float, act: Callable[[], object]) -> Iterator[None]:
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(seconds):
            act()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def now(server: DemoMediaMTX) -> World:
    server.world.advance(time.time())
    return server.world


def kill_the_server(scene: Scene) -> None:
    """All paths lose their publishers, and when Prometheus has just seen that, the server goes."""
    for path in MANY:
        now(scene.dies).unpublish(path)
    eventually(lambda: scene.alerts("PathOffline", "pending") == len(MANY), 2 * MINUTE)
    scene.dies.stop()


# How busy the machine is that runs the tests, at this pace, is not our cause.
NOT_OURS = (
    *("Host", "ControlApiDown", "ExporterDown", "RecorderDown", "DatabaseUnwritable"),
    *(() if IS_QUIET else ("SourceDown",)),
)


def counted(messages: list[Message]) -> Counter[str]:
    """How often each title came."""
    ours = (
        each.title for each in messages if not each.title.partition("] ")[2].startswith(NOT_OURS)
    )
    return Counter(ours)


def told(scene: Scene) -> list[Counter[str]]:
    """By mail and in Slack."""
    return [counted(messages) for messages in (scene.mail.messages, scene.slack.messages)]


def each_once(*, over: Sequence[str] = ()) -> Counter[str]:
    """Every cause, and the end of some."""
    ends = [RESOLVED + title.partition("] ")[2] for title in over]
    return Counter([*CAUSES, *ends])


def await_all(scene: Scene, wanted: Counter[str], within: float) -> None:
    """Until all of them have come, or say which have not."""
    with contextlib.suppress(AssertionError):
        eventually(lambda: all(each >= wanted for each in told(scene)), within)
    assert [wanted - each for each in told(scene)] == [Counter(), Counter()]


def test_each_cause_is_one_message_and_one_when_it_is_over(scene: Scene) -> None:
    began = time.time()
    scene.stops.faults.add(Fault.DISK_FULL)
    scene.quiet.faults.add(Fault.SILENT)
    # A frozen publisher is dropped after ten seconds; one that stays has just been frozen again.
    freezing = again_and_again(4, lambda: now(scene.freezes).freeze("stage"))
    flapping = again_and_again(TEN_MINUTES / 12, lambda: now(scene.flaps).reconnect("gate"))
    now(scene.freezes).freeze("stage")
    with flapping:
        with freezing:
            kill_the_server(scene)
            eventually(lambda: scene.alerts("PathOffline", "firing") == len(MANY), 4 * MINUTE)
            await_all(scene, each_once(), TEN_MINUTES)
        mend(scene)
        # What flaps has to be steady for long before it is over.
        wanted = each_once(over=[title for title in CAUSES if title != FLAPPING])
        await_all(scene, wanted, 2 * TEN_MINUTES)
        eventually(lambda: time.time() - began > TEN_MINUTES, TEN_MINUTES)
    if is_soak():
        wanted = each_once(over=CAUSES)
        await_all(scene, wanted, 4 * TEN_MINUTES)
    assert told(scene) == [wanted, wanted]
    assert counted(scene.unguarded.messages)["[critical] PathOffline (200): server dies"] == 1
    gaps = [later - earlier for earlier, later in pairwise(scene.slack.beats)]
    assert len(gaps) > 5
    # Once a minute.
    assert 0.8 < FACTOR * sum(gaps) / len(gaps) / 60 < 1.5, gaps


def mend(scene: Scene) -> None:
    now(scene.freezes).thaw("stage")
    scene.stops.faults.discard(Fault.DISK_FULL)
    scene.quiet.faults.discard(Fault.SILENT)
    scene.dies.start()
    for path in MANY:
        now(scene.dies).publish(path, bitrate=400_000)
