"""The main job in a real browser: form, live page, stop, finished page, share link, revoke."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage, below_the_tiles, measured, overflows, violations
from tests.server import Dashboard

FIGURE = re.compile(r"[1-9][\d,]*")


@pytest.fixture
def target(served: Dashboard) -> str:
    """An endpoint that answers after 20 ms."""
    assert served.practice_url is not None
    return f"{served.practice_url}/async"


def start(page: Page, url: str, *, users: str = "5", duration: str = "60 s", name: str = "") -> str:
    """Fills in the form as a person would and starts; returns the run page's path."""
    page.goto("/")
    page.get_by_label("Target URL").fill(url)
    page.get_by_label("Concurrency").fill(users)
    page.get_by_label("Duration").fill(duration)
    if name:
        page.locator("#advanced > summary").click()
        page.locator("#name").fill(name)
    page.get_by_role("button", name="Start test").click()
    page.wait_for_url(re.compile(r"/runs/r_\w+$"))
    return page.url


def tile(page: Page, label: str) -> str:
    """The large figure of a tile."""
    return page.locator("#tiles .tile", has_text=label).locator(".v").inner_text()


def test_the_whole_journey(new_page: NewPage, target: str) -> None:
    page, dashboard = new_page(), new_page()
    dashboard.goto("/")
    url = start(page, target, name="The journey")
    expect(page.get_by_role("heading", level=1)).to_have_text("The journey")
    expect(page.locator("#pill")).to_contain_text("Running")
    expect(page.locator("#tiles .tile").first.locator(".v")).to_have_text(FIGURE)
    expect(page.locator("#health")).to_contain_text("In flight")

    # Live: figures move by themselves, and nothing on the page shifts while they do.
    requests = page.locator("#endpoint-table tbody tr").first.locator("td").nth(0)
    before, place = requests.inner_text(), below_the_tiles(page)
    expect(requests).not_to_have_text(before)
    assert below_the_tiles(page) == place

    # The dashboard follows by itself, and whoever comes late sees the same run.
    row = dashboard.locator("tr", has_text="The journey")
    expect(row).to_contain_text("Running")
    expect(row.locator(".c-rps")).to_have_text(re.compile(r"\d"))
    late = new_page()
    late.goto(url)
    expect(late.locator("#pill")).to_contain_text("Running")
    expect(late.locator("#tiles .tile").first.locator(".v")).to_have_text(FIGURE)
    expect(late.get_by_text("Last 10 seconds", exact=True)).to_be_visible()

    page.get_by_role("button", name="Stop").click()
    for viewer in (page, late):
        expect(viewer.locator("#pill")).to_contain_text("Stopped")
        expect(viewer.get_by_role("link", name="Run again")).to_be_visible()
        expect(viewer.get_by_role("button", name="Stop")).to_have_count(0)
        expect(viewer.get_by_text("Whole test", exact=True)).to_be_visible()
    expect(row).to_contain_text("Stopped")
    assert tile(page, "Success").startswith("100")
    assert violations(page) == []


def test_a_shared_link_opens_elsewhere_until_it_is_revoked(new_page: NewPage, ended: str) -> None:
    page = new_page()
    page.goto(ended)
    page.locator(".share-menu summary").click()
    page.locator(".share-menu").get_by_role("button", name="New link").click()
    link = page.get_by_role("textbox", name=re.compile("^Share link")).input_value()
    assert re.search(r"/s/[\w-]{30,}$", link)

    guest = new_page(ignore="410")
    guest.goto(link)
    expect(guest.get_by_role("heading", level=1)).to_have_text("Ended")
    expect(guest.locator("#pill")).to_contain_text("Passed")
    assert guest.locator("meta[property='og:title']").get_attribute("content")
    assert "requests/s" in (guest.locator("meta[property='og:description']").get_attribute("content") or "")
    for action in ("Stop", "Share", "Delete", "Run again"):
        expect(guest.get_by_text(action, exact=True)).to_have_count(0)
    assert guest.locator("a[href^='/runs']").count() == 0

    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("button", name="Revoke")).to_have_count(0)
    response = guest.goto(link)
    assert response is not None
    assert response.status == 410
    expect(guest.locator("main")).to_contain_text("revoked")


