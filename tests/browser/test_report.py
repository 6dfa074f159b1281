"""The HTML report opens from a file without a network, draws its charts and runs nothing of the run's."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Request

from tests.browser.conftest import violations
from tests.exports.samples import run
from webui.exports import export


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark")])
def test_the_report_opens_offline(chromium: Browser, tmp_path: Path, width: int, scheme: str) -> None:
    file = tmp_path / "report.html"
    file.write_bytes(export(run(load={"shape": "sweep", "from": 1, "to": 64}), "html").data)
    context = chromium.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True, bypass_csp=False
    )
    page = context.new_page()
    complaints: list[str] = []
    asked: list[Request] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.on("request", lambda request: asked.append(request))
    page.goto(file.as_uri())
    page.wait_for_selector("[data-plot=sweep-latency] canvas")
    for name in ("throughput", "users", "latency", "percentiles", "failures", "sweep-throughput"):
        assert page.locator(f"[data-plot={name}] canvas").count() == 1, name
    before = page.locator("[data-plot=latency] canvas").evaluate("c => c.toDataURL()")
    page.emulate_media(color_scheme="light" if scheme == "dark" else "dark")
    page.wait_for_function(
        "before => document.querySelector('[data-plot=latency] canvas').toDataURL() !== before", arg=before
    )
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert "<script>alert(1)</script>" in page.locator("h1").inner_text()
    assert complaints == []
    assert [request.url for request in asked] == [file.as_uri()]
    context.close()


def test_the_report_is_accessible(chromium: Browser, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_bytes(export(run(), "html").data)
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True)
    page = context.new_page()
    page.goto(file.as_uri())
    assert violations(page) == []
    context.close()
