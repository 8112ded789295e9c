"""The numbers of the exporter's snapshot, moving, in the terminal."""

from __future__ import annotations

import threading
from typing import Any

import requests
from rich.console import Console
from rich.live import Live
from rich.table import Table

from leitstand.config import Config

_ROWS = 20
_EVERY_SECONDS = 2.0
_LINES_EVERY = 5

Json = dict[str, Any]


def follow(settings: Config, console: Console, stop: threading.Event) -> None:
    """Show the snapshot until `stop`: a table on a terminal, a line now and then elsewhere."""
    url = f"http://{settings.exporter.listen}/snapshot"
    session = requests.Session()
    session.trust_env = False
    before: Json | None = None
    with Live(console=console, auto_refresh=False) as live:
        turn = 0
        while not stop.wait(_EVERY_SECONDS):
            now = _fetch(session, url)
            if now is None:
                continue
            if console.is_terminal:
                live.update(table(before, now), refresh=True)
            elif before is not None and turn % _LINES_EVERY == 1:
                console.print(line(before, now), highlight=False)
            before, turn = now, turn + 1


def _fetch(session: requests.Session, url: str) -> Json | None:
    try:
        answer: Json = session.get(url, timeout=5).json()
        return answer
    except (requests.RequestException, ValueError):
        return None


def _paths(snapshot: Json) -> list[tuple[str, Json]]:
    return [(s["name"], path) for s in snapshot["servers"] for path in s["paths"]]


def _bitrates(before: Json | None, now: Json) -> dict[tuple[str, str], tuple[float, float]]:
    """Bits per second in and out of each path between two snapshots."""
    if before is None or now["time"] <= before["time"]:
        return {}
    span = now["time"] - before["time"]
    old = {(server, p["name"]): p for server, p in _paths(before)}
    return {
        (server, path["name"]): (
            _rate(old.get((server, path["name"])), path, "inbound_bytes", span),
            _rate(old.get((server, path["name"])), path, "outbound_bytes", span),
        )
        for server, path in _paths(now)
    }


def _rate(before: Json | None, now: Json, key: str, span: float) -> float:
    was = (before or {}).get(key)
    return 0.0 if was is None or now[key] is None else (now[key] - was) * 8 / span


def line(before: Json, now: Json) -> str:
    """One line for logs: how many paths are online, read, and how much flows."""
    paths = [path for _, path in _paths(now)]
    rates = _bitrates(before, now).values()
    online = sum(bool(path["online"]) for path in paths)
    readers = sum(sum((path["readers"] or {}).values()) for path in paths)
    inbound, outbound = sum(r[0] for r in rates), sum(r[1] for r in rates)
    down = [server["name"] for server in now["servers"] if not server["up"]]
    text = (
        f"{online} of {len(paths)} paths online, {readers} readers, "
        f"{inbound / 1e6:.2f} Mbit/s in, {outbound / 1e6:.2f} Mbit/s out"
    )
    return f"{text}; down: {', '.join(down)}" if down else text


def table(before: Json | None, now: Json) -> Table:
    """The first paths with their state, bitrates and readers."""
    shown = Table(title=line(before or now, now), title_justify="left")
    for heading, justify in (("path", "left"), ("state", "left"), ("tracks", "left")):
        shown.add_column(heading, justify=justify)  # type: ignore[arg-type]
    for heading in ("in kbit/s", "out kbit/s", "readers"):
        shown.add_column(heading, justify="right")
    rates = _bitrates(before, now)
    for server, path in _paths(now)[:_ROWS]:
        inbound, outbound = rates.get((server, path["name"]), (0.0, 0.0))
        shown.add_row(
            path["name"],
            _state(path),
            _tracks(path),
            f"{inbound / 1e3:,.0f}",
            f"{outbound / 1e3:,.0f}",
            str(sum((path["readers"] or {}).values())),
        )
    return shown


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
    return ", ".join(word for word in words if word)