def test_one_click_from_the_dashboard_to_a_live_practice_run(new_page: NewPage) -> None:
    page = new_page()
    page.goto("/")
    page.get_by_role("button", name="Sync, sleeps 50 ms").first.click()
    page.wait_for_url(re.compile(r"/runs/r_\w+$"))
    expect(page.locator("#tiles .tile").first.locator(".v")).to_have_text(FIGURE)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#pill")).to_contain_text("Stopped")


def test_a_target_that_refuses_says_so(new_page: NewPage) -> None:
    page = new_page()
    start(page, "http://127.0.0.1:9/", duration="1 s")
    expect(page.locator("#pill")).to_contain_text("Error")
    expect(page.locator("#note")).to_contain_text("Could not reach http://127.0.0.1:9")
    expect(page.locator("#error-rows")).to_contain_text("refused")
    assert violations(page) == []


def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_lost(new_page: NewPage) -> None:
    page = new_page(ignore="422")
    page.goto("/")
    page.get_by_label("Target URL").fill("localhost:8000/items")
    page.get_by_label("Concurrency").fill("many")
    expect(page.locator("#url-0-error")).to_contain_text("http://")  # while typing
    page.get_by_role("button", name="Start test").click()
    expect(page.get_by_label("Concurrency")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#users-error")).to_contain_text("whole number")
    expect(page.get_by_label("Target URL")).to_have_value("localhost:8000/items")
    assert violations(page) == []


def test_the_form_works_without_javascript(new_page: NewPage, target: str) -> None:
    page = new_page(java_script_enabled=False)
    start(page, target, duration="0.2 s", name="Plain HTML")
    expect(page.get_by_role("heading", level=1)).to_have_text("Plain HTML")
    page.get_by_role("link", name="Reload").click()
    page.get_by_role("button", name="Stop").or_(page.get_by_role("link", name="Run again")).first.click()
    page.goto("/runs?search=Plain")
    expect(page.get_by_role("link", name="Plain HTML")).to_be_visible()
    page.goto("/runs?search=nothing-of-that-name")
    expect(page.get_by_role("link", name="Plain HTML")).to_have_count(0)


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_pages_fit_and_have_no_violations(new_page: NewPage, ended: str, width: int, scheme: str) -> None:
    page = new_page(width=width, color_scheme=scheme)
    for path, sign in ((ended, "#charts canvas"), ("/", "#recent .runs"), ("/runs", "#results .runs")):
        page.goto(path)
        expect(page.locator(sign).first).to_be_visible()
        assert not overflows(page), path
        assert violations(page) == [], path
    page.set_viewport_size({"width": 720, "height": 900})
    assert not overflows(page)


def test_the_theme_button_stays_chosen(new_page: NewPage) -> None:
    page = new_page(color_scheme="light")
    page.goto("/")
    button = page.locator("#theme")
    for _ in range(2):
        button.click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto("/runs")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    for event, theme in (("beforeprint", "light"), ("afterprint", "dark")):  # paper is light
        page.evaluate("(name) => void dispatchEvent(new Event(name))", event)
        expect(page.locator("html")).to_have_attribute("data-theme", theme)


def test_history_searches_while_somebody_types(new_page: NewPage, ended: str, served: Dashboard) -> None:
    measured(served, 0.2, name="Aardvark")
    page = new_page()
    page.goto("/runs")
    expect(page.get_by_role("link", name="Aardvark")).to_be_visible()
    page.get_by_role("searchbox").fill("ended")
    expect(page.get_by_role("link", name="Aardvark")).to_have_count(0)
    expect(page.get_by_role("link", name="Ended", exact=True)).to_be_visible()
