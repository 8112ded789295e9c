"""A video that is damaged says why, and can be examined again from the page."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.page.conftest import Visits
from tests.e2e.page.house import EVENING, House, another
from tests.running import eventually

BAD = "2026-11-18 20-00-00.mkv"


def bad(house: House) -> dict[str, Any]:
    found = house.call("GET", f"/videos?q={BAD[:10]}")["items"]
    return dict(found[0]) if found else {}


@pytest.fixture
def damaged(house: House) -> Any:
    path = house.recordings / BAD
    path.write_bytes(b"x" * 100_000)
    os.utime(path, (time.time() - 3600,) * 2)
    house.call("POST", "/videos/scan")
    yield eventually(lambda: (one := bad(house)).get("state") == "damaged" and one, 60)
    house.call("DELETE", f"/videos/{bad(house)['id']}")


@pytest.mark.parametrize("size", ["phone", "desk"])
def test_a_damaged_video_is_examined_again(
    visits: Visits, house: House, damaged: dict[str, Any], size: str, tmp_path: Path
) -> None:
    page = visits.open("operator", size, "evenings")
    page.get_by_role("button", name=BAD[:10]).click()
    expect(page.get_by_text("Damaged: it does not play")).to_be_visible()
    again = page.get_by_role("button", name="Examine again")
    # The file is as it was: it says so once more.
    with page.expect_response("**/examine"):
        again.click()
    eventually(lambda: bad(house)["examine_at"] is None, 60)
    expect(page.get_by_text("Damaged: it does not play")).to_be_visible()
    expect(again).to_be_enabled()
    good = another(tmp_path / "good.mkv").read_bytes()
    (house.recordings / BAD).write_bytes(good)
    again.click()
    expect(page.get_by_label("The video", exact=True)).to_be_visible()
    expect(again).to_be_hidden()
    assert EVENING not in page.url


def test_who_only_watches_has_no_button(
    visits: Visits, house: House, damaged: dict[str, Any]
) -> None:
    page = visits.open("viewer", view=f"evenings/2026-11-18/{damaged['id']}")
    expect(page.get_by_text("Damaged: it does not play")).to_be_visible()
    expect(page.get_by_role("button", name="Examine again")).to_have_count(0)
