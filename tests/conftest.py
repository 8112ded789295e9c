"""What every test may use: hypothesis profiles, and the real programs or a reason to skip."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import hypothesis
import pytest

from leitstand.repeats import LimitedHandler
from tests.obs import RealObs
from tests.obs_home import make_media
from tests.soak import is_soak

hypothesis.settings.register_profile(
    "sample", derandomize=True, max_examples=100, deadline=None, database=None
)
hypothesis.settings.register_profile("soak", max_examples=5_000, deadline=None, database=None)
hypothesis.settings.load_profile("sample")


SAMPLED = (
    "tests/control_api/library",
    "tests/control_api/frames",
    "tests/control_api/play",
    "tests/e2e/page",
    "tests/leitstand/cut",
)
"""Where a test has many parameters and each takes a while: a third of them by default."""


LONGEST = (
    "tests/e2e",
    "tests/deploy",
    "tests/control_api/recorder",
    "tests/prometheus",
    "tests/grafana",
    "tests/leitstand",
)
"""They come first: else one worker is left with them when the other has nothing more to do."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The longest first. Keep a fixed sample of the long proofs, unless this is the soak or a test
    was named."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))
    if is_soak() or any("::" in argument for argument in config.args):
        return
    left_out = [item for item in items if _is_long(item) and crc32(item.nodeid.encode()) % 3]
    config.hook.pytest_deselected(items=left_out)
    gone = set(left_out)
    items[:] = [item for item in items if item not in gone]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What a test captured may hold text that is no UTF-8, and would not reach who collects it."""
    report = yield
    report.sections = [
        (name, text.encode(errors="replace").decode()) for name, text in report.sections
    ]
    return report


@pytest.fixture(autouse=True)
def _no_more_urgent_than_before() -> Iterator[None]:
    """A library that makes this process a real-time one starves every program started later."""
    policy = os.sched_getscheduler(0)
    yield
    assert os.sched_getscheduler(0) == policy


@pytest.fixture(autouse=True)
def _logs_go_where_they_went_before() -> Iterator[None]:
    """A command run in this process sends the log of every thread to a stderr that is soon gone."""
    root = logging.getLogger()
    before = list(root.handlers)
    yield
    for handler in set(root.handlers) - set(before):
        # pytest removes its own; each ends in a stream, also behind the limit on repeated lines.
        if isinstance(handler, (logging.StreamHandler, LimitedHandler)):
            root.removeHandler(handler)


def _is_long(item: pytest.Item) -> bool:
    return "[" in item.nodeid and item.nodeid.startswith(SAMPLED)


def program(name: str) -> str:
    """The path of a real program; without it the test is skipped, in CI it fails."""
    path = shutil.which(name)
    if path is None:
        reason = f"{name} is not installed (as root on Debian: make components)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


@pytest.fixture(scope="session")
def promtool() -> str:
    return program("promtool")


@pytest.fixture(scope="session")
def prometheus() -> str:
    return program("prometheus")


@pytest.fixture(scope="session")
def obs_program() -> str:
    """A real OBS, with all that it needs to run without a screen and to have something to show."""
    for name in ("Xvfb", "ffmpeg", "ffprobe"):
        program(name)
    return program("obs")


@pytest.fixture(scope="session")
def obs_media(obs_program: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_media(tmp_path_factory.mktemp("obs-media"))


@pytest.fixture
def real_obs(obs_media: Path, tmp_path: Path) -> Iterator[Callable[..., RealObs]]:
    """Starts an OBS with RealObs's options; what was started ends with the test."""
    with contextlib.ExitStack() as running:

        def start(**options: Any) -> RealObs:
            folder = tmp_path / f"obs-{len(list(tmp_path.glob('obs-*')))}"
            return running.enter_context(RealObs(folder, **{"media": obs_media} | options))

        yield start
