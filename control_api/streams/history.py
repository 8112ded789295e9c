"""The last minutes from memory: every path's bitrates, and of everything what matters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Json = dict[str, Any]
Key = tuple[str, str]

PATH_SECONDS, PATH_STEP = 600.0, 2.0
TOTAL_SECONDS, TOTAL_STEP = 3600.0, 10.0
_PATHS_AT_MOST = 20_000
_PATH_FIELDS = ("inbound_bitrate", "outbound_bitrate", "viewers")


class Ring:
    """The newest rows of numbers, at least `step` seconds apart; what is older is overwritten."""

    def __init__(self, seconds: float, step: float, columns: int) -> None:
        self._step = step
        rows = int(seconds / step)
        self._times: NDArray[np.float64] = np.full(rows, np.nan)
        self._values: NDArray[np.float32] = np.full((rows, columns), np.nan, np.float32)
        self._next = 0
        self._newest = -np.inf

    def add(self, time: float, values: list[float]) -> None:
        """Left out if it comes too soon after the one before, or before it."""
        # A poll that comes a little early is still the next one.
        if time - self._newest < 0.9 * self._step:
            return
        self._newest = time
        at = self._next % len(self._times)
        self._times[at], self._values[at] = time, values
        self._next += 1

    def rows(self) -> tuple[list[float], list[list[float | None]]]:
        """Times, oldest first, and one list for each column; None is unknown."""
        order = np.roll(np.arange(len(self._times)), -(self._next % len(self._times)))
        order = order[~np.isnan(self._times[order])]
        columns = self._values[order].T.astype(float)
        known = [
            [None if value != value else value for value in column] for column in columns.tolist()
        ]
        return self._times[order].tolist(), known


def thinned(
    times: Sequence[float], values: Sequence[float | None], points: int
) -> list[float | None]:
    """Means over `points` equal parts of the ten minutes that end with the newest."""
    sums: list[list[float]] = [[] for _ in range(points)]
    step = PATH_SECONDS / points
    for time, value in zip(times, values, strict=True):
        place = points - 1 - int((times[-1] - time) / step)
        if value is not None and place >= 0:
            sums[place].append(value)
    return [round(sum(each) / len(each), 1) if each else None for each in sums]


class History:
    """What is kept of each snapshot that is added."""

    def __init__(self) -> None:
        self._paths: dict[Key, Ring] = {}
        self._totals = Ring(TOTAL_SECONDS, TOTAL_STEP, len(_TOTALS))

    def add(self, snapshot: Json) -> None:
        there = set()
        for server in snapshot["servers"]:
            for path in server["paths"]:
                there.add((server["name"], path["name"]))
                self._add_path(server, path, snapshot["time"])
        for key in [key for key in self._paths if key not in there]:
            if len(self._paths) > _PATHS_AT_MOST:
                del self._paths[key]
        self._totals.add(snapshot["time"], [read(snapshot) for read in _TOTALS.values()])

    def path(self, server: str, path: str) -> Mapping[str, Any]:
        """`times` and the bitrates and viewers of the last ten minutes; empty if unknown."""
        ring = self._paths.get((server, path))
        times, columns = ring.rows() if ring else ([], [[] for _ in _PATH_FIELDS])
        return {"times": times, **dict(zip(_PATH_FIELDS, columns, strict=True))}

    def totals(self) -> Mapping[str, Any]:
        """`times` and what matters of the last hour."""
        times, columns = self._totals.rows()
        return {"times": times, **dict(zip(_TOTALS, columns, strict=True))}

    def _add_path(self, server: Json, path: Json, time: float) -> None:
        key = server["name"], path["name"]
        if key not in self._paths:
            self._paths[key] = Ring(PATH_SECONDS, PATH_STEP, len(_PATH_FIELDS))
        known = [path["inbound_bitrate"], path["outbound_bitrate"], viewers(path)]
        values = [np.nan if value is None else value for value in known]
        self._paths[key].add(server.get("polled") or time, values)


def viewers(path: Json) -> int:
    return sum(path["readers"].values())


def _paths(snapshot: Json) -> Iterator[Json]:
    for server in snapshot["servers"]:
        yield from server["paths"]


def _sum(field: str) -> Any:
    def of(snapshot: Json) -> float:
        known = [path[field] for path in _paths(snapshot) if path[field] is not None]
        return sum(known) if known else np.nan

    return of


def _viewers(snapshot: Json) -> float:
    return sum(viewers(path) for path in _paths(snapshot))


def _dropped(snapshot: Json) -> float:
    studios = [studio for studio in snapshot["studios"] if studio["up"]]
    fields = ("render_skipped_frames", "output_skipped_frames")
    return sum(studio[field] or 0 for studio in studios for field in fields)


def _disk(snapshot: Json) -> float:
    spaces = [studio["disk_available_bytes"] for studio in snapshot["studios"] if studio["up"]]
    known = [space for space in spaces if space is not None]
    return min(known) if known else np.nan


_TOTALS: Mapping[str, Any] = {
    "inbound_bitrate": _sum("inbound_bitrate"),
    "outbound_bitrate": _sum("outbound_bitrate"),
    "viewers": _viewers,
    "dropped_frames": _dropped,
    "disk_available_bytes": _disk,
}
"""The charts of everything. A new one is one line."""
