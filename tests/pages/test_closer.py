"""Looking closer on the run page and on shared results; links that expire, hide and count; their pictures."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.api.conftest import Service

pytestmark = pytest.mark.anyio

BROWSER = {"Accept": "text/html,*/*"}


async def ended(service: Service, seconds: int = 6) -> str:
    """A run of so many seconds."""
    return await service.ended(await service.started(), seconds)


def part(page: str, id: str) -> str:
    """What stands in the element of that id, up to its closing tag's like."""
    found = re.search(rf'<(\w+)[^>]* id="{id}"[^>]*>(.*?)</\1>', page, re.DOTALL)
    assert found, id
    return found[2]


async def test_a_selection_is_a_link(service: Service) -> None:
    run_id = await ended(service)
    page = (await service.client.get(f"/runs/{run_id}?from=0:02&to=4s")).text
    assert "<b>0:02 to 0:04</b>" in page
    assert 'id="tiles" data-whole hidden' in page
    assert re.search(r'id="closer-tiles" data-closer>', page)
    document = (await service.client.get(f"/api/v1/runs/{run_id}/stretch?from_s=2&to_s=4")).json()
    whole = (await service.client.get(f"/api/v1/runs/{run_id}")).json()
    assert (document["from_s"], document["to_s"]) == (2.0, 4.0)
    assert 0 < document["totals"]["sent"] < whole["totals"]["sent"]
    assert f"{document['totals']['sent']:,} in the stretch" in page
    assert '"from":2.0,"to":4.0' in part(page, "closer-state").replace("&#34;", '"')


async def test_without_a_selection_the_page_is_of_the_whole_run(service: Service) -> None:
    page = (await service.client.get(f"/runs/{await ended(service)}?from=&to=")).text
    assert 'id="closer-tiles" data-closer hidden' in page
    assert part(page, "closer-state") == "null"


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("from=4&to=2", "The end of the stretch has to be later than its beginning."),
        ("from=soon&to=2", "Write a moment of the test such as 1:30 or 90s"),
        ("from=100&to=200", "Nothing was measured in this stretch."),
        ("from=%3Cb%3E", "&lt;b&gt;"),
    ],
)
async def test_what_is_no_stretch_is_said_in_words(service: Service, query: str, says: str) -> None:
    run_id = await ended(service)
    for address in (f"/runs/{run_id}", f"/runs/{run_id}/closer"):
        answer = await service.client.get(f"{address}?{query}")
        assert answer.status_code == 422
        assert says in part(answer.text, "closer-problem")
        assert "<b>soon" not in answer.text


async def test_the_parts_are_those_of_the_page(service: Service) -> None:
    run_id = await ended(service)
    page = (await service.client.get(f"/runs/{run_id}?from=1&to=3")).text
    parts = (await service.client.get(f"/runs/{run_id}/closer?from=1&to=3")).text
    for target in ("tiles", "endpoint-table", "code-rows", "error-rows", "error-count", "state", "bar"):
        assert f'hx-target="#closer-{target}"' in parts
    tile = re.search(r'<div class="tile" id="closer-tile-p95">.*?</div></div>', parts, re.DOTALL)
    assert tile is not None
    assert tile[0] in page


async def test_a_shared_result_is_looked_at_closer_too(service: Service) -> None:
    run_id = await ended(service)
    token = (await service.store.add_share(run_id)).token
    page = (await service.client.get(f"/s/{token}?from=1&to=3")).text
    assert "<b>0:01 to 0:03</b>" in page
    assert f'href="/s/{token}/charts/latency.csv"' in page
    for name in ("closer?from=1&to=3", "endpoints.json", "charts/latency.csv?from_s=1&to_s=3"):
        answer = await service.client.get(f"/s/{token}/{name}")
        assert (answer.status_code, answer.headers["referrer-policy"]) == (200, "no-referrer"), name
    assert (await service.client.get(f"/s/{token}/charts/pie.csv")).status_code == 404


async def test_every_chart_can_be_had_as_a_file(service: Service) -> None:
    run_id = await ended(service)
    page = (await service.client.get(f"/runs/{run_id}")).text
    files = set(re.findall(r'href="(/api/v1/runs/[^"]+/charts/[^"]+)"', page))
    assert len(files) == 5
    for file in files:
        answer = await service.client.get(file)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/csv")
        assert "attachment" in answer.headers["content-disposition"]


