"""Devices that come and go."""

from __future__ import annotations

from exporter.sources.host.devices import Devices


def test_a_device_starts_at_what_it_shows_and_grows_with_it() -> None:
    devices = Devices()
    assert devices.update({"eth0": {"sent": 100}}) == {"eth0": {"sent": 100}}
    assert devices.update({"eth0": {"sent": 130}}) == {"eth0": {"sent": 130}}


def test_a_device_that_was_made_again_goes_on_from_its_total() -> None:
    devices = Devices()
    devices.update({"tun0": {"sent": 100}})
    assert devices.update({"tun0": {"sent": 7}}) == {"tun0": {"sent": 107}}


def test_a_device_that_was_gone_goes_on_from_its_total() -> None:
    devices = Devices()
    devices.update({"tun0": {"sent": 100}})
    assert devices.update({}) == {}
    assert devices.update({"tun0": {"sent": 200}}) == {"tun0": {"sent": 300}}


def test_a_value_that_wrapped_leaves_the_others_alone() -> None:
    devices = Devices()
    devices.update({"sda": {"io_time": 4_294_967.0, "read_bytes": 1e15}})
    totals = devices.update({"sda": {"io_time": 1.0, "read_bytes": 1e15 + 5}})
    assert totals == {"sda": {"io_time": 4_294_968.0, "read_bytes": 1e15 + 5}}


def test_new_devices_do_not_push_watched_ones_out() -> None:
    devices = Devices(limit=2)
    old: dict[str, dict[str, float]] = {"eth0": {"sent": 1}, "eth1": {"sent": 2}}
    new: dict[str, dict[str, float]] = {"a": {"sent": 3}, "b": {"sent": 4}}
    devices.update(old)
    assert devices.update(new | old) == old
    assert devices.update(new | {"eth1": {"sent": 2}}) == {"eth1": {"sent": 2}, "a": {"sent": 3}}


def test_a_machine_with_very_many_devices_shows_fifty() -> None:
    swarm = {f"veth{number}": {"sent": 1.0} for number in range(1_000)}
    assert list(Devices().update(swarm)) == [f"veth{number}" for number in range(50)]
