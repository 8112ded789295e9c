"""Exactly one recorder controls a studio: by lock, by lease, and by the mark in OBS."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import av
import pytest
import yaml

from leitstand.demo.obs import DemoObs
from tests.postgresql import PostgreSql, running
from tests.running import eventually, leitstand
from tests.venue import Venue, venue

HANG = 60.0


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[DemoObs]:
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    with DemoObs(recordings, fps=15, size=(160, 90), cluster_seconds=0.5) as demo:
        yield demo


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgreSql]:
    with running() as server:
        yield server


def seconds(file: Path) -> float:
    """Its length; 0 as long as it is not final."""
    with av.open(str(file)) as container:
        return float(container.duration or 0) / 1e6


def another(house: Venue, name: str, *, standby: bool = False, **control_api: str) -> Path:
    """A second configuration of the same studio: in a folder of its own, with some keys changed."""
    folder = house.folder / name
    folder.mkdir()
    config = yaml.safe_load((house.folder / "leitstand.yml").read_text())
    config["control_api"] |= {"state": str(folder / "state")} | control_api
    config["recorder"] = {"runtime": str(folder / "run"), "standby": standby}
    file = folder / "leitstand.yml"
    file.write_text(yaml.safe_dump(config))
    return file


def refused(file: Path) -> str:
    """What a recorder says that ends with exit code 2."""
    done = subprocess.run(
        leitstand("recorder", "--config", str(file)),
        capture_output=True,
        text=True,
        timeout=HANG,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    return done.stderr


def test_a_second_one_on_a_state_folder_or_a_sqlite_file_ends_with_2(
    demo: DemoObs, tmp_path: Path
) -> None:
    with venue(tmp_path, demo.port, tmp_path / "recordings") as house:
        house.start()
        assert house.recorder is not None
        said = refused(tmp_path / "leitstand.yml")
        assert f"process {house.recorder.pid}, since " in said
        database = f"sqlite:///{tmp_path / 'state' / 'leitstand.db'}"
        assert "used by another recorder" in refused(another(house, "b", database=database))


def test_one_that_shares_only_the_obs_leaves_it_alone_and_says_who_has_it(
    demo: DemoObs, tmp_path: Path
) -> None:
    recordings = tmp_path / "recordings"
    other_folder = tmp_path / "other"
    other_folder.mkdir()
    with (
        venue(tmp_path, demo.port, recordings) as first,
        venue(other_folder, demo.port, recordings) as second,
    ):
        first.start()
        first.becomes(connected=True)
        second.start()
        status = eventually(lambda: s if (s := second.status)["faults"] else {}, HANG)
        assert [fault["code"] for fault in status["faults"]] == ["other_leitstand"]
        schedule = second.window(starts_in=2, seconds=10)
        run = second.run(schedule, HANG)
        assert (run["outcome"], run["gaps"][-1]["reason_code"]) == ("missed", "other_leitstand")
        assert second.ask("POST", "/recordings/start", {}).status_code == 409
        assert demo.requests["StartRecord"] == 0
        assert second.kinds().count("other_leitstand") == 1
        # The first one is gone for good: the second takes over.
        first.kill()
        second.becomes(HANG, faults=[])
        second.call("POST", "/recordings/start", {})


def test_on_postgresql_the_lease_decides_and_a_standby_takes_over(
    demo: DemoObs, tmp_path: Path, postgresql: PostgreSql
) -> None:
    url = postgresql.make()
    with venue(tmp_path, demo.port, tmp_path / "recordings", url) as house:
        house.start()
        schedule = house.window(starts_in=3, seconds=40)
        until = datetime.fromisoformat(house.becomes(verified=True)["until"])
        # What the operator asked for holds whichever recorder carries it out.
        later = (until + timedelta(seconds=20)).isoformat()
        house.call("POST", "/recordings/extend", {"until": later})
        said = refused(another(house, "b"))
        assert "is controlled by the recorder on " in said
        assert "standby" in said

        folder = house.folder / "c"
        folder.mkdir()
        with venue(folder, demo.port, tmp_path / "recordings", url) as standby:
            standby.use(another(house, "standby", standby=True))
            standby.start_recorder()
            file = house.status["file"]
            house.kill_recorder()
            # The API finds the recorder that controls the studio now.
            after = house.becomes(HANG, connected=True, recording=True, desired=True)
            assert after["file"] == file
            assert after["origin"] == "schedule"
            run = house.run(schedule, HANG + 60)
            assert run["outcome"] == "recorded", run
        assert demo.requests["StartRecord"] == 1
        (recording,) = (tmp_path / "recordings").glob("*.mkv")
        assert eventually(lambda: seconds(recording)) == pytest.approx(60, abs=5)
    postgresql.drop(url)
