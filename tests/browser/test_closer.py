"""Selecting a stretch of a run by mouse and by keyboard, and sharing a run with a guest."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import NewPage, overflows, violations
from tests.runs.stored_runs import stored_run
from tests.server import Dashboard
from webui.store import Store

RUN = "/runs/r_closer"


@pytest.fixture(scope="module")
def run(served: Dashboard) -> str:
    """The address of an ended run of a minute with two requests."""

    async def fill() -> None:
        store = await Store.open(f"sqlite:///{served.log.parent}/katydid.db")
        await stored_run(store, "closer", failures=2, requests=[{"path": "/items"}, {"path": "/other"}])
        await store.close()

    with ThreadPoolExecutor(1) as aside:  # this thread has Playwright's event loop
        aside.submit(asyncio.run, fill()).result()
    return RUN


def test_a_stretch_is_selected_kept_in_the_address_and_reset(
    new_page: NewPage, run: str, tmp_path: Path
) -> None:
    page = new_page(accept_downloads=True)
    page.goto(run)
    sent = page.locator("#tile-rate .s").inner_text()
    plot = page.locator('[data-plot="latency"] .u-over')
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 60, steps=5)
    page.mouse.up()
    expect(page.locator("#closer-bar b:visible")).to_have_text("0:15 to 0:30")
    expect(page).to_have_url(re.compile(r"\?from=15&to=30$"))
    expect(page.locator("#closer-tile-rate .s")).to_contain_text("in the stretch")
    expect(page.locator("#tiles")).to_be_hidden()
    expect(page.locator("#closer-code-rows tr")).to_have_count(2)
    expect(page.locator("#closer-error-rows tr").first).to_contain_text("0:15 to 0:29")

    # The chart's picture and its figures are of what is shown.
    figure = page.locator('figure[data-chart="latency"]')
    figure.locator("summary").click()
    with page.expect_download() as picture:
        figure.get_by_role("button", name="Picture (PNG)").click()
    picture.value.save_as(tmp_path / "latency.png")
    with Image.open(tmp_path / "latency.png") as saved:
        assert saved.width > 1000
    figure.locator("summary").click()
    with page.expect_download() as data:
        figure.get_by_role("link", name="Data (CSV)").click()
    assert data.value.suggested_filename == "katydid-r_closer-latency-15s-30s.csv"

    # By the keyboard, after a reload; then back to the whole run.
    page.reload()
    expect(page.locator("#closer-bar b:visible")).to_have_text("0:15 to 0:30")
    page.get_by_label("From", exact=True).fill("0:50")
    page.get_by_label("to", exact=True).fill("1:00")
    page.keyboard.press("Enter")
    expect(page.locator("#closer-bar b:visible")).to_have_text("0:50 to 1:00")
    page.locator('[data-plot="heatmap"]').focus()
    page.keyboard.press("Home")
    expect(page.locator('[data-tip="heatmap"]')).to_contain_text("0:00 to 0:01")
    page.locator("#by-endpoint summary h2").click()
    expect(page.locator("#by-endpoint .u-over")).to_have_count(4)
    assert violations(page) == []
    page.get_by_role("link", name="Show whole test").click()
    expect(page.locator("#tile-rate .s")).to_have_text(sent)
    expect(page).to_have_url(re.compile(re.escape(run) + "$"))


def test_a_run_is_shared_without_its_target_and_the_view_counted(new_page: NewPage, run: str) -> None:
    page = new_page()
    page.goto(run)
    page.locator(".share-menu summary").click()
    page.locator(".share-menu").get_by_label("Expires").select_option("7")
    page.locator(".share-menu").get_by_label("Hide the target address and headers").check()
    page.locator(".share-menu").get_by_role("button", name="New link").click()
    link = page.get_by_role("textbox", name=re.compile("^Share link")).input_value()
    expect(page.locator(".links .hint")).to_contain_text("not viewed yet · target and headers hidden")
    assert violations(page) == []

    guest = new_page(width=390, height=800, color_scheme="dark", ignore="410")
    guest.goto(link)
    expect(guest.locator("#meta .target")).to_contain_text("hidden.invalid")
    assert "127.0.0.1:9/" not in guest.content()
    assert not overflows(guest)
    assert violations(guest) == []
    page.goto(link)  # the owner's own view
    page.goto(run)
    expect(page.locator(".links .hint")).to_contain_text("1 view, the last")
    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("button", name="Revoke")).to_have_count(0)
    answer = guest.goto(link)
    assert answer is not None
    assert answer.status == 410


def test_it_needs_no_script(new_page: NewPage, run: str) -> None:
    page = new_page(java_script_enabled=False)
    page.goto(run)
    page.get_by_label("From", exact=True).fill("10")
    page.get_by_label("to", exact=True).fill("20s")
    page.get_by_role("button", name="Look closer").click()
    expect(page.locator("#closer-bar b:visible")).to_have_text("0:10 to 0:20")
    expect(page.locator("#closer-tiles")).to_be_visible()
