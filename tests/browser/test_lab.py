"""The lab's pages in a real browser, with real practice targets."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import NewPage, overflows, violations


def test_predict_start_test_and_stop(new_page: NewPage) -> None:
    page, other = new_page(ignore="422"), new_page()
    page.goto("/lab")
    other.goto("/lab")
    card = page.locator("#one-at-a-time")
    card.get_by_text("Source code").click()
    expect(card.locator("pre")).to_contain_text("HTTPException(503")
    expect(card.locator("pre .k").first).to_be_visible()
    card.get_by_label("Admit").fill("none")
    card.get_by_role("button", name="Start one-at-a-time").click()
    expect(card.get_by_role("alert")).to_contain_text("whole number")
    card.get_by_label("Admit").fill("1")
    choice = card.locator(".choice").first
    choice.click()
    expect(card.get_by_text("Remembered in this browser")).to_be_visible()

    card.get_by_role("button", name="Start and test one-at-a-time").click()
    expect(card.locator(".instances li")).to_have_count(1)
    expect(other.locator("#one-at-a-time .instances li")).to_have_count(1)  # the other tab sees it too
    expect(card.locator("#verdict-one-at-a-time")).to_contain_text("Testing")
    expect(choice.locator("input")).to_be_checked()

    card.get_by_role("button", name=re.compile("^Stop one-at-a-time")).click()
    expect(card.locator(".instances li")).to_have_count(0)
    expect(other.locator("#one-at-a-time .instances li")).to_have_count(0)
    assert violations(page) == []


def test_the_lab_works_without_javascript(new_page: NewPage) -> None:
    page = new_page(java_script_enabled=False)
    page.goto("/lab")
    card = page.locator("#lock")
    card.get_by_label("it fails").check()
    card.get_by_role("button", name="Save answer").click()
    expect(card.get_by_label("it fails")).to_be_checked()
    card.get_by_role("button", name="Start lock").click()
    expect(card.locator(".instances li")).to_have_count(1)
    card.get_by_role("button", name=re.compile("^Stop lock")).click()
    expect(card.locator(".instances li")).to_have_count(0)


def test_the_heatmap_fills_in(new_page: NewPage) -> None:
    page = new_page(color_scheme="dark")
    page.goto("/lab")
    form = page.locator("#experiment-form")
    form.get_by_label("4", exact=True).uncheck()
    form.get_by_label("Users at a time").fill("8")
    form.get_by_label("Time per cell").fill("500 ms")
    form.get_by_label("Find out why").uncheck()
    form.get_by_role("button", name="Start experiment").click()
    page.wait_for_url(re.compile(r"/experiments/x_\w+$"))
    cells = page.locator("#grid a.cell[href^='/runs/']:not(.going)")
    page.locator("#show-p95").check()
    expect(cells.first).to_be_visible()
    expect(page.locator("#pill")).to_contain_text("Running")
    expect(page.locator("#pill")).to_contain_text("Finished", timeout=60_000)
    expect(cells).to_have_count(2)
    expect(page.locator("#show-p95")).to_be_checked()  # what is looked at survives the updates
    expect(cells.first.locator(".val.of-p95")).to_be_visible()
    expect(page.locator("#sentences")).to_contain_text(re.compile(r"2 workers: .+ throughput"))
    assert violations(page) == []
    cells.first.click()
    page.wait_for_url(re.compile(r"/runs/r_\w+$"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("1 worker, 8 users")


def test_the_lab_fits_on_a_phone(new_page: NewPage) -> None:
    page = new_page(width=390, color_scheme="dark")
    page.goto("/lab")
    page.locator("#threads").get_by_text("Source code").click()
    assert not overflows(page)
    assert violations(page) == []
