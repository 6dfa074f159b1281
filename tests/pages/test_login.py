"""The login page: where it leads, what it says, and what it does where there is no login."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.api.conftest import Service
from tests.security.conftest import BASE, OPERATORS, VIEWERS, Guarded, guarded
from webui.pages.login import own_path

pytestmark = pytest.mark.anyio
__all__ = ["guarded"]


@pytest.mark.parametrize("wanted", ["/", "/runs?tag=a%20b&x=1", "/runs/r_1#share", "/s/x", "/a//b"])
def test_it_leads_where_one_wanted_to_go(wanted: str) -> None:
    assert own_path(wanted) == wanted


@pytest.mark.parametrize(
    "wanted",
    [
        "",
        "runs",
        "//evil.example",
        "///evil",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "\n//evil.example",
        "https://evil.example",
        "http:/evil",
        "javascript:alert(1)",
        "/\u2028",
        "/login?next=/login",
        "/logout",
    ],
)
def test_it_leads_to_no_other_site_and_not_in_circles(wanted: str) -> None:
    assert own_path(wanted) == "/"


@given(st.text("/\\:@.?#\t\n evil", max_size=12))
def test_wherever_it_leads_a_browser_stays_here(wanted: str) -> None:
    led = own_path(wanted)
    assert httpx.URL(BASE).join(led).netloc == httpx.URL(BASE).netloc
    assert led.startswith("/")
    assert led[1:2] not in ("/", "\\")


async def test_without_access_control_there_is_no_login(service: Service) -> None:
    response = await service.client.get("/login?token=x&next=/runs")
    assert (response.status_code, response.headers["location"]) == (303, "/runs")
    assert "set-cookie" not in response.headers
    posted = await service.client.post("/login", data={"token": "x"})
    assert (posted.status_code, posted.headers["location"]) == (303, "/")
    out = await service.client.post("/logout")
    assert (out.status_code, out.headers["location"]) == (303, "/")
    assert "Log out" not in (await service.client.get("/")).text


async def test_it_says_what_was_wrong(guarded: Guarded) -> None:
    async with guarded.nobody as browser:
        for given_token in ("", "wrong", "wrong ", "x" * 900):
            page = await browser.post("/login", data={"token": given_token, "next": "/lab"})
            assert page.status_code == 401
            assert "That is not an access token of this dashboard." in page.text
            assert 'name="next" value="/lab"' in page.text
            assert "set-cookie" not in page.headers
        assert (await browser.post("/login", data={"token": "x" * 9000})).status_code == 422
        assert (await browser.get("/login?token=wrong")).status_code == 401
        slowed = await browser.post("/login", data={"token": OPERATORS})
        assert slowed.status_code == 429
        assert slowed.headers["retry-after"] == "1"
        assert "Too many wrong tokens came from your address; try again in 1 s." in slowed.text


async def test_a_stranger_is_shown_no_ways_in(guarded: Guarded) -> None:
    async with guarded.nobody as browser:
        page = (await browser.get("/login")).text
        missing = (await browser.get("/nothing", headers={"Accept": "application/json"})).text
    assert 'href="/login"' in missing
    for shown in ('class="topnav"', "New test", "Log out"):
        assert shown not in page
        assert shown not in missing


async def test_who_is_logged_in_may_change_to_another_token(guarded: Guarded) -> None:
    same = {"Origin": BASE}
    async with guarded.nobody as browser:
        await browser.post("/login", data={"token": VIEWERS}, headers=same)
        assert "You are logged in as a viewer" in (await browser.get("/login")).text
        await browser.post("/login", data={"token": OPERATORS}, headers=same)
        assert "You are logged in as an operator" in (await browser.get("/login")).text
        foreign = await browser.post(
            "/login", data={"token": VIEWERS}, headers={"Origin": "http://evil.example"}
        )
        assert foreign.status_code == 403
