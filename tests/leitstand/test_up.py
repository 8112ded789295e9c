"""What `leitstand up` finds to watch, and that it shows it."""

from __future__ import annotations

import io
import re
import socket
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from leitstand import up
from leitstand.config import ConfigError
from leitstand.demo.mediamtx import DemoMediaMTX, Fault
from leitstand.up import Plan, Surroundings, make_plan
from tests.leitstand.conftest import Write
from tests.running import eventually, free_port


@pytest.fixture
def nowhere(tmp_path: Path) -> Surroundings:
    """A machine with nothing on it."""
    return Surroundings(
        files=(tmp_path / "leitstand.yml",),
        env={"LEITSTAND_EXPORTER__LISTEN": "127.0.0.1:1"},
        mediamtx=f"http://127.0.0.1:{free_port()}",
        obs=("127.0.0.1", free_port()),
    )


def test_it_looks_where_these_programs_are() -> None:
    around = Surroundings()
    assert (around.mediamtx, around.obs) == ("http://127.0.0.1:9997", ("127.0.0.1", 4455))
    assert [str(file) for file in around.files] == ["leitstand.yml", "/etc/leitstand/leitstand.yml"]


def test_a_file_says_what_to_watch(nowhere: Surroundings, write: Write, tmp_path: Path) -> None:
    file = write({})
    assert make_plan(None, demo=False, around=nowhere) == Plan(
        file, demo=False, lines=(f"configuration: {file}",)
    )
    given = tmp_path / "given.yml"
    assert make_plan(given, demo=False, around=nowhere).file == given


@pytest.mark.parametrize("name", ["LEITSTAND_MEDIAMTX__0__URL", "LEITSTAND_MEDIAMTX"])
def test_variables_say_what_to_watch(nowhere: Surroundings, name: str) -> None:
    around = replace(nowhere, env={"LEITSTAND_HOST__MOUNTS": "[/]", name: "x"})
    plan = make_plan(None, demo=False, around=around)
    assert plan == Plan(None, demo=False, lines=(f"configuration: {name}",))


@pytest.mark.parametrize("fault", [Fault.NONE, Fault.UNAUTHORIZED, Fault.HANG])
def test_a_mediamtx_on_this_machine_is_found_however_it_is(
    nowhere: Surroundings, fault: Fault
) -> None:
    with DemoMediaMTX() as server:
        server.fault = fault
        plan = make_plan(None, demo=False, around=replace(nowhere, mediamtx=server.url))
    assert (plan.demo, plan.lines) == (False, (f"found MediaMTX at {server.url}",))
    assert plan.found == {"mediamtx": [{"url": server.url}], "obs": []}


@pytest.mark.parametrize("fault", [Fault.GARBAGE, Fault.NOT_FOUND, Fault.SERVER_ERROR])
def test_something_else_at_its_port_is_none(nowhere: Surroundings, fault: Fault) -> None:
    with DemoMediaMTX() as server:
        server.fault = fault
        plan = make_plan(None, demo=False, around=replace(nowhere, mediamtx=server.url))
    assert plan.demo


def test_if_there_is_neither_it_says_so_and_is_the_demo(nowhere: Surroundings) -> None:
    plan = make_plan(None, demo=False, around=nowhere)
    assert (plan.demo, plan.file) == (True, None)
    assert plan.lines == (
        f"no leitstand.yml, no MediaMTX at {nowhere.mediamtx}, "
        f"no OBS at 127.0.0.1:{nowhere.obs[1]}: so this is the demo",
    )


def test_an_obs_is_seen(nowhere: Surroundings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as obs:
        host, port = obs.getsockname()
        plan = make_plan(None, demo=False, around=replace(nowhere, obs=(host, port)))
    assert not plan.demo
    assert plan.found == {"mediamtx": [], "obs": [{"host": "127.0.0.1", "port": port}]}
    assert plan.lines[0].startswith(f"found OBS at 127.0.0.1:{port}")


def test_a_password_alone_names_nobody(nowhere: Surroundings) -> None:
    around = replace(nowhere, env={"LEITSTAND_OBS__0__PASSWORD": "hunter2"})
    assert make_plan(None, demo=False, around=around).demo


def test_the_demo_watches_nothing_else(nowhere: Surroundings, tmp_path: Path) -> None:
    (tmp_path / "leitstand.yml").touch()
    assert make_plan(None, demo=True, around=nowhere) == Plan(None, demo=True, lines=())
    with pytest.raises(ConfigError, match="--demo: watches only the demo; leave --config out, or"):
        make_plan(tmp_path / "leitstand.yml", demo=True, around=nowhere)
    around = replace(nowhere, env={"LEITSTAND_MEDIAMTX__0__URL": "http://h"})
    with pytest.raises(ConfigError, match="leave LEITSTAND_MEDIAMTX__0__URL out, or --demo"):
        make_plan(None, demo=True, around=around)


def test_a_port_that_is_taken_is_said_before_anything_is_greeted(write: Write) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        file = write({"exporter": {"listen": address}})
        said = io.StringIO()
        with pytest.raises(ConfigError, match=f"exporter.listen: {address} cannot be listened on"):
            up.run(
                Plan(file, demo=False, lines=("x",)), "info", threading.Event(), Console(file=said)
            )
    assert said.getvalue() == ""


def test_on_a_terminal_the_numbers_move(monkeypatch: pytest.MonkeyPatch) -> None:
    for service in ("EXPORTER", "CONTROL_API"):
        monkeypatch.setenv(f"LEITSTAND_{service}__LISTEN", f"127.0.0.1:{free_port()}")
    said = io.StringIO()
    stop = threading.Event()

    def wait() -> None:
        try:
            eventually(lambda: re.search(r"[1-9][\d.]* Mbit/s in", said.getvalue()))
        finally:
            stop.set()

    watcher = threading.Thread(target=wait)
    watcher.start()
    console = Console(file=said, force_terminal=True, width=120)
    code = up.run(Plan(None, demo=True, lines=()), "info", stop, console)
    assert "live" not in [thread.name for thread in threading.enumerate()]
    watcher.join()
    assert code == 0
    text = said.getvalue()
    assert "DEMO: nothing here is real" in text
    # What the child logs appears above the table, not in it.
    assert "INFO leitstand: exporter" in text
    # Hidden while the table is drawn, and given back.
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h") == 1
