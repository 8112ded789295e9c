"""The bytes that really moved, whatever reset the counters: what tests hold totals against."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from leitstand.demo.counters import traffic
from leitstand.demo.entities import Path, Session


@dataclass(frozen=True, slots=True)
class Truth:
    """By path, and of the session objects by (path, protocol); in the units the counters use."""

    inbound: Counter[str] = field(default_factory=Counter)
    outbound: Counter[str] = field(default_factory=Counter)
    session_inbound: Counter[tuple[str, str]] = field(default_factory=Counter)
    session_outbound: Counter[tuple[str, str]] = field(default_factory=Counter)

    def copy(self) -> Truth:
        return Truth(
            self.inbound.copy(),
            self.outbound.copy(),
            self.session_inbound.copy(),
            self.session_outbound.copy(),
        )

    def add_path(self, path: Path, now: float) -> None:
        self.inbound[path.name] += path.meter.read(now)
        self.outbound[path.name] += path.outbound(now)

    def add_session(self, session: Session, now: float) -> None:
        inbound, outbound = traffic(session, now)
        key = (session.path.name, session.client.protocol)
        self.session_inbound[key] += inbound
        self.session_outbound[key] += outbound
