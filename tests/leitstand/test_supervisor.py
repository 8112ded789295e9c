"""Children are kept running, and none is left behind."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from leitstand.supervisor import Service, Supervisor, leitstand
from tests.running import eventually, process

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
SLEEP = "import time; time.sleep(60)"


def python(name: str, code: str) -> Service:
    return Service(name, [sys.executable, "-I", "-S", "-c", code])


def run(supervisor: Supervisor, until: Callable[[], object]) -> int:
    """Run it in this thread until something is true."""
    stop = threading.Event()

    def wait() -> None:
        try:
            eventually(until)
        finally:
            stop.set()

    watcher = threading.Thread(target=wait)
    watcher.start()
    try:
        return supervisor.run(stop)
    finally:
        stop.set()
        watcher.join()


def pid_of(service: Service) -> int | None:
    return service.process.pid if service.process else None


def test_a_child_that_crashes_is_restarted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    starts = tmp_path / "starts"
    service = python("it", f"open({str(starts)!r}, 'a').write('x'); raise SystemExit(3)")
    assert run(Supervisor([service]), lambda: starts.exists() and starts.read_text() == "xx") == 0
    assert caplog.messages[0] == "it ended with 3; again in 1 s"


def test_one_that_is_killed_is_restarted_and_the_others_are_left_alone() -> None:
    one, other = python("one", SLEEP), python("other", SLEEP)
    seen: list[tuple[int | None, int | None]] = []

    def killed_and_back() -> bool:
        now = pid_of(one), pid_of(other)
        if all(now) and not seen:
            seen.append(now)
            os.kill(now[0] or 0, signal.SIGKILL)
        return bool(seen and now[0] and now[0] != seen[0][0] and now[1] == seen[0][1])

    assert run(Supervisor([one, other]), killed_and_back) == 0


def test_the_pause_grows_and_is_forgotten_after_a_good_while() -> None:
    service = Service("it", [])
    service.began = time.monotonic()
    assert [service.note_end() for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    assert service.start_at > time.monotonic() + 20
    service.began = time.monotonic() - 61
    assert service.note_end() == 1


def test_a_wrong_configuration_ends_all(caplog: pytest.LogCaptureFixture) -> None:
    well, wrong = python("well", SLEEP), python("wrong", "raise SystemExit(2)")
    with caplog.at_level(logging.DEBUG):
        assert Supervisor([well, wrong]).run(threading.Event()) == 2
    assert well.process is not None
    assert well.process.returncode == -signal.SIGTERM
    assert caplog.messages == []


def test_who_does_not_end_is_killed_in_time() -> None:
    said: list[str] = []
    code = f"{STUBBORN} import sys; print('ready', file=sys.stderr, flush=True); time.sleep(60)"
    services = [python("one", code), python("other", code)]
    stopped_at = []

    def ready() -> bool:
        stopped_at.append(time.monotonic())
        return said == ["ready\n"] * 2

    assert run(Supervisor(services, said.append), ready) == 0
    assert time.monotonic() - stopped_at[-1] < 2
    assert [s.process.returncode for s in services if s.process] == [-signal.SIGKILL] * 2


def test_one_that_needs_longer_to_end_is_given_it() -> None:
    said: list[str] = []
    code = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: "
        "(time.sleep(2.5), sys.exit(7))); print('ready', file=sys.stderr, flush=True); "
        "time.sleep(60)"
    )
    service = python("it", code)
    service.stop_seconds = 30
    assert run(Supervisor([service], said.append), lambda: said == ["ready\n"]) == 0
    assert service.process is not None
    assert service.process.returncode == 7


def test_what_a_child_says_is_passed_on_whatever_it_is() -> None:
    said: list[str] = []
    service = python("it", "import os; os.write(2, b'a\\xff\\nb')")
    run(Supervisor([service], said.append), lambda: len(said) >= 2)
    assert said[:2] == ["a�\n", "b"]


SUPERVISOR = """
import sys, threading
from leitstand.supervisor import Service, Supervisor
code = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
service = Service("it", [sys.executable, "-I", "-S", "-c", code])
Supervisor([service]).run(threading.Event())
"""


def test_no_child_survives_a_supervisor_that_is_killed() -> None:
    with process([sys.executable, "-c", SUPERVISOR]) as supervisor:
        child = psutil.Process(int(supervisor.find(r"^(\d+)$")))
        assert child.is_running()
        supervisor.send(signal.SIGKILL)
        assert child.wait(5) is None


def test_a_child_finds_the_code_where_its_parent_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command = [sys.executable, "-P", "-m", "leitstand", "exporter", "--log-level", "info"]
    assert leitstand("exporter", "--log-level", "info").command == command
    monkeypatch.syspath_prepend(str(tmp_path))
    assert leitstand("exporter").command == [sys.executable, "-m", "leitstand", "exporter"]
