"""CPU seconds."""

from __future__ import annotations

from exporter.sources.host.cpu import Cpus
from exporter.sources.host.state import Cpu


def test_each_cpu_keeps_its_own_seconds() -> None:
    shown = [{"user": 1.5, "idle": 9.0}, {"user": 0.5, "idle": 10.0}]
    assert Cpus().update(shown) == (Cpu("0", shown[0]), Cpu("1", shown[1]))


def test_idle_that_steps_back_stands_still_until_it_has_caught_up() -> None:
    cpus = Cpus()
    idle = [cpus.update([{"idle": s}])[0].seconds["idle"] for s in (10.0, 9.98, 10.0, 10.5)]
    assert idle == [10.0, 10.0, 10.0, 10.5]
