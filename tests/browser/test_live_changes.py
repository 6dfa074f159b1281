"""Changing a live run in a real browser, and the pages of the other load shapes."""

import re
from typing import Any

import httpx
from playwright.sync_api import APIResponse, Locator, Page, Route, expect

from tests.browser.conftest import NewPage, overflows, violations
from tests.server import Dashboard

USERS_20 = {"shape": "constant-users", "users": 20, "duration_s": 240}


def open_run(served: Dashboard, page: Page, load: dict[str, Any], path: str = "/async", **more: Any) -> str:
    """Starts a run of that load and opens its page; returns its address."""
    plan = {"base_url": served.practice_url, "requests": [{"path": path}], "load": load, **more}
    answer = httpx.post(f"{served.url}/api/v1/runs", json=plan)
    assert answer.status_code == 201, answer.text
    run = f"/runs/{answer.json()['id']}"
    page.goto(run)
    return run


def by_hand(page: Page) -> Locator:
    return page.locator("#changed-by-hand li")


def stop(page: Page) -> None:
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#pill")).to_contain_text("Stopped")


def pixels(page: Page, plot: str) -> list[int]:
    """The x places, in CSS pixels, at which the canvas of a plot has a dashed line from top to bottom."""
    found: list[int] = page.evaluate(
        """(name) => {
          const canvas = document.querySelector(`[data-plot="${name}"] canvas`);
          const { width, height } = canvas;
          const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
          const ink = (x, y) => data[(y * width + x) * 4 + 3] > 100 && data[(y * width + x) * 4] < 150;
          const dashed = [];
          for (let x = 60; x < width - 20; x += 1) {
            let changes = 0;
            for (let y = 21; y < height * 0.8; y += 1) changes += ink(x, y) !== ink(x, y - 1);
            if (changes >= 12) dashed.push(x);
          }
          return dashed;
        }""",
        plot,
    )
    return found


def test_users_are_changed_and_the_change_is_marked(new_page: NewPage, served: Dashboard) -> None:
    page = new_page(color_scheme="light", ignore="Canvas2D")  # the canvas is read twice
    open_run(served, page, USERS_20)
    field = page.get_by_label("Users", exact=True)
    expect(page.locator("#tile-users .v")).to_have_text("20")
    assert pixels(page, "throughput") == []

    held: list[tuple[Route, APIResponse]] = []
    page.route("**/change", lambda route: held.append((route, route.fetch())))
    page.get_by_role("button", name="Add 10 users").click()
    page.get_by_role("button", name="Add 10 users").click()
    expect(field).to_have_value("40")  # at once
    expect(page.locator("#adjust .applying")).to_be_visible()
    expect(by_hand(page)).to_have_text(re.compile(r"^20 to 40 users at \d:\d\d$"))  # both presses, one change
    expect(page.locator("#adjust .applying")).to_be_hidden()
    route, answer = held.pop()
    route.fulfill(response=answer)  # long after the stream
    page.unroute("**/change")
    expect(page.locator("#tile-users .v")).to_have_text("40")
    expect(page.locator("#announce")).to_contain_text("20 users added.")
    expect(page.locator("#adjust .applying")).to_be_hidden()
    assert pixels(page, "throughput") != []

    field.fill("15")
    page.keyboard.press("Enter")
    expect(by_hand(page).nth(1)).to_contain_text("40 to 15 users")
    expect(field).to_have_value("15")
    assert violations(page) == []
    stop(page)
    expect(field).to_have_count(0)
    expect(by_hand(page)).to_have_count(2)


def test_two_change_one_run(new_page: NewPage, served: Dashboard) -> None:
    page, other = new_page(ignore="422"), new_page()
    run = open_run(served, page, USERS_20)
    other.goto(run)
    field = page.get_by_label("Users", exact=True)

    # What cannot be is said in place.
    field.fill("many")
    page.keyboard.press("Enter")
    expect(page.locator("#change-problem")).to_contain_text("whole number")
    assert violations(page, "#change-problem") == []
    field.fill("20")
    page.keyboard.press("Escape")

    # The field is left alone while somebody types.
    field.fill("7")
    other.get_by_role("button", name="Remove 10 users").click()
    expect(by_hand(page)).to_contain_text("20 to 10 users")
    expect(field).to_have_value("7")
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(field).to_have_value("10")

    # Pause, resume, and more time.
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#pill")).to_contain_text("Paused")
    expect(page.locator("#change-problem")).to_be_hidden()
    expect(page.locator("#tile-users .s")).to_have_text("0 in flight")
    expect(page.get_by_role("button", name="Resume")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#pill")).to_contain_text("Running")
    page.get_by_text("Add time").click()
    page.get_by_role("button", name="+1 min").click()
    expect(page.locator("#add-time")).not_to_have_attribute("open", "")
    expect(page.locator("#progress")).to_contain_text(re.compile(r"of 5:\d\d"))
    page.get_by_text("Add time").click()
    page.get_by_label("Other").fill("45 s")
    page.keyboard.press("Enter")
    made = ["20 to 10", "Paused at", "Resumed at", "1\u00a0min added at", "45\u00a0s added at"]
    expect(by_hand(page)).to_contain_text(made)
    stop(page)


def test_changes_work_without_javascript(new_page: NewPage, served: Dashboard) -> None:
    page = new_page(java_script_enabled=False, ignore="422")
    open_run(served, page, {"shape": "constant-rate", "rate_rps": 100, "duration_s": 60})
    page.get_by_role("button", name="Raise the rate by a tenth").click()
    expect(page.get_by_label("Rate", exact=True)).to_have_value("110")
    page.get_by_label("Rate", exact=True).fill("0")
    page.keyboard.press("Enter")
    expect(page.locator("#change-problem")).to_contain_text("Must be above 0")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#pill")).to_contain_text("Paused")
    page.get_by_role("button", name="Stop").click()


def test_an_overloaded_open_model_says_what_it_dropped(new_page: NewPage, served: Dashboard) -> None:
    page = new_page()
    load = {"shape": "constant-rate", "rate_rps": 500, "duration_s": 60, "max_users": 5}
    open_run(served, page, load)
    expect(page.locator("#tile-users .k")).to_have_text("Dropped")
    expect(page.locator("#tile-users .v")).to_have_text(re.compile(r"^[1-9][\d,]*$"))
    expect(page.locator("#tile-p50")).to_contain_text("service")
    expect(page.locator("#tile-rate")).to_contain_text("500 offered")
    expect(page.locator("#endpoint-table tr.service")).to_have_count(1)
    expect(page.locator("#warning")).to_contain_text("were dropped")
    assert violations(page, "#overview") == []
    stop(page)


def test_the_controls_fit_on_a_phone(new_page: NewPage, served: Dashboard) -> None:
    page, dark = (new_page(width=390, color_scheme=scheme) for scheme in ("light", "dark"))
    load = {"shape": "ramping-rate", "stages": [{"duration_s": 30, "rate_rps": 50}], "max_users": 50}
    run = open_run(served, page, load, thresholds=["p95<1s", "audit.trustworthy"], abort_on_fail_after_s=20)
    dark.goto(run)
    for each in (page, dark):
        expect(each.locator("#tile-rate .v")).to_have_text(re.compile(r"\d"))
        expect(each.locator("#thresholds")).to_contain_text("Stops the run when one fails (after 20\u00a0s)")
        each.get_by_text("Add time").click()
        assert not overflows(each)
    assert violations(dark) == []
    page.keyboard.press("Escape")
    stop(page)
