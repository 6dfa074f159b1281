"""The form in a real browser: every load shape, rows that come and go, plans as text."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage, overflows, violations
from tests.server import Dashboard

LOAD = "fieldset:has(#shape-steady) + .fields"
SHAPES = {
    "ramp": (
        {"ramp_from": "2", "ramp_to": "12", "ramp_time": "10 s", "ramp_hold": "20 s"},
        "Climbs from 2 to 12 users in 10 s, then holds for 20 s.",
        "12 users",
    ),
    "rate": (
        {"rate": "50", "rate_time": "20 s", "in_flight": "40"},
        "Starts 50 requests every second for 20 s",
        "50 req/s",
    ),
    "stages": (
        {"stages_from": "1", "stage-1": "10s:4, 10s:8", "stage-2": "", "stage-3": "3 for 10 s"},
        "Moves evenly from 1 to 4, then to 8, then to 3 users.",
        "8 users",
    ),
    "sweep": (
        {"sweep_from": "1", "sweep_to": "4", "sweep_time": "5 s"},
        "Doubles the users from 1 to 4 in up to 3 steps",
        "Sweep 1 to 4 users",
    ),
    "burst": (
        {"burst_size": "5", "burst_count": "60", "burst_pause": "500 ms"},
        "Sends 5 requests at one instant, 60 times",
        "60 bursts of 5",
    ),
}


@pytest.fixture
def target(served: Dashboard) -> str:
    """An endpoint that answers after 20 ms."""
    assert served.practice_url is not None
    return f"{served.practice_url}/async"


def choose(page: Page, url: str, shape: str) -> None:
    """The dashboard with that address and shape."""
    page.goto("/")
    page.get_by_label("Target URL").fill(url)
    page.locator(f"#shape-{shape}").check()


def test_every_shape_is_previewed_and_one_starts(new_page: NewPage, target: str) -> None:
    page = new_page()
    page.goto("/")
    page.get_by_label("Target URL").fill(target)
    for shape, (fields, preview, _) in SHAPES.items():
        page.locator(f"#shape-{shape}").check()
        for control, text in fields.items():
            expect(page.locator(f"#{control}")).to_be_visible()
            page.locator(f"#{control}").fill(text)
        expect(page.locator("#preview p")).to_contain_text(preview)
        assert page.locator("#preview polyline").first.get_attribute("points")
        expect(page.locator("#users")).to_be_hidden()

    # The one that was chosen last is started, by Enter; Run again brings the same fields.
    fields, _, words = SHAPES[shape]
    page.locator(f"#{next(iter(fields))}").press("Enter")
    page.wait_for_url(re.compile(r"/runs/r_\w+$"))
    expect(page.locator("main")).to_contain_text(words)
    expect(page.locator("#pill")).to_contain_text("Running")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#pill")).to_contain_text("Stopped")
    page.get_by_role("link", name="Run again").click()
    expect(page.locator(f"#shape-{shape}")).to_be_checked()
    for control, text in fields.items():
        expect(page.locator(f"#{control}")).to_have_value(text)


def test_stages_of_rates_show_their_own_fields(new_page: NewPage) -> None:
    page = new_page()
    choose(page, "http://127.0.0.1:9/", "stages")
    expect(page.locator("#in_flight")).to_be_hidden()
    page.locator("#stages_of").select_option("rate")
    expect(page.locator("#in_flight")).to_be_visible()
    expect(page.locator("#pause")).to_be_hidden()
    expect(page.locator("#preview")).to_contain_text("requests per second")
    page.locator("#stages_join").select_option("steps")
    expect(page.locator("#stages_from")).to_be_hidden()
    page.locator("#stage-2").fill("9 users for 1 s")
    page.locator("#stage-2").blur()
    expect(page.locator("#stage-2-error")).to_contain_text("another unit")
    page.get_by_role("button", name="Add stage").click()
    expect(page.locator("#stage-4")).to_be_focused()
    page.get_by_role("button", name="Remove stage 2").click()
    expect(page.locator("#stage-2")).to_have_count(0)
    expect(page.locator("#preview p")).not_to_contain_text("appears here")


def test_shapes_are_chosen_by_the_arrow_keys(new_page: NewPage) -> None:
    page = new_page()
    page.goto("/")
    page.locator("#shape-steady").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#shape-ramp")).to_be_checked()
    expect(page.locator("#ramp_to")).to_be_visible()
    expect(page.locator("#preview p")).to_contain_text("Climbs from 1 to 100 users")


def test_checks_and_connection_settings_reach_the_plan(new_page: NewPage, target: str) -> None:
    page = new_page()
    choose(page, target, "steady")
    page.locator("#duration").fill("1 s")
    page.locator("#advanced > summary").click()
    page.locator("#add-check-0").click()
    page.locator("#check-0-1").fill("200")
    page.locator("#add-check-0").click()
    page.locator("#check_on-0-2").select_option("header")
    page.locator("#check_of-0-2").fill("content-type")
    page.locator("#check-0-2").fill("contains(json")
    page.locator("#check-0-2").blur()
    page.locator("#add-check-0").click()
    page.get_by_role("button", name="Remove check 3").click()
    expect(page.locator("#check-0-3")).to_have_count(0)
    page.locator("#check-0-2").fill("contains json")
    page.locator("#thresholds").fill("p95<10s")
    page.get_by_label("Stop as soon as one fails").check()
    page.get_by_label("Earliest stop").fill("5 s")
    page.locator("#connection > summary").click()
    page.locator("#auth").select_option("bearer")
    page.get_by_label("Token").fill("t0ken")
    expect(page.locator("#advanced-summary")).to_contain_text("2 checks, 1 threshold")
    expect(page.locator("#advanced-summary")).to_contain_text("signed in")
    assert violations(page) == []
    page.get_by_role("button", name="Edit as JSON or TOML").click()
    plan = json.loads(page.get_by_label("Plan as JSON or TOML").input_value())
    assert plan["requests"][0]["checks"] == [
        {"on": "status", "is": "200"},
        {"on": "header", "name": "content-type", "is": "contains json"},
    ]
    assert plan["http"]["auth"] == {"type": "bearer", "token": "t0ken"}
    assert plan["abort_on_fail_after_s"] == 5
    page.get_by_role("button", name="Back to the form").click()
    expect(page.locator("#check-0-2")).to_have_value("contains json")


def test_a_plan_is_typed_as_text_and_started(new_page: NewPage, target: str) -> None:
    page = new_page(ignore="422")
    page.goto("/?as=text")
    editor = page.get_by_label("Plan as JSON or TOML")
    base, _, path = target.rpartition("/")
    toml = f'name = "As text"\nbase_url = "{base}"\nrequests = [{{path = "/{path}"}}]\n'
    editor.fill(toml + "load = {users = 0, duration_s = 1}")
    expect(page.locator("#plan-error")).to_contain_text("load.users")  # while typing
    expect(editor).to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="Start test").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was started")
    editor.fill(toml + "load = {users = 3, duration_s = 1}")
    expect(page.locator("#preview")).to_contain_text("Keeps 3 users busy")
    page.get_by_role("button", name="Start test").click()
    page.wait_for_url(re.compile(r"/runs/r_\w+$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("As text")


def test_shapes_stages_and_checks_work_without_javascript(new_page: NewPage, target: str) -> None:
    page = new_page(java_script_enabled=False)
    choose(page, target, "stages")
    expect(page.locator("#users")).to_be_hidden()
    page.get_by_role("button", name="Remove stage 3").click()
    expect(page.locator("#stage-3")).to_have_count(0)
    page.get_by_role("button", name="Add stage").click()
    page.locator("#stage-1").fill("3 for 0.5 s")
    page.locator("#stage-2").fill("3 for 0.5 s")
    page.locator("#stage-3").fill("")
    page.locator("#advanced > summary").click()
    page.get_by_role("button", name="Add check").first.click()
    page.locator("#check-0-1").fill("200")
    page.get_by_role("button", name="Start test").click()
    page.wait_for_url(re.compile(r"/runs/r_\w+$"))
    expect(page.locator("main")).to_contain_text("3 users")


def test_a_long_mistake_fits_a_phone(new_page: NewPage) -> None:
    page = new_page(width=390, ignore="422")
    page.goto("/")
    page.locator("#url-0").fill("htp:/" + "x" * 80)
    page.get_by_role("button", name="Start test").click()
    expect(page.locator("#form-message")).to_contain_text("Nothing was started.")
    assert not overflows(page)


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_all_fields_fit_and_have_no_violations(new_page: NewPage, width: int, scheme: str) -> None:
    page = new_page(width=width, color_scheme=scheme)
    page.goto("/")
    page.locator("#advanced > summary").click()
    page.locator("#connection > summary").click()
    page.locator("#abort").check()
    page.locator("#auth").select_option("basic")
    page.locator("#add-check-0").click()
    page.locator("#check_on-0-1").select_option("json")
    page.locator("#add-request").click()
    expect(page.locator("#url-1")).to_be_visible()
    for shape in ("steady", *SHAPES):
        page.locator(f"#shape-{shape}").check()
        assert not overflows(page), shape
        assert violations(page, None if shape == "steady" else LOAD) == [], shape
