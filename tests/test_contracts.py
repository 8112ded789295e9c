"""What the code as a whole promises: who imports whom, how large a room may be."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("leitstand", "exporter", "control_api")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))

FILE_LINES = 400
FUNCTION_LINES = 60
PARAMETERS = 5

FORBIDDEN = (
    # Each side works without the other.
    ("exporter", "control_api"),
    ("control_api", "exporter"),
    # What speaks to the outside knows nothing of who asks.
    ("leitstand.clients", "exporter"),
    ("leitstand.clients", "control_api"),
    ("leitstand.clients", "leitstand.config"),
    ("leitstand.config", "exporter"),
    ("leitstand.demo", "exporter"),
    # Opening media knows nothing of what is done with them.
    ("leitstand.media", "control_api"),
    ("leitstand.media", "exporter"),
    ("leitstand.media", "leitstand.cut"),
    # Pure functions: a state in, metrics out.
    ("exporter.collectors", "leitstand.clients"),
    ("exporter.counters", "leitstand"),
    ("exporter.exposition", "leitstand"),
)


def module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            assert node.module is not None
            yield from (f"{node.module}.{name.name}" for name in node.names)


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


@pytest.mark.parametrize("path", SOURCES, ids=module)
def test_nobody_imports_what_it_must_not(path: Path) -> None:
    for who, whom in FORBIDDEN:
        if within(module(path), who):
            wrong = [name for name in imported(path) if within(name, whom)]
            assert not wrong, f"{module(path)} must not import {whom}"


def test_media_are_opened_in_one_place() -> None:
    """The others write; the cutter still opens its own."""
    found = {
        module(path)
        for path in SOURCES
        if "av.open(" in path.read_text(encoding="utf-8")
        and not within(module(path), "leitstand.cut")
    }
    writing = {"control_api.play.index", "control_api.play.work", "leitstand.demo.obs.mediafile"}
    assert found == {"leitstand.media.opening"} | writing


LATE_IMPORTS = {
    "exporter.sources.obs.picture": "OpenCV takes 40 MB, for studios only",
    "leitstand.cut.cut": "what few clips need, and the check: a tenth of its time",
    "leitstand.cut.audio_tracks": "numpy is for audio that is encoded",
    "leitstand.cut.likeness": "numpy is loaded while another thread encodes",
    "leitstand.cut.effects": "moviepy takes a second, for clips with fades or a logo only",
    "leitstand.cli": "FastAPI, SQLAlchemy and PyAV take 90 MB, for the control API and clips only",
}
"""Modules that may import inside a function, and why."""


@pytest.mark.parametrize("path", SOURCES, ids=module)
def test_imports_are_at_the_top(path: Path) -> None:
    if module(path) in LATE_IMPORTS:
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    hidden = [
        node.lineno
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert hidden == []


# What Alembic writes lists the tables, however many there are.
ROOMS = [path for path in SOURCES if path.parent.name != "versions"]


@pytest.mark.parametrize("path", ROOMS, ids=module)
def test_rooms_stay_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= FILE_LINES
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "every module says what lives in it"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines <= FUNCTION_LINES, node.name
            arguments = [a for a in node.args.args if a.arg not in ("self", "cls")]
            assert len(arguments) <= PARAMETERS, node.name


def test_no_drawer_for_everything() -> None:
    drawers = {"utils", "util", "helpers", "common", "misc"}
    assert not [path for path in SOURCES if path.stem in drawers]


def test_no_registry_address_is_written_down() -> None:
    for name in ("requirements.lock", "requirements-dev.lock", "pyproject.toml", "Makefile"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text, name
