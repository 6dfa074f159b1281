"""Share links: made, opened without access to the rest, revoked."""

from __future__ import annotations

import re

import pytest

from tests.api.conftest import Service

pytestmark = pytest.mark.anyio

SECRETS = ("path-secret", "head-secret", "cookie-secret")
REQUESTS = [
    {
        "path": "/items?token=path-secret&page=2",
        "headers": {
            "Authorization": "Bearer head-secret",
            "Cookie": "id=cookie-secret",
            "Accept": "text/html",
        },
    }
]


async def shared(service: Service, run_id: str) -> str:
    """The token of a new link."""
    answer = await service.client.post(f"/runs/{run_id}/shares", headers={"HX-Request": "true"})
    match = re.search(r'value="http://127\.0\.0\.1:8090/s/([\w-]+)"', answer.text)
    assert match, answer.text
    return match[1]


async def test_sharing_works_without_javascript(service: Service) -> None:
    run_id = await service.ended(await service.started())
    answer = await service.client.post(f"/runs/{run_id}/shares")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/runs/{run_id}#share")
    page = (await service.client.get(f"/runs/{run_id}")).text
    link = re.search(r'value="(http://127\.0\.0\.1:8090/s/[\w-]{32})"', page)
    assert link
    assert (await service.client.get(link[1])).status_code == 200


async def test_a_shared_page_leads_nowhere_else(service: Service) -> None:
    run_id = await service.ended(await service.started())
    token = await shared(service, run_id)
    answer = await service.client.get(f"/s/{token}")
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in answer.headers["x-robots-tag"]
    assert 'method="post"' not in answer.text
    links = set(re.findall(r'href="(/[^"]*)"', answer.text))
    assert {link for link in links if not link.startswith(("/static/", f"/s/{token}"))} <= {"/"}


async def test_no_page_or_document_of_a_shared_result_has_a_secret(service: Service) -> None:
    run_id = await service.ended(
        await service.started(requests=REQUESTS, name="with head-secret", note="head-secret")
    )
    token = await shared(service, run_id)
    for name in ("", "/title", "/intervals", "/plan.json", "/plan.toml", "/downloads", "/export/json"):
        answer = await service.client.get(f"/s/{token}{name}")
        assert answer.status_code == 200
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert not [secret for secret in SECRETS if secret in answer.text], name
    assert "page=2" in (await service.client.get(f"/s/{token}")).text


async def test_a_pasted_link_unfurls_with_the_headline_numbers(service: Service) -> None:
    run_id = await service.ended(await service.started(), 3)
    token = await shared(service, run_id)
    page = (await service.client.get(f"/s/{token}")).text
    found = dict(re.findall(r'<meta (?:property|name)="((?:og|twitter):\w+)" content="([^"]*)"', page))
    assert found["og:title"] == "Items: passed"
    assert found["og:url"] == f"http://127.0.0.1:8090/s/{token}"
    assert found["og:description"].startswith("10.0 requests/s, p95 5.00\u00a0ms, 100% success.")
    assert found["twitter:card"] == "summary_large_image"


async def test_a_live_run_is_live_for_the_link_too(service: Service) -> None:
    launch = await service.started()
    token = await shared(service, launch.run_id)
    page = (await service.client.get(f"/s/{token}")).text
    assert f'hx-sse:connect="/s/{token}/stream?after=' in page
    assert "Stop" not in page


async def test_a_revoked_link_is_gone_and_an_unknown_one_not_found(service: Service) -> None:
    run_id = await service.ended(await service.started())
    token, other = await shared(service, run_id), await shared(service, run_id)
    answer = await service.client.post(f"/runs/{run_id}/shares/{token}/revoke")
    assert answer.status_code == 303
    for name in ("", "/title", "/intervals", "/export/json"):
        assert (await service.client.get(f"/s/{token}{name}")).status_code == 410
    assert (await service.client.get(f"/s/{other}")).status_code == 200
    assert (await service.client.get("/s/unknown")).status_code == 404
    assert (await service.client.get("/s/unknown/stream")).status_code == 404
    assert (await service.client.get(f"/s/{token}/stream")).status_code == 404
