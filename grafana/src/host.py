"""The host: what is used, what is full, what fails; the machine under streams and recordings."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.builders.dashboard import Dashboard

from grafana.src import words
from grafana.src.alerts import alerts
from grafana.src.frame import About, filled, frame
from grafana.src.panels import Look, Text, curves, number
from grafana.src.tables import Column, Rows, table

_NO_HOST = "No exporter"
_CORES = 'rate(host_cpu_seconds_total{mode="idle"}[$__rate_interval])'
_BUSY = f"1 - avg by (instance) ({_CORES})"
_MEMORY = "1 - host_memory_available_bytes / host_memory_total_bytes"
_FULL = "1 - host_filesystem_avail_bytes / host_filesystem_size_bytes"


def dashboard() -> Dashboard:
    about = About(
        "leitstand-host",
        "Host",
        "The machine under streams and recordings: what is used, what is full, what fails.",
    )
    made = frame(about, ())
    return filled(
        made,
        ("Now", _now()),
        ("CPU and memory", [*_cpu(), *_memory()]),
        ("Disks", _disks()),
        ("Network", _network()),
        ("Programs", _programs()),
        ("Wrong now", [alerts(', subject="host"', w=24, h=6)]),
    )


def _now() -> list[Any]:
    full = Look("percentunit", steps=words.FULL, decimals=0)
    return [
        number(
            Text("CPU", "Busy, of all cores, on the busiest host.", _NO_HOST),
            f"max({_BUSY})",
            full,
        ),
        number(
            Text("Memory", "Not to be had without swapping, on the fullest host.", _NO_HOST),
            f"max({_MEMORY})",
            full,
        ),
        number(
            Text("Fullest disk", "Of the watched file systems.", "No file system is watched"),
            f"max({_FULL})",
            full,
        ),
        number(
            Text(
                "Disks that fail",
                "File systems that are read-only, or do not answer.",
                "No file system is watched",
            ),
            "sum(host_filesystem_readonly) + sum(host_filesystem_device_error)",
            Look(steps=words.NONE_IS_GOOD),
        ),
        number(
            Text("Load per core", "Over 1 minute: above 1 work waits.", _NO_HOST),
            f"max(host_load1 / on (job, instance) count by (job, instance) ({_CORES}))",
            Look(steps=((None, "green"), (1, "orange"), (2, "red")), decimals=2),
        ),
        number(
            Text("Network down", "Watched devices that are not up.", "No device is watched"),
            "count(host_network_up == 0) or 0 * count(host_network_up)",
            Look(steps=words.NONE_IS_GOOD),
        ),
        number(
            Text("Hottest", "Of all sensors.", "No sensor"),
            "max(host_temperature_celsius)",
            Look("celsius", steps=words.HOT, decimals=0),
        ),
        number(
            Text("Running since", "When the machine started.", _NO_HOST),
            "max(host_boot_time_seconds) * 1000",
            Look("dateTimeFromNow"),
        ),
    ]


def _cpu() -> list[Any]:
    mode = 'avg by (mode) (rate(host_cpu_seconds_total{mode!="idle"}[$__rate_interval]))'
    return [
        curves(
            Text("CPU", "By what it does, of all cores.", _NO_HOST),
            [(mode, "{{mode}}")],
            Look("percentunit", w=8, stacked=True, top=1),
        ),
        curves(
            Text("Load", "Programs that run or want to, beside the cores there are.", _NO_HOST),
            [
                ("host_load1", "{{instance}} 1 min"),
                ("host_load5", "{{instance}} 5 min"),
                ("host_load15", "{{instance}} 15 min"),
                (f"count by (instance) ({_CORES})", "{{instance}} cores"),
            ],
            Look(w=8, decimals=2),
        ),
    ]


def _memory() -> list[Any]:
    swap = "host_swap_total_bytes - host_swap_free_bytes"
    return [
        curves(
            Text("Memory", "What is had, what can be had, and swap in use.", _NO_HOST),
            [
                ("host_memory_total_bytes", "{{instance}} total"),
                ("host_memory_available_bytes", "{{instance}} available"),
                ("host_memory_cached_bytes + host_memory_buffers_bytes", "{{instance}} cache"),
                (swap, "{{instance}} swap used"),
            ],
            Look("bytes", w=8),
        )
    ]


def _disks() -> list[Any]:
    by = "max by (instance, mountpoint)"
    name = "{{device}}"
    return [
        table(
            Text("File systems", "Space, and whether it can be used.", "None is watched"),
            [
                Column(f"{by} ({_FULL})", "Used", "percentunit", steps=words.FULL, bar=True),
                Column(f"{by} (host_filesystem_avail_bytes)", "Free", "bytes"),
                Column(f"{by} (host_filesystem_readonly)", "Mode", words=words.READ_ONLY),
            ],
            Rows({"mountpoint": "Mounted at", "instance": "Instance"}, w=8, h=8, sort="Used"),
        ),
        curves(
            Text("Written and read", "Bytes per second.", "No disk"),
            [
                (_disk("host_disk_written_bytes_total"), f"{name} written"),
                (_disk("host_disk_read_bytes_total"), f"{name} read"),
            ],
            Look("Bps", w=8),
        ),
        curves(
            Text("Busy", "Share of time in which the disk had something to do.", "No disk"),
            [(_disk("host_disk_io_time_seconds_total"), name)],
            Look("percentunit", w=8, top=1),
        ),
    ]


def _disk(counter: str) -> str:
    return f"sum by (instance, device) (rate({counter}[$__rate_interval]))"


def _network() -> list[Any]:
    kinds = ("receive_errs", "transmit_errs", "receive_drop", "transmit_drop")
    return [
        curves(
            Text("Received", "Bits per second.", "No device is watched"),
            [(f"8 * {_disk('host_network_receive_bytes_total')}", "{{device}}")],
            Look("bps", w=8),
        ),
        curves(
            Text("Sent", "Bits per second: what all viewers get leaves here.", "No device"),
            [(f"8 * {_disk('host_network_transmit_bytes_total')}", "{{device}}")],
            Look("bps", w=8),
        ),
        curves(
            Text("Lost", "Packets per second that were damaged or thrown away.", "No device"),
            [
                (_disk(f"host_network_{kind}_total"), f"{{{{device}}}} {kind.replace('_', ' ')}")
                for kind in kinds
            ],
            Look("pps", w=8),
        ),
    ]


def _programs() -> list[Any]:
    name = "{{process}}"
    none = "None of the programs runs"
    cpu = "rate(host_process_cpu_seconds_total[$__rate_interval])"
    return [
        curves(
            Text("CPU", "Cores that MediaMTX, OBS and ffmpeg use.", none),
            [(f"sum by (process) ({cpu})", name)],
            Look(w=8, decimals=2),
        ),
        curves(
            Text("Memory", "Resident; what they share counts for each.", none),
            [("sum by (process) (host_process_resident_memory_bytes)", name)],
            Look("bytes", w=8),
        ),
        curves(
            Text("Temperature", "Of each sensor.", "No sensor"),
            [("max by (chip, sensor) (host_temperature_celsius)", "{{chip}} {{sensor}}")],
            Look("celsius", w=8),
        ),
    ]
