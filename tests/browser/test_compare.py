"""Two runs from the history to their comparison, its charts, its share link, on desktop and phone."""

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

RUNS = ["r_slow-one", "r_fast-one"]


@pytest.fixture(scope="module")
def compared(served: Dashboard) -> str:
    """The address of a comparison of two runs in the dashboard's store; the second is twice as fast."""

    async def fill() -> None:
        store = await Store.open(f"sqlite:///{served.log.parent}/katydid.db")
        await stored_run(store, "slow-one", document={"tags": ("workers=1",)})
        await stored_run(store, "fast-one", each=400, ms=10, seed=2, tail=0.02, failures=1)
        await store.close()

    with ThreadPoolExecutor(1) as aside:  # this thread has Playwright's event loop
        aside.submit(asyncio.run, fill()).result()
    return f"/compare?run={RUNS[0]}&run={RUNS[1]}"


def test_from_a_run_to_its_comparison_and_its_link(new_page: NewPage, compared: str, tmp_path: Path) -> None:
    page = new_page(accept_downloads=True)
    page.goto(f"/runs/{RUNS[0]}")
    page.get_by_role("link", name="Compare", exact=True).last.click()
    page.get_by_role("checkbox", name=re.compile("fast-one")).check()
    page.get_by_role("button", name="Compare").click()
    expect(page).to_have_url(re.compile(re.escape(compared) + "$"))
    expect(page.get_by_role("heading", level=2).first).to_contain_text("B is about twice as fast as A.")
    row = page.get_by_role("table").filter(has_text="Measure").get_by_role("row", name=re.compile("^p50"))
    expect(row).to_contain_text("faster")

    # Charts: letters at the lines' ends, values by the keyboard, figures as a table.
    expect(page.locator('[data-ends="curve"] .letter')).to_have_text(["A", "B"])
    page.locator('[data-plot="curve"]').focus()
    page.keyboard.press("Home")
    expect(page.locator('[data-tip="curve"]')).to_contain_text("min")
    page.get_by_role("button", name="Show throughput over time as a table").click()
    expect(page.get_by_role("region", name="Throughput over time").locator("tbody tr")).to_have_count(60)
    figure = page.locator("figure", has=page.locator('[data-plot="p95"]'))
    figure.locator("summary").click()
    with page.expect_download() as picture:
        figure.get_by_role("button", name="Picture (PNG)").click()
    picture.value.save_as(tmp_path / "p95.png")
    with Image.open(tmp_path / "p95.png") as saved:
        assert saved.width > 1000
        assert len(saved.convert("RGB").getcolors(1 << 20) or ()) > 50  # lines, letters and words
    figure.locator("summary").click()
    with page.expect_download() as data:
        figure.get_by_role("link", name="Data (CSV)").click()
    assert data.value.suggested_filename == "katydid-compare-r_slow-one-r_fast-one-p95.csv"
    assert violations(page) == []

    page.locator(".share-menu summary").click()
    page.locator(".share-menu").get_by_role("button", name="New link").click()
    link = page.get_by_role("textbox", name=re.compile("^Share link")).input_value()
    guest = new_page(ignore="410")
    guest.goto(link)
    expect(guest.get_by_role("heading", level=2).first).to_contain_text("B is about twice as fast as A.")
    expect(guest.locator('[data-ends="curve"] .letter')).to_have_count(2)
    assert guest.locator("main a:not([data-csv])").count() == 0
    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("button", name="Revoke")).to_have_count(0)
    answer = guest.goto(link)
    assert answer is not None
    assert answer.status == 410


def test_it_fits_a_phone_and_needs_no_script(new_page: NewPage, compared: str) -> None:
    page = new_page(width=390, height=800, color_scheme="dark")
    for address in (compared, "/compare"):
        page.goto(address)
        assert not overflows(page), address
        assert violations(page) == [], address
    plain = new_page(java_script_enabled=False)
    plain.goto(compared)
    expect(plain.get_by_role("table").filter(has_text="Percentile")).to_be_visible()
    expect(plain.get_by_role("heading", level=2).first).to_contain_text("B is about twice as fast as A.")
