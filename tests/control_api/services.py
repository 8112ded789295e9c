"""A recorder and a control API of one configuration, in this process."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from control_api.bootstrap import ControlApi
from control_api.recorder.service import Recorder
from leitstand.config import Config


@contextlib.contextmanager
def running(config: Config) -> Iterator[ControlApi]:
    """Both started, the API last; both stopped at the end."""
    recorder = Recorder(config)
    recorder.start()
    try:
        control = ControlApi(config)
        control.start()
        try:
            yield control
        finally:
            control.stop()
    finally:
        recorder.stop()
