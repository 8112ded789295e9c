"""The doctor's checks of a recorder that runs, is away, is not wanted, or cannot keep anything."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from control_api.leases import LeaseRow, Leases
from control_api.migrations.migrate import opened
from control_api.recorder.commands import Commands
from control_api.recorder.faults import Fault
from control_api.recorder.protocol import Answer
from control_api.recorder.server import CommandServer
from control_api.recorder.service import Recorder
from control_api.recorder.socket_address import address_of
from control_api.recorder.status import RecorderStatus, StorageStatus, StudioStatus
from control_api.recordings.reasons import Code
from leitstand import doctor
from leitstand.config import Config, load
from leitstand.doctor import Finding
from leitstand.doctor import database as doctor_database
from leitstand.doctor import recorder as doctor_recorder
from tests.leitstand.conftest import Write
from tests.postgresql import running as postgresql_running
from tests.running import eventually, free_port
from tests.small_disk import small_disk


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config.model_validate(
        {
            "control_api": {"state": str(tmp_path / "state")},
            "recorder": {"runtime": str(tmp_path / "run")},
            "obs": [{"name": "stage", "host": "127.0.0.1", "port": free_port()}],
        }
    )


@contextlib.contextmanager
def running(config: Config) -> Iterator[Recorder]:
    recorder = Recorder(config)
    recorder.start()
    try:
        eventually(lambda: recorder.status().storage.place is not None)
        yield recorder
    finally:
        recorder.stop()


def findings(config: Config) -> dict[str, Finding]:
    found = list(doctor_recorder.check(config))
    assert all(finding.good or finding.advice for finding in found)
    return {finding.subject: finding for finding in found}


def test_a_recorder_that_is_well(config: Config) -> None:
    opened(config.control_api.database_url).close()
    with running(config):
        found = findings(config)
    assert list(found) == [
        "recorder",
        "recorder studio stage",
        "recorder journal",
        "recorder reserve",
        "control_api.database",
    ]
    assert all(finding.good for finding in found.values())
    assert found["recorder reserve"].seen == "16 MiB of 16 MiB are reserved"


def test_no_recorder_and_no_database(config: Config) -> None:
    found = findings(config)
    assert list(found) == ["recorder", "control_api.database"]
    assert not any(finding.good for finding in found.values())
    assert "does not answer at" in found["recorder"].seen
    assert "leitstand recorder" in found["recorder"].advice
    assert "there is no" in found["control_api.database"].seen
    assert not config.control_api.state.exists()


@pytest.fixture
def alone(write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The configuration of an exporter that watches an OBS; nothing else is installed."""
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "session"))
    monkeypatch.chdir(tmp_path)
    # As where the doctor is called in the root folder.
    (tmp_path / "var").mkdir()
    return write({"obs": [{"name": "stage", "port": free_port()}]})


def test_an_exporter_alone_needs_no_recorder(alone: Path) -> None:
    config = load(alone)
    (finding,) = findings(config).values()
    assert finding.good
    assert finding.seen.startswith("not used here")
    assert [one.subject for one in doctor.examine(config) if not one.good] == [
        f"obs stage at 127.0.0.1:{config.obs[0].port}"
    ]
    assert list(config.control_api.state.iterdir()) == []


@pytest.mark.parametrize("section", [{"control_api": {"state": "here"}}, {"recorder": {}}])
def test_who_configures_a_recorder_wants_one(
    alone: Path, write: Write, section: dict[str, Any]
) -> None:
    assert not findings(load(write({"obs": [{"name": "stage"}], **section})))["recorder"].good


@pytest.mark.parametrize("trace", ["leitstand.db", "recorder.lock"])
def test_who_has_had_a_recorder_wants_one(alone: Path, trace: str) -> None:
    config = load(alone)
    (config.control_api.state / trace).touch()
    assert not findings(config)["recorder"].good


def test_without_a_studio_nothing_is_said_of_a_recorder(write: Write, tmp_path: Path) -> None:
    config = load(write({"control_api": {"state": str(tmp_path / "state")}}))
    subjects = [finding.subject for finding in doctor.examine(config)]
    assert not [subject for subject in subjects if subject.startswith(("recorder", "control_api"))]


def test_a_recorder_that_listens_elsewhere_is_named(config: Config, tmp_path: Path) -> None:
    with running(config) as recorder:
        other = config.recorder.model_copy(update={"runtime": tmp_path / "other"})
        finding = findings(config.model_copy(update={"recorder": other}))["recorder"]
        assert f"process {recorder.status().pid}, since" in finding.seen
    assert not finding.good
    assert "recorder.runtime" in finding.advice


@pytest.fixture
def url() -> Iterator[str]:
    """A database of PostgreSQL."""
    with postgresql_running() as server:
        yield server.make()


