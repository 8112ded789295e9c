"""The operator: what is wrong stands in words; recordings, inputs and tokens are handled."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.page.conftest import Visits
from tests.e2e.page.house import QUOTES, House
from tests.running import eventually

SECONDS = 1_000


def test_a_frozen_stream_is_seen_and_seen_to_be_well_again(visits: Visits, house: House) -> None:
    room = visits.open("operator")
    streams = visits.open("viewer", "phone", "streams")
    expect(room.get_by_text("All is well")).to_be_visible()
    house.world.freeze("cam/left")
    words = room.get_by_text("The stream cam/left stands still: no data comes")
    expect(words).to_be_visible(timeout=15 * SECONDS)
    expect(room.get_by_text("Look at the camera or encoder")).to_be_visible()
    row = streams.get_by_role("button", name="cam/left")
    expect(row.get_by_text("Stands still")).to_be_visible()
    house.revive("cam/left")
    expect(words).to_be_hidden()
    expect(row.get_by_text("● Live")).to_be_visible()
    expect(room.get_by_text("All is well")).to_be_visible()


def test_a_studio_whose_obs_dies_is_told_with_what_to_do(visits: Visits, house: House) -> None:
    visits.allow("/api/recordings/preview", "/api/health")
    page = visits.open("operator", "phone")
    studio = page.get_by_role("article", name="stage")
    expect(studio.get_by_role("img", name="Live picture of stage")).to_be_visible()
    house.obs.kill()
    try:
        expect(studio.get_by_text("OBS does not answer")).to_be_visible(timeout=15 * SECONDS)
        expect(page.get_by_text("Open OBS on that machine")).to_be_visible(timeout=15 * SECONDS)
        expect(studio.get_by_role("button", name="● Record")).to_be_disabled()
    finally:
        house.obs.start()
    expect(studio.get_by_text("Ready")).to_be_visible()
    expect(page.get_by_text("All is well")).to_be_visible()


@pytest.mark.parametrize("size", ["phone", "desk"])
def test_a_recording_by_hand(visits: Visits, house: House, size: str) -> None:
    page = visits.open("operator", size)
    studio = page.get_by_role("article", name="stage")
    studio.get_by_role("button", name="● Record").click()
    expect(studio.get_by_text("● Recording")).to_be_visible()
    eventually(lambda: house.status["verified"])
    expect(studio.get_by_text("0:03")).to_be_visible()
    studio.get_by_role("button", name="Pause").click()
    expect(studio.get_by_text("Paused")).to_be_visible()
    studio.get_by_role("button", name="Go on").click()
    studio.get_by_role("button", name="Stop").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    assert house.status["recording"]
    studio.get_by_role("button", name="Stop").click()
    page.get_by_role("dialog").get_by_role("button", name="Stop").click()
    expect(studio.get_by_text("Ready")).to_be_visible()
    house.becomes(recording=False)


def test_an_input_is_muted_where_it_is_seen(visits: Visits, house: House) -> None:
    page = visits.open("operator")
    page.get_by_role("button", name="Mute Tone").click()
    expect(page.get_by_role("button", name="Unmute Tone")).to_be_visible()
    assert house.obs.do("GetInputMute", inputName="Tone")["inputMuted"] is True
    page.get_by_role("button", name="Unmute Tone").click()
    expect(page.get_by_role("button", name="Mute Tone", exact=True)).to_be_visible()
    expect(page.get_by_role("meter", name=QUOTES)).to_be_visible()


def test_a_focused_button_stays_so(visits: Visits) -> None:
    page = visits.open("operator")
    page.get_by_role("button", name="● Record").focus()
    page.wait_for_timeout(5 * SECONDS)
    expect(page.get_by_role("button", name="● Record")).to_be_focused()


def test_a_token_is_made_and_revoked_and_its_browser_is_out(visits: Visits, house: House) -> None:
    visits.allow("401", "/api/streams/live", "/api/events/live")
    admin = visits.open("admin", view="admin/tokens")
    admin.get_by_role("button", name="New token").click()
    admin.get_by_label("Name").fill("a guest")
    admin.get_by_label("Role").select_option("viewer")
    admin.get_by_role("button", name="Make it").click()
    token = admin.get_by_label("The token", exact=True).input_value()
    admin.get_by_role("button", name="Close").click()
    guest = visits.open(None, "phone", "streams")
    guest.get_by_label("Your token").fill(token)
    guest.get_by_role("button", name="Sign in").click()
    expect(guest.get_by_role("button", name="cam/left")).to_be_visible()
    admin.get_by_role("row", name="a guest").get_by_role("button", name="Revoke").click()
    admin.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(admin.get_by_role("row", name="a guest")).to_be_hidden()
    # It only looks: the stream is closed within one heartbeat.
    expect(guest.get_by_label("Your token")).to_be_visible(timeout=40 * SECONDS)
    expect(guest.get_by_role("navigation")).to_be_hidden()


def test_a_viewer_looks_and_can_do_nothing(visits: Visits) -> None:
    visits.allow("403")
    page = visits.open("viewer", view="evenings")
    page.get_by_role("button", name="20-31-00").click()
    expect(page.get_by_text("a token with the role operator is needed")).to_be_visible()
    for name in ("Make the clip", "Delete", "Protect", "Title and notes"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    page.get_by_role("link", name="Control room").click()
    expect(page.get_by_role("article", name="stage")).to_be_visible()
    for name in ("● Record", "Stop", "Mute"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    page.get_by_role("link", name="Schedule").click()
    expect(page.get_by_role("button", name="New schedule")).to_have_count(0)
    expect(page.get_by_role("link", name="Admin")).to_have_count(0)
    for way in ("recordings/start", "schedules", "admin/mute", "auth/tokens", "clips"):
        assert _post(page, way) == 403


def _post(page: object, way: str) -> int:
    script = """(way) => fetch(`/api/${way}`, {method: "POST", body: "{}",
        headers: {"Content-Type": "application/json"}}).then((answer) => answer.status)"""
    return int(page.evaluate(script, way))  # type: ignore[attr-defined]
