"""A demo OBS: obs-websocket v5 as the real one speaks it, real recordings, faults on demand."""

from leitstand.demo.obs.demo import DemoObs
from leitstand.demo.obs.faults import Fault
from leitstand.demo.obs.options import Splits
from leitstand.demo.obs.picture import Stamp, read_stamp
from leitstand.demo.obs.protocol import Refused

__all__ = ["DemoObs", "Fault", "Refused", "Splits", "Stamp", "read_stamp"]