def test_the_recorder_of_another_machine_will_do(config: Config, url: str) -> None:
    there = Config.model_validate(
        {
            "control_api": {"state": str(config.control_api.state), "database": url},
            "recorder": {"runtime": str(config.recorder.runtime)},
            "obs": [{"name": "stage"}, {"name": "hall", "port": free_port()}],
        }
    )
    with contextlib.closing(opened(url)) as database:
        for name, is_enough in (("stage", False), ("hall", True)):
            assert Leases(database).acquire(f"studio:{name}", "another", 60)
            assert not findings(there)["recorder"].good
            with database.begin() as session:
                session.get_one(LeaseRow, f"studio:{name}").host = "desk"
            found = findings(there)
            assert found["recorder"].good == is_enough
            assert f"the recorder on desk controls {name}" in found["recorder"].seen
    assert found["control_api.database"].good


def test_a_studio_that_is_not_known_to_the_recorder(config: Config) -> None:
    another = config.obs[0].model_copy(update={"name": "hall"})
    with running(config):
        found = findings(config.model_copy(update={"obs": [*config.obs, another]}))
    assert found["recorder studio stage"].good
    assert "another configuration" in found["recorder studio hall"].advice


class Says:
    """What answers every command with the same."""

    def __init__(self, status: RecorderStatus) -> None:
        self._answer = Answer(data=status)

    def answer(self, command: str, body: Any) -> Answer:
        return self._answer


@contextlib.contextmanager
def saying(config: Config, storage: StorageStatus, *faults: Fault) -> Iterator[None]:
    """What answers as a recorder of one studio in that condition."""
    config.recorder.runtime_folder(config.control_api.state).mkdir(mode=0o700)
    studios = [StudioStatus("stage", faults=list(faults))]
    status = RecorderStatus("0.1.0", 1, "here", 0.0, studios, storage)
    server = CommandServer(address_of(config), cast(Commands, Says(status)))
    server.start()
    try:
        yield
    finally:
        server.stop()


def test_a_studio_that_another_recorder_controls(config: Config) -> None:
    with saying(config, StorageStatus(), Fault(Code.OTHER_LEITSTAND, 0.0, {"host": "desk"})):
        active = findings(config)["recorder studio stage"]
        standby = config.recorder.model_copy(update={"standby": True})
        waiting = findings(config.model_copy(update={"recorder": standby}))["recorder studio stage"]
    assert (active.good, waiting.good) == (False, True)
    assert "another Leitstand, on desk" in active.seen
    assert waiting.seen.startswith("stands by")


@pytest.mark.parametrize("storage", [StorageStatus(journal="No space left"), StorageStatus()])
def test_a_journal_that_cannot_be_written(config: Config, storage: StorageStatus) -> None:
    with saying(config, storage):
        finding = findings(config)["recorder journal"]
    assert not finding.good
    assert f"({storage.journal or 'not yet'})" in finding.seen
    assert "recorder.fallback" in finding.advice


def test_a_journal_that_had_to_go_elsewhere(config: Config) -> None:
    opened(config.control_api.database_url).close()
    (config.control_api.state / "recorder").write_text("in the way")
    with running(config):
        found = findings(config)
    assert not found["recorder journal"].good
    assert f"as {config.control_api.state} takes nothing" in found["recorder journal"].seen
    assert found["recorder reserve"].good


def test_a_journal_whose_space_is_not_reserved_any_more(config: Config) -> None:
    with running(config):
        holes = config.control_api.state / "recorder" / "journal.1"
        size = holes.stat().st_size
        subprocess.run(["fallocate", "--punch-hole", "-l", str(size), str(holes)], check=True)
        finding = findings(config)["recorder reserve"]
    assert (finding.good, finding.seen) == (False, "8 MiB of 16 MiB are reserved")


def test_a_database_that_the_recorder_cannot_write(config: Config) -> None:
    with (
        contextlib.closing(opened(config.control_api.database_url)) as database,
        running(config) as recorder,
        database.begin() as session,
    ):
        session.connection()
        eventually(lambda: recorder.status().storage.database is not None)
        finding = findings(config)["control_api.database"]
    assert not finding.good
    assert "the recorder cannot write it: database is locked" in finding.seen


def test_a_database_that_another_process_holds(config: Config) -> None:
    url = config.control_api.database_url
    with contextlib.closing(opened(url)) as database, database.begin() as session:
        session.connection()
        finding = doctor_database.check(url, None)
    assert not finding.good
    assert "locked by another process" in finding.seen


def test_a_database_on_a_read_only_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path) as disk:
        url = f"sqlite:///{disk.path / 'leitstand.db'}"
        # As long as it is open its log and its shared memory are there.
        with contextlib.closing(opened(url)):
            assert doctor_database.check(url, None).seen == "can be written"
            with disk.read_only():
                finding = doctor_database.check(url, None)
    assert not finding.good
    assert "read-only" in finding.seen


def test_a_database_without_tables_or_rights(config: Config) -> None:
    config.control_api.state.mkdir()
    (config.control_api.state / "leitstand.db").touch()
    assert "no such table" in doctor_database.check(config.control_api.database_url, None).seen
    nowhere = doctor_database.check("postgresql://leitstand:secret@127.0.0.1:9/x", None)
    assert not nowhere.good
    assert "secret" not in nowhere.seen + nowhere.advice
