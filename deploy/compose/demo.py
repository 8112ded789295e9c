"""`demo.py mediamtx` or `demo.py obs`: a demo server that other containers reach.

The commands listen on 127.0.0.1 alone, which in a container is nobody else's.
"""

import sys
import threading
from pathlib import Path

from leitstand.demo.mediamtx import DemoMediaMTX
from leitstand.demo.obs.demo import DemoObs
from leitstand.signals import stop_event

_EVERYWHERE = "0.0.0.0"
_RECORDINGS = Path("/srv/recordings")


def main(which: str) -> None:
    stop: threading.Event = stop_event()
    if which == "mediamtx":
        with DemoMediaMTX(host=_EVERYWHERE, port=9997):
            stop.wait()
    else:
        with DemoObs(_RECORDINGS, host=_EVERYWHERE, port=4455):
            stop.wait()


if __name__ == "__main__":
    main(sys.argv[1])
