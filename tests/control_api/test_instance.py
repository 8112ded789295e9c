"""What a process holds of its state folder and its database, and what it knows of others."""

from __future__ import annotations

from pathlib import Path

import pytest

from control_api.instance import Instance
from leitstand.config import ConfigError, ControlApiConfig

POSTGRESQL = "postgresql://leitstand@127.0.0.1:9/leitstand"


def config(state: Path, **others: str) -> ControlApiConfig:
    return ControlApiConfig.model_validate({"state": str(state), **others})


def test_one_at_a_time_on_a_state_folder(tmp_path: Path) -> None:
    first = Instance(config(tmp_path / "state"))
    with pytest.raises(ConfigError, match=r"^control_api\.state: .*stop that one, or give this"):
        Instance(config(tmp_path / "state", database=POSTGRESQL))
    first.release()
    Instance(config(tmp_path / "state")).release()


def test_one_at_a_time_on_a_sqlite_file_and_several_on_postgresql(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    first = Instance(config(tmp_path / "one", database=url))
    with pytest.raises(ConfigError, match=r"^control_api\.database: .*need PostgreSQL"):
        Instance(config(tmp_path / "two", database=url))
    first.release()
    both = [Instance(config(tmp_path / name, database=POSTGRESQL)) for name in ("one", "two")]
    for each in both:
        each.release()


def test_who_is_known_to_have_ended(tmp_path: Path) -> None:
    alone = Instance(config(tmp_path / "one"))
    assert alone.is_alone
    assert alone.has_ended("anybody")
    assert alone.has_ended(None)
    assert not alone.has_ended(alone.identity)
    alone.release()
    # On PostgreSQL only the one that held this state folder before.
    first = Instance(config(tmp_path / "two", database=POSTGRESQL))
    assert not first.is_alone
    assert not first.has_ended("anybody")
    assert not first.has_ended(None)
    first.release()
    second = Instance(config(tmp_path / "two", database=POSTGRESQL))
    assert second.has_ended(first.identity)
    assert not second.has_ended("anybody")
    second.release()


def test_a_state_that_cannot_be_locked_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"^control_api\.state: .* cannot be locked \(Not a dir"):
        Instance(config(tmp_path / "file" / "state"))