async def test_an_expired_link_is_gone_with_a_plain_page(service: Service) -> None:
    run_id = await ended(service)
    past = datetime.now(UTC) - timedelta(seconds=1)
    token = (await service.store.add_share(run_id, expires_at=past)).token
    for name in ("", "/closer", "/endpoints.json", "/charts/latency.csv", "/preview.png", "/export/json"):
        answer = await service.client.get(f"/s/{token}{name}")
        assert answer.status_code == 410, name
    assert "This link has expired" in answer.text
    badge = await service.client.get(f"/s/{token}/badge.svg")
    assert (badge.status_code, badge.headers["cache-control"]) == (410, "no-store")
    assert "no longer shared" in badge.text
    listed = (await service.client.get(f"/runs/{run_id}")).text
    assert ">expired</b>" in listed


async def test_the_form_makes_what_it_asks_for(service: Service) -> None:
    run_id = await ended(service)
    await service.client.post(f"/runs/{run_id}/shares", data={"expires": "7", "hide_target": "on"})
    [link] = await service.store.shares(run_id)
    assert link.hide_target
    assert link.expires_at is not None
    assert abs(link.expires_at - link.created_at - timedelta(days=7)) < timedelta(minutes=1)
    page = await service.client.get(f"/s/{link.token}")
    assert "127.0.0.1:9" not in page.text
    assert "hidden.invalid" in page.text
    bad = await service.client.post(f"/runs/{run_id}/shares", data={"expires": "3000"})
    assert bad.status_code == 422


async def test_views_are_those_of_guests_browsers(service: Service) -> None:
    run_id = await ended(service)
    token = (await service.store.add_share(run_id)).token
    for headers in (BROWSER, {"Accept": "*/*"}, BROWSER):
        await service.client.get(f"/s/{token}", headers=headers)
    await service.client.get(f"/runs/{run_id}")  # from here on this client is the owner's
    await service.client.get(f"/s/{token}", headers=BROWSER)
    assert "2 views, the last" in (await service.client.get(f"/runs/{run_id}")).text
    [link] = await service.store.shares(run_id)
    assert link.views == 2


async def test_pictures_may_be_kept_and_shown_elsewhere(service: Service) -> None:
    run_id = await ended(service)
    token = (await service.store.add_share(run_id)).token
    for name, kind in (("badge.svg", "image/svg+xml"), ("preview.png", "image/png")):
        answer = await service.client.get(f"/s/{token}/{name}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
        assert answer.headers["cache-control"] == "public, max-age=300"
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        again = {"If-None-Match": answer.headers["etag"]}
        assert (await service.client.get(f"/s/{token}/{name}", headers=again)).status_code == 304
    assert "requests/s, p95 5.00\u00a0ms" in (await service.client.get(f"/s/{token}/badge.svg")).text
    page = (await service.client.get(f"/s/{token}")).text
    assert f'<meta property="og:image" content="http://127.0.0.1:8090/s/{token}/preview.png">' in page


async def test_a_live_run_has_a_badge_that_is_soon_asked_for_again(service: Service) -> None:
    launch = await service.started()
    token = (await service.store.add_share(launch.run_id)).token
    answer = await service.client.get(f"/s/{token}/badge.svg")
    assert answer.headers["cache-control"] == "public, max-age=30"
    assert (await service.client.get(f"/s/{token}/preview.png")).status_code == 200


async def test_a_shared_comparison_has_the_same_options_and_pictures(service: Service) -> None:
    runs = [await ended(service), await ended(service)]
    made = await service.client.post(
        "/compare/shares", data={"run": runs, "expires": "1", "hide_target": "on"}
    )
    assert made.status_code == 303
    [link] = await service.store.shares(runs[0])
    assert (link.hide_target, link.expires_at is not None, list(link.runs)) == (True, True, runs)
    page = await service.client.get(f"/s/{link.token}", headers=BROWSER)
    assert page.status_code == 200
    assert "127.0.0.1:9" not in page.text
    for name in ("badge.svg", "preview.png"):
        assert (await service.client.get(f"/s/{link.token}/{name}")).status_code == 200
    shown = (await service.client.get(f"/compare?run={runs[0]}&run={runs[1]}")).text
    assert "target and headers hidden" in shown
