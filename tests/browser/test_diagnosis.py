"""Find out why, in a real browser against a real small target: from the dashboard to the verdict."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage, below_the_tiles, overflows, violations
from tests.targets import Respond, Target, ok

SLOTS = 4
WORK_S = 0.03
VERDICT_MS = 60_000


def few_at_a_time() -> Respond:
    """`/work` takes 30 ms, four at a time; everything else answers at once."""
    slots = asyncio.Semaphore(SLOTS)

    async def respond(seen, writer) -> None:  # type: ignore[no-untyped-def]
        if seen.path == "/work":
            async with slots:
                await asyncio.sleep(WORK_S)
        await ok(seen, writer)

    return respond


@pytest.fixture(scope="module")
def small() -> Iterator[Target]:
    with Target(few_at_a_time()) as target:
        yield target


def watch_shifts(page: Page) -> None:
    """Counts by how much the page's layout moves by itself."""
    page.evaluate(
        """() => { window.shifted = 0; new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
        }).observe({type: 'layout-shift'}); }"""
    )


def test_from_the_dashboard_to_the_verdict(new_page: NewPage, small: Target) -> None:
    page = new_page()
    page.goto("/")
    page.get_by_label("Target URL").fill(f"{small.url}/work")
    page.locator("#shape-sweep").check()
    page.locator("#sweep_to").fill("16")
    page.locator("#sweep_time").fill("500 ms")
    page.get_by_role("button", name="Start test").click()
    page.wait_for_url(re.compile(r"/runs/r_"))
    doing = page.locator(".doing")
    expect(doing).to_contain_text("Finding out why")
    watch_shifts(page)
    expect(doing.locator("h2")).to_have_text(
        re.compile(r"Trying \d+ users|Refining around \d+"), timeout=30_000
    )
    rows = page.locator("#step-rows tr:not(.to-come)")
    expect(rows.nth(1)).to_be_visible()
    before = below_the_tiles(page)
    expect(rows.nth(2)).to_be_visible()
    assert below_the_tiles(page) == before
    assert page.evaluate("window.shifted") < 0.05, "what it says while it goes on moves nothing"
    expect(page.locator("#verdict-h")).to_be_visible(timeout=VERDICT_MS)
    expect(page.locator("#sweep-charts canvas")).to_have_count(2)
    expect(page.locator("#step-words")).to_contain_text("to settle")
    levels = page.locator("#step-rows th").all_inner_texts()
    users = [int(found[0]) for text in levels if (found := re.match(r"\d+", text))]
    assert users == sorted(users)
    assert {1, 2, 4, 8, 16} <= set(users)
    expect(page.get_by_role("heading", name="What to try next")).to_be_visible()
    verdict = page.locator("#verdict").inner_text()
    page.reload()
    assert page.locator("#verdict").inner_text() == verdict, "the page as it is read later is the same"
    assert violations(page) == []
    phone = new_page(width=390, height=844, color_scheme="dark")
    phone.goto(page.url)
    expect(phone.locator("#verdict-h")).to_be_visible()
    assert not overflows(phone)
    assert violations(phone) == []


def test_a_sweep_of_writes_is_asked_about(new_page: NewPage, small: Target) -> None:
    page = new_page(ignore="422")
    page.goto("/")
    expect(page.locator("#confirm")).to_be_hidden()
    page.get_by_label("Target URL").fill(f"{small.url}/work")
    page.get_by_label("Method").select_option("POST")
    page.get_by_role("button", name="Find out why").click()
    expect(page.locator("#confirm")).to_be_focused()
    expect(page.locator("#confirm-error")).to_contain_text("thousands of times")
    assert violations(page, "form") == []
