"""The moving numbers, from snapshots written by hand."""

from __future__ import annotations

from typing import Any

import pytest
from rich.console import Console

from leitstand import live

Json = dict[str, Any]


def path(name: str, inbound: float | None, outbound: float | None, at: float, **more: Any) -> Json:
    known = {
        "name": name,
        "online": True,
        "expected": False,
        "on_demand": False,
        "last_data": at,
        "readers": {"rtsp": 2, "hls": 1},
        "video": {"codec": "H264", "width": 1920, "height": 1080},
        "audio": {"codec": "Opus"},
        "inbound_bytes": inbound,
        "outbound_bytes": outbound,
    }
    return known | more


def snapshot(*paths: Json, name: str = "main", up: bool = True) -> Json:
    return {"servers": [{"name": name, "up": up, "paths": list(paths)}]}


def shown(table: Any) -> str:
    console = Console(width=120)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


BEFORE = snapshot(path("a", 1000, 0, at=100.0), path("b", 5, 5, at=90.0))


def test_rates_are_over_the_time_between_the_polls() -> None:
    # b got nothing new, but was read; c is new.
    now = snapshot(
        path("a", 2000, 500, at=104.0), path("b", 5, 10, at=90.0), path("c", 9, 9, at=104.0)
    )
    assert live.rates(BEFORE, now) == {
        ("main", "a"): (2000, 1000),
        ("main", "b"): (0, 10),
        ("main", "c"): (0, 0),
    }


@pytest.mark.parametrize(
    "now",
    [
        BEFORE,
        snapshot(path("a", 10, 0, at=104.0)),
        snapshot(path("a", None, None, at=104.0)),
        snapshot(path("a", 2000, 500, at=50.0)),
        snapshot(),
        snapshot(path("a", 2000, 500, at=104.0), name="other"),
    ],
    ids=["no new poll", "began again", "unknown", "clock set back", "gone", "another server"],
)
def test_what_cannot_be_told_is_no_rate(now: Json) -> None:
    assert set(live.rates(BEFORE, now).values()) <= {(0.0, 0.0)}


def test_the_first_data_has_no_time_to_count_from() -> None:
    before = snapshot(path("a", 0, 0, at=0) | {"last_data": None})
    assert live.rates(before, snapshot(path("a", 9, 9, at=104.0))) == {("main", "a"): (0, 0)}


def test_a_line_sums_up() -> None:
    now = snapshot(path("a", 1_001_000, 3_000_000, at=104.0), path("b", 5, 5, 90.0, online=False))
    expected = "1 of 2 paths online, 6 readers, 2.00 Mbit/s in, 6.00 Mbit/s out"
    assert live.line(BEFORE, now) == expected
    now["servers"].append({"name": "other", "up": False, "paths": []})
    assert live.line(BEFORE, now) == f"{expected}; down: other"


def test_the_table_has_a_row_a_path() -> None:
    now = snapshot(
        path("a", 2000, 500, at=104.0),
        path("gone", 0, 0, 0, online=False, expected=True, video=None, audio=None, readers=None),
        path("idle", 0, 0, 0, online=False, on_demand=True, video={"codec": "H265", "width": None}),
    )
    rows = [
        " ".join(row.replace("│", " ").split())
        for row in shown(live.table(BEFORE, now)).splitlines()
    ]
    assert "a online H264 1920x1080, Opus 2 1 3" in rows
    assert "gone offline 0 0 0" in rows
    assert "idle on demand H265, Opus 0 0 3" in rows


def test_names_are_text_and_many_are_cut_short() -> None:
    many = snapshot(path("[red]x[/y]", 0, 0, 1), *(path(f"p{n}", 0, 0, 1) for n in range(30)))
    many["servers"].append({"name": "other", "up": False, "paths": []})
    text = shown(live.table(many, many))
    assert "main: [red]x[/y]" in text
    assert "and 11 more" in text
