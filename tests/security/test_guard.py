"""Who gets past the guard, address by address; what every response carries; sessions from login to logout."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI, Response
from fastapi.routing import APIRoute
from starlette.routing import Mount, Route

from tests.security.conftest import BASE, OPERATORS, VIEWERS, Guarded
from webui import streams
from webui.security.entrance import Entrance
from webui.security.headers import DEFAULTS, EMBEDDABLE
from webui.security.origin import SAFE_METHODS
from webui.security.throttle import FREE

pytestmark = pytest.mark.anyio

OPEN = {"/healthz", "/login", "/logout"}
SAME_ORIGIN = {"Origin": BASE, "Sec-Fetch-Site": "same-origin"}
HTML = {"Accept": "text/html"}


def addresses(app: FastAPI) -> list[tuple[str, str]]:
    """(method, address) of every route, with some id in each place for one."""
    return [
        (method, re.sub(r"\{[^}]+\}", "r_unknown", path)) for method, path in sorted(set(_routes(app.routes)))
    ]


def _routes(routes: Iterable[object]) -> Iterator[tuple[str, str]]:
    for route in routes:
        if isinstance(route, Route | APIRoute):
            yield from ((method, route.path) for method in route.methods or ())
        elif not isinstance(route, Mount):  # an included router
            yield from _routes(route.original_router.routes)  # type: ignore[attr-defined]


async def test_nobody_gets_past_it_whatever_the_address(guarded: Guarded) -> None:
    routes = list(addresses(guarded.app))
    assert len(routes) > 60
    async with guarded.nobody as nobody:
        for method, path in routes:
            response = await nobody.request(method, path)
            shared = path.startswith("/s/") and method in SAFE_METHODS
            if path in OPEN or shared:
                assert "www-authenticate" not in response.headers, (method, path)
            else:
                assert response.status_code == 401, (method, path)
                assert response.headers["www-authenticate"] == "Bearer"
        for path in ("/openapi.json", "/metrics", "/nothing/here"):
            assert (await nobody.get(path)).status_code == 401


async def test_a_viewer_changes_nothing_whatever_the_address(guarded: Guarded) -> None:
    async with guarded.viewer as viewer:
        for method, path in addresses(guarded.app):
            if method in SAFE_METHODS or path in OPEN:
                continue
            response = await viewer.request(method, path)
            assert response.status_code == 403, (method, path)
        assert (await viewer.post("/api/v1/runs")).json()["type"] == "urn:katydid:problem:forbidden"
        page = await viewer.post("/runs", headers={**HTML})
        assert "yours can read and not change" in page.text
        assert (await viewer.get("/runs/r_1/edit")).status_code == 403
        for path in ("/", "/runs", "/compare", "/lab", "/api/v1/runs", "/openapi.json"):
            assert (await viewer.get(path)).status_code == 200, path


async def test_a_wrong_token_is_told_and_slowed_and_waits_for_nobody(guarded: Guarded) -> None:
    async with guarded.client("x" * 20, address="10.0.0.9") as guesser:
        said = [(await guesser.get("/api/v1/runs")).status_code for _ in range(FREE + 1)]
        refused = await guesser.get("/api/v1/runs", headers={"Authorization": f"Bearer {OPERATORS}"})
    assert said == [401] * FREE + [429]
    assert refused.status_code == 429  # not looked at
    assert int(refused.headers["retry-after"]) == 1
    async with guarded.client(OPERATORS) as other:
        assert (await other.get("/api/v1/runs")).status_code == 200


async def test_the_link_becomes_a_cookie_and_leaves_the_address_bar(guarded: Guarded) -> None:
    async with guarded.nobody as browser:
        asked = await browser.get("/runs?tag=x", headers=HTML)
        assert (asked.status_code, asked.headers["location"]) == (303, "/login?next=%2Fruns%3Ftag%3Dx")
        entered = await browser.get("/login", params={"token": VIEWERS, "next": "/runs?tag=x"})
        assert (entered.status_code, entered.headers["location"]) == (303, "/runs?tag=x")
        cookie = entered.headers["set-cookie"]
        assert re.fullmatch(
            r"katydid_8090=viewer\.\d+\.[\w.-]+; HttpOnly; Max-Age=43200; Path=/; SameSite=lax", cookie
        )
        assert VIEWERS not in cookie
        assert (await browser.get("/runs", headers=HTML)).status_code == 200
        refused = await browser.post("/runs", headers=SAME_ORIGIN)
        assert refused.status_code == 403


async def test_under_tls_the_cookie_stays_there(guarded: Guarded) -> None:
    async with guarded.nobody as browser:
        entered = await browser.get(f"https://127.0.0.1:8090/login?token={VIEWERS}")
    assert entered.headers["set-cookie"].startswith("__Host-katydid_8090=")
    assert "; Secure" in entered.headers["set-cookie"]


@asynccontextmanager
async def logged_in(guarded: Guarded) -> AsyncIterator[httpx.AsyncClient]:
    async with guarded.nobody as browser:
        entered = await browser.post("/login", data={"token": OPERATORS, "next": "/lab"}, headers=SAME_ORIGIN)
        assert (entered.status_code, entered.headers["location"]) == (303, "/lab")
        yield browser


async def test_changes_with_a_cookie_need_a_page_of_this_dashboard(guarded: Guarded) -> None:
    async with logged_in(guarded) as browser:
        stop = "/api/v1/runs/r_unknown/stop"
        assert (await browser.post(stop, headers=SAME_ORIGIN)).status_code == 404
        for headers in (
            {},
            {"Origin": "http://evil.example"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site", "Origin": BASE},
        ):
            assert (await browser.post(stop, headers=headers)).status_code == 403, headers
    async with guarded.client(OPERATORS) as program:
        assert (await program.post(stop)).status_code == 404


async def test_logging_out_ends_the_session_wherever_its_cookie_is(guarded: Guarded) -> None:
    async with logged_in(guarded) as browser:
        stolen = dict(browser.cookies)
        assert "Log out" in (await browser.get("/")).text
        out = await browser.post("/logout", headers=SAME_ORIGIN)
        assert (out.status_code, out.headers["location"]) == (303, "/login")
        assert not browser.cookies
    async with guarded.nobody as thief:
        thief.cookies.update(stolen)
        assert (await thief.get("/api/v1/runs")).status_code == 401


async def test_an_event_stream_ends_with_its_session(
    guarded: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webui.security.guard._LOOK_EVERY_S", 0.01)
    entrance: Entrance = guarded.app.state.entrance
    async with logged_in(guarded) as browser:
        cookie = browser.cookies["katydid_8090"]
        session = entrance.sessions.read(cookie)
        assert session is not None
        entrance.sessions.clock = lambda: session.ends - 1
        asyncio.get_running_loop().call_later(0.1, entrance.sessions.end, session)
        async with asyncio.timeout(10):
            stream = await browser.get("/stream")  # httpx's transport answers when the stream has ended
    assert stream.status_code == 200
    assert stream.headers["content-type"].startswith("text/event-stream")


async def test_a_shared_link_opens_its_result_and_nothing_else(guarded: Guarded) -> None:
    launch = await guarded.service.started()
    run_id = await guarded.service.ended(launch)
    share = (await guarded.service.client.post(f"/api/v1/runs/{run_id}/shares")).json()
    token = share["token"]
    async with guarded.nobody as reader:
        for path in ("", "/title", "/intervals", "/plan.json", "/export/json", "/stream", "/badge.svg"):
            assert (await reader.get(f"/s/{token}{path}")).status_code == 200, path
        for path in (f"/runs/{run_id}", f"/api/v1/runs/{run_id}", f"/s/{token}/../../runs", "/s/other"):
            assert (await reader.get(path)).status_code in (401, 404), path
        assert (await reader.post(f"/s/{token}")).status_code == 401
        assert "data-reads-only" in (await reader.get(f"/s/{token}")).text
        await guarded.service.client.delete(f"/api/v1/runs/{run_id}/shares/{token}")
        assert (await reader.get(f"/s/{token}")).status_code == 410


async def test_viewers_are_shown_no_link_that_opens_without_a_login(guarded: Guarded) -> None:
    run_id = await guarded.service.ended(await guarded.service.started())
    shares = f"/api/v1/runs/{run_id}/shares"
    made = await guarded.service.client.post(shares, json={})
    token = made.json()["token"]
    async with guarded.viewer as viewer:
        assert token not in (await viewer.get(f"/runs/{run_id}")).text
        assert (await viewer.get(shares)).status_code == 403
        assert (await viewer.get(f"{shares}/{token}")).status_code == 403
    assert token in (await guarded.service.client.get(shares)).text


async def test_viewers_see_no_secrets_and_no_form(guarded: Guarded) -> None:
    requests = [{"path": "/items", "headers": {"Authorization": "Bearer s3cr3t-value"}}]
    run_id = await guarded.service.ended(await guarded.service.started(requests=requests))
    own = guarded.service.client
    assert "s3cr3t-value" in (await own.get(f"/runs/{run_id}/plan.json")).text
    async with guarded.viewer as viewer:
        for path in (f"/runs/{run_id}", f"/runs/{run_id}/plan.json", f"/runs/{run_id}/plan.toml",
                     f"/api/v1/runs/{run_id}", f"/runs/{run_id}/stream", f"/?from={run_id}"):  # fmt: skip
            response = await viewer.get(path)
            assert response.status_code == 200
            assert "s3cr3t-value" not in response.text, path
        page = (await viewer.get("/")).text
        assert "data-reads-only" in page
        assert 'id="new-form"' not in page
    assert "data-reads-only" not in (await own.get("/")).text


async def test_lists_and_experiments_tell_viewers_no_secret_of_an_address(guarded: Guarded) -> None:
    plan = [{"path": "/items?api_key=s3cr3t-value&X-Tenant=s3cr3t-tenant"}]
    await guarded.service.ended(await guarded.service.started(requests=plan, secrets=["X-Tenant"]))
    own = guarded.service.client
    variants = [{"label": "a", "base_url": "http://127.0.0.1:1"}]
    tried = {"path": "/items?api_key=s3cr3t-value", "variants": variants, "users": [1], "cell_s": 0.5}
    made = await own.post("/api/v1/experiments", json=tried | {"diagnose": False})
    experiment_id = made.json()["id"]
    async with guarded.viewer as viewer:
        for path in ("/", "/runs", "/api/v1/runs", "/lab", "/api/v1/experiments", "/api/v1/plans",
                     f"/experiments/{experiment_id}", f"/experiments/{experiment_id}/changes",
                     f"/api/v1/experiments/{experiment_id}"):  # fmt: skip
            response = await viewer.get(path)
            assert response.status_code == 200, path
            assert "s3cr3t-" not in response.text, path
    assert "s3cr3t-value" in (await own.get(f"/api/v1/experiments/{experiment_id}")).text
    await own.post(f"/api/v1/experiments/{experiment_id}/stop")


async def test_every_response_carries_the_headers(guarded: Guarded) -> None:
    @guarded.app.get("/static-fault")
    async def fault() -> None:
        raise RuntimeError("on purpose")

    own = guarded.service.client
    responses = [
        await own.get("/"),
        await own.get("/static/app.css"),
        await own.get("/static/none.css"),
        await own.get("/nothing/here"),
        await own.get("/api/v1/runs"),
        await own.post("/api/v1/runs", json={}),
        await own.get("/static-fault"),
        await own.get("/", headers={"Host": "evil.example"}),
    ]
    assert [each.status_code for each in responses] == [200, 200, 404, 404, 200, 422, 500, 403]
    async with guarded.nobody as nobody:
        responses += [await nobody.get("/"), await nobody.get("/", headers=HTML), await nobody.get("/login")]
    for response in responses:
        for name in DEFAULTS:
            assert name in response.headers, (response.url, name)
        assert "unsafe" not in response.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
        assert not [name for name in response.headers if name.startswith("access-control")]


async def test_only_what_is_made_for_it_may_be_embedded(guarded: Guarded) -> None:
    @guarded.app.get("/s/x/picture.svg")
    async def picture() -> Response:
        return Response("<svg/>", media_type="image/svg+xml", headers=dict(EMBEDDABLE))

    found = (await guarded.service.client.get("/s/x/picture.svg")).headers
    assert "frame-ancestors" not in found["content-security-policy"]
    assert "x-frame-options" not in found
    assert found["cross-origin-resource-policy"] == "cross-origin"
    assert found["x-content-type-options"] == "nosniff"


async def test_a_foreign_name_is_answered_nowhere(guarded: Guarded) -> None:
    for path in ("/", "/healthz", "/static/app.css", "/login", "/s/x", "/api/v1/runs", "/none"):
        response = await guarded.service.client.get(path, headers={"Host": "evil.example"})
        assert response.status_code == 403, path


@pytest.mark.parametrize("name", ["Host", "Origin", "Authorization", "Sec-Fetch-Site"])
async def test_what_may_be_said_once_is_not_said_twice(guarded: Guarded, name: str) -> None:
    said = {"Host": "127.0.0.1:8090", "Origin": BASE, "Authorization": f"Bearer {OPERATORS}"}.get(
        name, "none"
    )
    async with guarded.nobody as client:
        for path in ("/", "/healthz", "/api/v1/runs", "/s/x"):
            response = await client.get(path, headers=[(name, said), (name.lower(), said)])
            assert response.status_code == 400, path
            assert "is there 2 times" in response.text
            assert "frame-ancestors" in response.headers["content-security-policy"]


async def test_cors_is_closed(guarded: Guarded) -> None:
    asked = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    response = await guarded.service.client.options("/api/v1/runs", headers=asked)
    assert response.status_code == 405
    assert not [name for name in response.headers if name.startswith("access-control")]


async def test_a_websocket_is_closed_at_once(guarded: Guarded) -> None:
    sent: list[dict[str, object]] = []

    async def send(message: object) -> None:
        assert isinstance(message, dict)
        sent.append(message)

    async def receive() -> dict[str, object]:
        return {"type": "websocket.connect"}

    await guarded.app({"type": "websocket", "path": "/", "headers": []}, receive, send)  # type: ignore[arg-type]
    assert sent == [{"type": "websocket.close", "code": 1008}]


async def test_htmx_is_shown_the_way_to_the_login(guarded: Guarded) -> None:
    asked = {"HX-Request": "true", "HX-Current-URL": f"{BASE}/runs/r_1?x=1", "Accept": "text/html"}
    async with guarded.nobody as browser:
        response = await browser.get("/runs/r_1/downloads", headers=asked)
    assert response.status_code == 401
    assert response.headers["hx-redirect"] == "/login?next=%2Fruns%2Fr_1%3Fx%3D1"


async def test_names_and_labels_tell_viewers_no_secret(guarded: Guarded) -> None:
    requests = [{"path": "/items", "headers": {"Authorization": "Bearer correct-horse-9"}}]
    told = {
        "name": "with correct-horse-9",
        "tags": ["correct-horse-9", "http://joe:s3same@host"],
        "note": "s",
    }
    ended = await guarded.service.ended(await guarded.service.started(requests=requests, **told))
    await guarded.service.ended(await guarded.service.started(name="b", tags=["plain"]))
    live = (await guarded.service.started(requests=requests, **told)).run_id
    own = guarded.service.client
    key = (await own.get("/api/v1/runs", params={"limit": 3})).json()["items"][-1]["plan_key"]
    paths = ["/", "/runs", "/runs?group=plan", "/api/v1/runs", "/api/v1/runs?sort=name&limit=1",
             "/api/v1/plans",
             f"/runs?plan={key}", f"/api/v1/plans/{key}", "/compare", f"/runs/{ended}", f"/runs/{live}",
             f"/runs/{live}/title", f"/runs/{ended}/title", f"/api/v1/runs/{live}", "/lab",
             "/stream"]  # fmt: skip
    async with guarded.viewer as viewer:
        for path in paths:
            if path == "/stream":
                asyncio.get_running_loop().call_later(0.3, streams.end_all, guarded.app)
            response = await viewer.get(path)
            assert response.status_code == 200, (path, response.text)
            assert "correct-horse" not in response.text, path
            assert "s3same" not in response.text, path
        listed = "/api/v1/runs?sort=name&order=asc&limit=1"
        page = (await viewer.get(listed)).json()
        assert "correct-horse" not in str(base64.urlsafe_b64decode(page["next_cursor"] + "==="))
        following = await viewer.get(f"{listed}&cursor={page['next_cursor']}")
        assert following.json()["items"][0]["id"] != page["items"][0]["id"]
        assert (await viewer.get(f"{listed}&cursor=abc")).status_code == 422
        for guess in ("search=correct", "tag=correct-horse-9", "search=s3same"):
            for lists in ("runs", "plans"):
                found = (await viewer.get(f"/api/v1/{lists}?{guess}")).json()
                assert (found["total"], found["items"]) == (0, []), (lists, guess)
                # nor does a page of one row tell that there are more
                one = (await viewer.get(f"/api/v1/{lists}?{guess}&limit=1")).json()
                assert (one["total"], one["items"], one["next_cursor"]) == (0, [], None), (lists, guess)
        assert (await viewer.get("/api/v1/runs?search=with")).json()["total"] == 2
        assert (await viewer.get("/api/v1/runs?tag=plain")).json()["total"] == 1
    assert (await own.get("/api/v1/runs?search=correct-horse")).json()["total"] == 2
    assert "correct-horse" in (await own.get("/")).text


async def test_runs_known_before_are_hidden_when_what_is_remembered_is_too_much(
    guarded: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webui.runs.discreet._KEPT", 0)
    requests = [{"path": "/items", "headers": {"X-Tenant": "correct-horse-9"}}]
    named = {"name": "with correct-horse-9", "secrets": ["X-Tenant"], "requests": requests}
    async with guarded.viewer as viewer:
        for number in (1, 2):
            await guarded.service.ended(await guarded.service.started(**named))
            listed = (await viewer.get("/api/v1/runs")).json()["items"]
            assert [each["name"] for each in listed] == ["with [hidden]"] * number
