"""The one home of OBS Studio's websocket."""

from leitstand.clients.obs.address import Address
from leitstand.clients.obs.errors import (
    Absent,
    Hung,
    NotObs,
    ObsError,
    RequestFailed,
    WrongPassword,
)
from leitstand.clients.obs.inbox import Event, Level, News
from leitstand.clients.obs.link import ObsLink
from leitstand.clients.obs.listener import Subscription

__all__ = [
    "Absent",
    "Address",
    "Event",
    "Hung",
    "Level",
    "News",
    "NotObs",
    "ObsError",
    "ObsLink",
    "RequestFailed",
    "Subscription",
    "WrongPassword",
]
