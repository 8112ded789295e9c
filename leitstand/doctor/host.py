"""Checks of the host: are the watched mounts and devices there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial

import psutil

from leitstand.config import HostConfig
from leitstand.doctor.finding import Finding, in_time


def check(host: HostConfig) -> Iterator[Finding]:
    yield from map(_mount, host.mounts)
    yield from map(_device, host.devices or ())


def _mount(mount: str) -> Finding:
    mounted = in_time(partial(os.path.ismount, mount))
    seen = {True: "mounted", False: "not a mount point", None: "does not answer"}[mounted]
    advice = "mount it, or take it out of host.mounts"
    return Finding(f"host.mounts {mount}", bool(mounted), seen, advice)


def _device(device: str) -> Finding:
    present = psutil.net_if_addrs()
    seen = "there" if device in present else "there is no such device"
    advice = f"host.devices may name {', '.join(sorted(present))}"
    return Finding(f"host.devices {device}", device in present, seen, advice)
