"""A real dashboard, a real Chromium, and pages that fail a test on a console error."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.server import Dashboard, dashboard

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules/axe-core/axe.min.js"
ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
NewPage = Callable[..., Page]
expect.set_options(timeout=15_000)  # a busy machine is no fault of a page


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """One dashboard for all browser tests; they share its history."""
    with dashboard(tmp_path_factory.mktemp("browser")) as started:
        yield started


def measured(
    dashboard: Dashboard, seconds: float = 0.5, headers: Mapping[str, str] | None = None, **plan: Any
) -> str:
    """The id of an ended run of a practice target that answers after 20 ms."""
    whole = {
        "base_url": dashboard.practice_url,
        "requests": [{"path": "/async"}],
        "load": {"shape": "constant-users", "users": 5, "duration_s": seconds},
        **plan,
    }
    parts = urlsplit(dashboard.url)
    address = f"{parts.scheme}://{parts.netloc}/api/v1/runs"
    answer = httpx.post(address, json=whole, headers={**(headers or {}), "Prefer": "wait=60"}, timeout=90)
    assert answer.status_code == 201, answer.text
    assert answer.json()["status"] == "passed", answer.text
    return str(answer.json()["id"])


@pytest.fixture(scope="session")
def ended(served: Dashboard) -> str:
    """The address of an ended run that nobody changes."""
    return f"/runs/{measured(served, name='Ended')}"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The system's Chromium, headless. Playwright keeps an event loop running in this thread, so it has to be
    over before tests of other modules begin."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "no Chromium: run `make test`, which installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def new_page(chromium: Browser, served: Dashboard) -> Iterator[NewPage]:
    """Opens pages, each in a fresh profile; what they log as errors fails the test at its end."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(
        *, width: int = 1440, height: int = 1000, ignore: str | None = None, **options: object
    ) -> Page:
        context = chromium.new_context(
            base_url=served.url, viewport={"width": width, "height": height}, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)

        def on_console(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning") and not (ignore and ignore in message.text):
                complaints.append(f"{page.url}: {message.text}")

        page.on("console", on_console)
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def violations(page: Page, within: str | None = None) -> list[str]:
    """What axe-core finds on the page, or in one part of it, one line each; its whole default rule set."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    found = page.evaluate(
        "(within) => axe.run(within ?? document, {resultTypes: ['violations'], elementRef: false})", within
    )
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def overflows(page: Page) -> bool:
    """Whether the page scrolls sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def below_the_tiles(page: Page) -> float:
    """How far the endpoints stand below the tiles. Only a message may push both: on a busy machine the
    generator's verdict can come at any moment."""
    tiles, endpoints = (page.locator(id).bounding_box() for id in ("#overview", "#endpoints"))
    assert tiles is not None
    assert endpoints is not None
    return endpoints["y"] - tiles["y"]
