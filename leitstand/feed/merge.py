"""One snapshot of several exporters'. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from leitstand.feed.feed import Json


def merged(parts: Sequence[Json], sequence: int) -> Json:
    """The servers, studios and hosts of all, each with its `instance`.

    A name that several use is the first one's; of the others it is NAME@INSTANCE. `host` is that
    of the first, as in a snapshot of one; `hosts` has all.
    """
    ordered = sorted(parts, key=lambda part: str(part["instance"]))
    hosts = [{"instance": part["instance"], **part["host"]} for part in ordered if part["host"]]
    return {
        "sequence": sequence,
        "time": max((part["time"] for part in ordered), default=0.0),
        "servers": list(_named(ordered, "servers")),
        "studios": list(_named(ordered, "studios")),
        "host": next((part["host"] for part in ordered if part["host"]), None),
        "hosts": hosts,
    }


def _named(parts: Iterable[Json], kind: str) -> Iterable[Json]:
    taken: set[str] = set()
    for part in parts:
        for item in part[kind]:
            name, instance = item["name"], part["instance"]
            unique = f"{name}@{instance}" if name in taken else name
            taken.add(unique)
            yield {**item, "name": unique, "instance": instance}
