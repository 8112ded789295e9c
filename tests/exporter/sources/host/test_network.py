"""Network devices."""

from __future__ import annotations

from dataclasses import asdict

from exporter.sources.host.machine import Machine, Nic
from exporter.sources.host.network import Network
from exporter.sources.host.state import NetworkDevice, Traffic

TRAFFIC = Traffic(10, 20, 1, 2, 0, 0, 0, 0)


def nic(*, up: bool | None = True, loopback: bool = False) -> Nic:
    return Nic(up, loopback, asdict(TRAFFIC))


def test_all_but_loopback_are_watched_if_none_are_named() -> None:
    shown = Network(None).update({"lo": nic(loopback=True), "eth0": nic(), "wlan0": nic(up=False)})
    assert shown == (NetworkDevice("eth0", True, TRAFFIC), NetworkDevice("wlan0", False, TRAFFIC))


def test_only_those_that_are_named_are_watched() -> None:
    nics = {"veth1": nic(), "lo": nic(loopback=True), "eth0": nic()}
    shown = Network(["lo", "eth0"]).update(nics)
    assert shown == (NetworkDevice("lo", True, TRAFFIC), NetworkDevice("eth0", True, TRAFFIC))


def test_a_named_device_that_is_not_there_is_down() -> None:
    network = Network(["usb0", "eth0", "usb0"])
    assert network.update({"eth0": nic()}) == (
        NetworkDevice("eth0", True, TRAFFIC),
        NetworkDevice("usb0", False, None),
    )


def test_more_than_fifty_devices_can_be_named() -> None:
    names = [f"vlan{number}" for number in range(80)]
    shown = Network(names).update({name: nic() for name in names})
    assert shown == tuple(NetworkDevice(name, True, TRAFFIC) for name in names)


def test_a_device_that_vanishes_while_it_is_read_is_neither_up_nor_down() -> None:
    assert Network(None).update({"tun0": nic(up=None)}) == (NetworkDevice("tun0", None, TRAFFIC),)


def test_this_machine_has_a_loopback_that_is_up() -> None:
    (lo,) = Network(["lo"]).update(Machine().network())
    assert lo.up
    assert lo.traffic is not None
    assert "lo" not in [device.name for device in Network(None).update(Machine().network())]
