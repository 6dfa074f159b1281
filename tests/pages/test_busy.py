"""*Stop everything* in the header of every page, and ceilings in the form."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from tests.api.conftest import Service
from webui.pages import busy
from webui.pages.dashboard import DashboardPage
from webui.pages.forms import FormFields
from webui.pages.newtest import new_test
from webui.pages.rows import Recent
from webui.pages.templating import render
from webui.security.ceilings import Ceilings

pytestmark = pytest.mark.anyio

PAGES = ("/", "/runs", "/compare", "/lab", "/runs/r_none")
HIDDEN = 'id="stop-all" hidden'


async def test_it_shows_on_every_page_while_something_runs(service: Service) -> None:
    for path in PAGES:
        assert HIDDEN in (await service.client.get(path)).text, path
    running = (await service.started()).run_id
    await service.start()  # waits
    for path in (*PAGES, f"/runs/{running}"):
        text = (await service.client.get(path)).text
        assert 'id="stop-all"' in text, path
        assert HIDDEN not in text, path
    assert (await service.client.get("/busy")).json() == {"busy": True}
    here = {"Referer": f"http://127.0.0.1:8090/runs/{running}"}
    stopped = await service.client.post("/stop", headers=here)
    assert stopped.headers["location"] == f"/runs/{running}"
    async with asyncio.timeout(10):
        while (await service.client.get("/busy")).json() == {"busy": True}:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    "page", ["http://evil.example/runs/x", "", "http://127.0.0.1:8090//evil", "http://[", "no"]
)
async def test_it_leads_to_no_other_site(service: Service, page: str) -> None:
    stopped = await service.client.post("/stop", headers={"Referer": page})
    assert (stopped.status_code, stopped.headers["location"]) == (303, "/#recent")


def test_the_form_says_how_much_a_test_may_ask_for() -> None:
    ceilings = Ceilings(users=1000, rate_rps=0.5, duration_s=90, body_bytes=2_000_000)
    app = SimpleNamespace(
        state=SimpleNamespace(manager=SimpleNamespace(ceilings=ceilings, anything_lives=False))
    )
    token = busy._asked.set({"app": app})
    text = render("dashboard/index.html", DashboardPage(new_test(FormFields()), Recent([], 0), []))
    busy._asked.reset(token)
    for said in ("At most 1,000 here.", "At most 0.5 here.", "A test lasts 1 min 30 s at most here.",
                 "At most 2.00 MB here.", "Such as 30 s, 2 min or 1 h. A test lasts"):  # fmt: skip
        assert said in text.replace("\N{NO-BREAK SPACE}", " "), said
    plain = render("dashboard/index.html", DashboardPage(new_test(FormFields()), Recent([], 0), []))
    assert "At most 1,000" not in plain
