"""Logging in, what a viewer sees, and every page under its Content-Security-Policy, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage, measured, overflows, violations
from tests.server import Dashboard, dashboard

OPERATORS, VIEWERS = "operators-token-1", "viewers-token-123"
# A control that is in the page and can be seen.
CONTROLS = """() => [...document.querySelectorAll(
  'form[method=post], [hx-post], [hx-patch], [hx-delete], [formmethod=post]')]
  .filter(each => each.checkVisibility() && !each.closest('form')?.matches('[action="/logout"]'))
  .map(each => each.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """A dashboard with an operator's and a viewer's token."""
    tokens = {"KATYDID_ACCESS_TOKEN": OPERATORS, "KATYDID_VIEWER_TOKEN": VIEWERS}
    with dashboard(tmp_path_factory.mktemp("guarded"), environment=tokens) as started:
        yield started


@pytest.fixture(scope="module")
def pages(guarded: Dashboard) -> list[str]:
    """The address of each kind of page, with runs behind those that show some; one goes on."""
    headers = {"Authorization": f"Bearer {OPERATORS}"}
    one, other = (measured(guarded, headers=headers, thresholds=["p95<5s"]) for _ in range(2))
    with httpx.Client(base_url=origin(guarded), headers=headers, timeout=60) as client:
        plan = {
            "base_url": guarded.practice_url,
            "requests": [{"path": "/async"}],
            "load": {"shape": "constant-users", "users": 3, "duration_s": 120},
        }
        live = str(client.post("/api/v1/runs", json=plan).json()["id"])
        token = client.post(f"/api/v1/runs/{one}/shares").json()["token"]
    return [
        "/",
        "/runs",
        "/runs?group=plan",
        f"/runs/{one}",
        f"/runs/{one}/intervals",
        f"/runs/{live}",
        f"/s/{token}",
        "/compare",
        f"/compare?run={one}&run={other}",
        "/lab",
        "/nothing/here",
    ]


def origin(guarded: Dashboard) -> str:
    parts = urlsplit(guarded.url)
    return f"{parts.scheme}://{parts.netloc}"


def log_in(page: Page, guarded: Dashboard, token: str, wanted: str = "/") -> None:
    page.goto(origin(guarded) + wanted)
    expect(page).to_have_title("Log in · Katydid")
    page.get_by_label("Access token").fill(token)
    page.get_by_role("button", name="Log in").click()


def test_logging_in_and_out(new_page: NewPage, guarded: Dashboard) -> None:
    page = new_page(width=390, height=800, ignore="401 (Unauthorized)")
    log_in(page, guarded, "not-the-right-token", "/runs?status=live")
    expect(page.get_by_text("That is not an access token of this dashboard.")).to_be_visible()
    assert violations(page) == []
    assert not overflows(page)
    page.get_by_label("Access token").fill(OPERATORS)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{origin(guarded)}/runs?status=live")
    assert page.evaluate("document.cookie") == ""
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_title("Log in · Katydid")
    page.goto(f"{origin(guarded)}/login?token={OPERATORS}")
    expect(page).to_have_url(f"{origin(guarded)}/")


@pytest.mark.parametrize("token", [OPERATORS, VIEWERS], ids=["operator", "viewer"])
def test_every_page_keeps_to_its_policy(
    new_page: NewPage, guarded: Dashboard, pages: list[str], token: str
) -> None:
    page = new_page(ignore="404 (Not Found)")  # a violation is an error in the console, which fails the test
    log_in(page, guarded, token)
    for path in pages:
        response = page.goto(origin(guarded) + path)
        assert response is not None
        assert "'unsafe" not in response.headers["content-security-policy"]
        page.wait_for_load_state("load")
        shown = page.evaluate(CONTROLS)
        if path == "/runs" and token == OPERATORS:
            assert shown
        elif token == VIEWERS or path.startswith("/s/"):
            assert shown == [], path
        assert not overflows(page), path


def test_a_viewer_watches_a_run(new_page: NewPage, guarded: Dashboard, pages: list[str]) -> None:
    page = new_page()
    log_in(page, guarded, VIEWERS)
    expect(page.get_by_text("Viewer", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name="New test")).to_have_count(0)
    live = next(path for path in reversed(pages) if path.startswith("/runs/r_"))
    page.goto(origin(guarded) + live)
    before = page.locator("#tiles, .tiles").first.inner_text()
    page.wait_for_function(
        "before => document.querySelector('#tiles, .tiles').innerText !== before", arg=before
    )
    assert page.evaluate(CONTROLS) == []
    assert violations(page) == []
