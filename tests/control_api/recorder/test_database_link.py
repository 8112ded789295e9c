"""The recorder's link to the database: what it makes of one that is not as it was left."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from control_api.database import Database
from control_api.migrations.migrate import opened
from control_api.recorder.database_link import (
    TABLES_VERSION,
    DatabaseLink,
    Missing,
    Replaced,
)
from control_api.recorder.plan_source import identity, mark_written

MIGRATIONS = Path(__file__).parents[3] / "control_api" / "migrations"


def test_the_version_of_the_tables_is_that_of_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == TABLES_VERSION


def test_tables_of_an_earlier_version_are_brought_to_this_one(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'leitstand.db'}"
    old = opened(url)
    with old.begin() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '0008'")
        session.connection().exec_driver_sql("SELECT 1")
    old.close()
    before = DatabaseLink(url)
    with pytest.raises(Exception, match="tables"):
        # Its tables are those of 0009 already, so that going there once more fails: it was tried.
        before.check()
    before.close()


def test_a_file_that_is_not_there_or_has_no_tables_is_no_fault_yet(tmp_path: Path) -> None:
    link = DatabaseLink(f"sqlite:///{tmp_path / 'leitstand.db'}")
    with pytest.raises(Missing):
        link.check()
    Database(f"sqlite:///{tmp_path / 'leitstand.db'}").engine.connect().close()
    with pytest.raises(Missing):
        link.check()
    link.close()


def test_another_file_in_its_place_is_noticed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'leitstand.db'}"
    opened(url).close()
    link = DatabaseLink(url)
    link.check()
    with link.writing() as session:
        mark_written(session)
    with link.reading() as session:
        first, _ = identity(session)
    for file in tmp_path.glob("leitstand.db*"):
        file.unlink()
    with pytest.raises(Replaced):
        link.check()
    opened(url).close()
    with pytest.raises(Replaced):
        link.check()
    link.close()
    again = DatabaseLink(url)
    again.check()
    with again.reading() as session:
        assert identity(session)[0] != first
    again.close()
