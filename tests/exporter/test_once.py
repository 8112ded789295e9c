"""Every source asked once, as one JSON."""

from __future__ import annotations

import json
import threading
import time

from exporter import once
from leitstand.config import Config, MediaMTXConfig
from leitstand.demo.mediamtx import DemoMediaMTX, Fault


def config(**servers: str) -> Config:
    return Config(mediamtx=[MediaMTXConfig(name=n, url=url) for n, url in servers.items()])


def test_the_snapshot_of_one_that_is_up_and_some_that_are_not() -> None:
    with DemoMediaMTX() as demo, DemoMediaMTX() as broken:
        broken.fault = Fault.GARBAGE
        found = once.ask(config(good=demo.url, gone="http://127.0.0.1:9", broken=broken.url))
    assert set(found) == {"sequence", "time", "servers", "studios", "host"}
    json.dumps(found, allow_nan=False)
    good, gone, bad = found["servers"]
    assert (good["name"], good["up"]) == ("good", True)
    stage = next(path for path in good["paths"] if path["name"] == "stage")
    assert stage["online"] is True
    assert sum(stage["readers"].values()) > 0
    # Asked after its owner, which knows where forwards are and that recordings can be read.
    assert any("forwards" in path for path in good["paths"])
    assert any("recording" in path for path in good["paths"])
    assert (gone["up"], gone["error"], gone["paths"]) == (
        False,
        "no connection: Connection refused",
        [],
    )
    assert (bad["up"], bad["error"]) == (False, "answered info with something that is not JSON")
    assert abs(found["time"] - time.time()) < 20
    assert found["host"] is not None


def test_what_belongs_to_a_server_that_is_down_is_not_asked() -> None:
    with DemoMediaMTX() as demo:
        demo.fault = Fault.SERVER_ERROR
        once.ask(config(main=demo.url))
        assert not [target for target in demo.requests if "record" in target or "forw" in target]


def test_it_leaves_no_thread_behind() -> None:
    found = once.ask(config(gone="http://127.0.0.1:9"))
    assert found["servers"][0]["up"] is False
    left = [thread.name for thread in threading.enumerate()]
    assert not [name for name in left if name.startswith(("ThreadPool", "poll "))]
