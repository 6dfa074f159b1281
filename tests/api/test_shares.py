"""Share links and stretches over the API."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.api.conftest import Service

pytestmark = pytest.mark.anyio


async def test_a_link_with_its_options_is_made_read_listed_and_revoked(service: Service) -> None:
    run_id = await service.ended(await service.started())
    base = f"/api/v1/runs/{run_id}/shares"
    made = await service.client.post(base, json={"expires_in_days": 30, "hide_target": True})
    assert made.status_code == 201
    link = made.json()
    assert (link["hide_target"], link["views"], link["runs"]) == (True, 0, [])
    assert link["expires_at"] > link["created_at"]
    assert link["badge_url"] == f"{link['url']}/badge.svg"
    assert (await service.client.get(made.headers["location"])).json() == link
    assert (await service.client.get(base)).json()["items"] == [link]
    assert (await service.client.delete(f"{base}/{link['token']}")).status_code == 204
    assert (await service.client.get(f"{base}/{link['token']}")).json()["revoked_at"] is not None
    assert (await service.client.get(link["url"])).status_code == 410
    assert (await service.client.get(f"{base}/unknown")).status_code == 404


async def test_without_a_body_a_link_never_expires(service: Service) -> None:
    run_id = await service.ended(await service.started())
    link = (await service.client.post(f"/api/v1/runs/{run_id}/shares")).json()
    assert (link["expires_at"], link["hide_target"]) == (None, False)


@pytest.mark.parametrize("body", [{"expires_in_days": 0}, {"expires_in_days": 366}, {"expiry": 1}, []])
async def test_options_that_are_none_are_refused(service: Service, body: object) -> None:
    run_id = await service.ended(await service.started())
    answer = await service.client.post(f"/api/v1/runs/{run_id}/shares", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert await service.store.shares(run_id) == []


async def test_stretches_side_by_side_add_up_to_the_run(service: Service) -> None:
    run_id = await service.ended(await service.started(), 6)
    whole = (await service.client.get(f"/api/v1/runs/{run_id}")).json()["totals"]
    ends = [0, 1.5, 4, 1000]
    sums = dict.fromkeys(("sent", "successes", "failures"), 0)
    for begin, end in pairwise(ends):
        answer = await service.client.get(f"/api/v1/runs/{run_id}/stretch?from_s={begin}&to_s={end}")
        for name in sums:
            sums[name] += answer.json()["totals"][name]
    assert sums == {name: whole[name] for name in sums}


@pytest.mark.parametrize("query", ["from_s=3&to_s=1", "from_s=-1&to_s=1", "from_s=0", "from_s=500&to_s=501"])
async def test_what_is_no_stretch_is_a_problem(service: Service, query: str) -> None:
    run_id = await service.ended(await service.started())
    answer = await service.client.get(f"/api/v1/runs/{run_id}/stretch?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
