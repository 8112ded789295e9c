"""The numbers of the exporter's snapshot, moving, in the terminal."""

from __future__ import annotations

import contextlib
import math
import threading
from collections import deque
from collections.abc import Iterator
from typing import Any

import requests
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from leitstand.config import ExporterConfig

_ROWS = 20
_EVERY_SECONDS = 2.0
_UNTIL_THE_FIRST_SECONDS = 0.3
_LINES_EVERY = 5
_GOODBYE_SECONDS = 0.3

Json = dict[str, Any]
Rates = dict[tuple[str, str], tuple[float, float]]
"""Bits per second in and out of each (server, path)."""


@contextlib.contextmanager
def shown(exporter: ExporterConfig, console: Console) -> Iterator[None]:
    """Show the snapshot meanwhile: a table on a terminal, a line now and then elsewhere."""
    over = threading.Event()
    follower = threading.Thread(target=_follow, args=(exporter, console, over), name="live")
    follower.daemon = True
    follower.start()
    try:
        yield
    finally:
        over.set()
        # So that the terminal gets its cursor back.
        follower.join(_GOODBYE_SECONDS)


def _follow(exporter: ExporterConfig, console: Console, over: threading.Event) -> None:
    every = max(_EVERY_SECONDS, exporter.poll_interval)
    # Two steps back: between these two there was a poll, however the paces meet.
    last: deque[Json] = deque(maxlen=3)
    lines = 0
    screen = Live(console=console, auto_refresh=False) if console.is_terminal else None
    with screen or contextlib.nullcontext(), requests.Session() as session:
        session.trust_env = False
        while not over.wait(every if last else _UNTIL_THE_FIRST_SECONDS):
            snapshot = _fetch(session, exporter.url, first=not last)
            if snapshot is None:
                continue
            last.append(snapshot)
            if screen:
                screen.update(table(last[0], snapshot), refresh=True)
            elif len(last) > 1:
                if lines % _LINES_EVERY == 0:
                    console.print(line(last[0], snapshot), highlight=False, soft_wrap=True)
                lines += 1


def _fetch(session: requests.Session, url: str, *, first: bool) -> Json | None:
    """The snapshot; the first not before every source was asked."""
    try:
        if first:
            session.get(f"{url}/-/ready", timeout=5).raise_for_status()
        answer = session.get(f"{url}/snapshot", timeout=5)
        answer.raise_for_status()
        snapshot: Json = answer.json()
        return snapshot
    except requests.RequestException:
        return None


def rates(before: Json, now: Json) -> Rates:
    """What flowed between two snapshots, over the time between the polls that they show."""
    old = {server["name"]: server for server in before["servers"]}
    found: Rates = {}
    for server in now["servers"]:
        was = old.get(server["name"], {"paths": []})
        span = _newest_data(server) - (_newest_data(was) or math.inf)
        paths = {path["name"]: path for path in was["paths"]}
        for path in server["paths"]:
            at = server["name"], path["name"]
            found[at] = (
                _rate(paths.get(path["name"]), path, "inbound_bytes", span),
                _rate(paths.get(path["name"]), path, "outbound_bytes", span),
            )
    return found


def _newest_data(server: Json) -> float:
    """When any path of it last got data: the time of the poll, as long as anything flows."""
    return max((path["last_data"] or 0.0 for path in server["paths"]), default=0.0)


def _rate(before: Json | None, now: Json, key: str, span: float) -> float:
    was = before and before[key]
    if was is None or now[key] is None or span <= 0:
        return 0.0
    # Less than before: the exporter began again.
    return max(0.0, float(now[key] - was)) * 8 / span


def line(before: Json, now: Json) -> str:
    """One line for logs: how many paths are online, read, and how much flows."""
    paths = [path for server in now["servers"] for path in server["paths"]]
    flows = rates(before, now).values()
    inbound, outbound = sum(flow[0] for flow in flows), sum(flow[1] for flow in flows)
    down = [server["name"] for server in now["servers"] if not server["up"]]
    text = (
        f"{sum(bool(path['online']) for path in paths)} of {len(paths)} paths online, "
        f"{sum(map(_readers, paths))} readers, "
        f"{inbound / 1e6:.2f} Mbit/s in, {outbound / 1e6:.2f} Mbit/s out"
    )
    return f"{text}; down: {', '.join(down)}" if down else text


def table(before: Json, now: Json) -> Table:
    """The first paths with their state, bitrates and readers."""
    shown = Table(title=line(before, now), title_justify="left", caption_justify="left")
    for heading in ("path", "state", "tracks"):
        shown.add_column(heading)
    for heading in ("in kbit/s", "out kbit/s", "readers"):
        shown.add_column(heading, justify="right")
    flows = rates(before, now)
    rows = [(server["name"], path) for server in now["servers"] for path in server["paths"]]
    for server, path in rows[:_ROWS]:
        name = path["name"] if len(now["servers"]) == 1 else f"{server}: {path['name']}"
        flow = [f"{bits / 1e3:,.0f}" for bits in flows[server, path["name"]]]
        shown.add_row(escape(name), _state(path), _tracks(path), *flow, str(_readers(path)))
    if len(rows) > _ROWS:
        shown.caption = f"and {len(rows) - _ROWS} more"
    return shown


def _readers(path: Json) -> int:
    return sum((path["readers"] or {}).values())


def _state(path: Json) -> str:
    if path["online"]:
        return "[green]online"
    if path["expected"]:
        return "[red]offline"
    return "[dim]on demand" if path["on_demand"] else "[dim]offline"


def _tracks(path: Json) -> str:
    video, audio = path["video"], path["audio"]
    size = f" {video['width']}x{video['height']}" if video and video["width"] else ""
    words = [f"{video['codec']}{size}" if video else "", audio["codec"] if audio else ""]
    return escape(", ".join(word for word in words if word))
