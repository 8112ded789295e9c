"""The golden pages: what each recorded set turns into, and what promtool thinks of it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests import golden
from tests.recorded import sets
from tests.recorded_obs import SITUATIONS

_NAMES = [*(f"{name}.prom" for name in (*sets(), *SITUATIONS)), "sequence.prom"]


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return dict((*golden.pages(), *golden.obs_pages()))


def test_every_recorded_set_has_a_golden_page(pages: dict[str, str]) -> None:
    assert sorted(pages) == sorted(_NAMES) == sorted(p.name for p in golden.FOLDER.iterdir())


@pytest.mark.parametrize("name", _NAMES)
def test_page_is_the_golden_one(name: str, pages: dict[str, str]) -> None:
    """After a change on purpose: `make golden`, and look at the diff."""
    assert pages[name] == (golden.FOLDER / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", _NAMES)
def test_promtool_has_nothing_to_say(name: str, promtool: str) -> None:
    text = (golden.FOLDER / name).read_bytes()
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_golden_pages_hold_no_address_and_no_secret() -> None:
    for file in Path(golden.FOLDER).iterdir():
        text = file.read_text(encoding="utf-8")
        for leak in ("127.0.0.1", "://", "Lavf", "s3cret"):
            assert leak not in text, (file.name, leak)
