"""What the history can do, over the API: filters, pins, restoring, baselines, plans, ETags, waiting."""

from __future__ import annotations

import asyncio

import pytest

from tests.api.conftest import PLAN, Service
from webui.api.waiting import MAX_WAIT_S, wanted_wait_s

pytestmark = pytest.mark.anyio


async def ended(service: Service, **plan: object) -> str:
    return await service.ended(await service.started(**plan))


async def test_a_deleted_run_can_be_restored(service: Service) -> None:
    run_id = await ended(service)
    address = f"/api/v1/runs/{run_id}"
    assert (await service.client.delete(address)).status_code == 204
    gone = await service.client.get(address)
    assert (gone.status_code, "can be restored" in gone.json()["detail"]) == (404, True)
    assert (await service.client.get("/api/v1/runs")).json()["total"] == 0
    for _ in range(2):
        assert (await service.client.post(f"{address}/restore")).json()["id"] == run_id
    assert (await service.client.get(address)).status_code == 200
    assert (await service.client.post("/api/v1/runs/r_none/restore")).status_code == 404


async def test_filters(service: Service) -> None:
    lamps = await ended(service, name="Lamps")
    await service.start(name="Chairs", base_url="http://other.example")
    await service.client.patch(f"/api/v1/runs/{lamps}", json={"pinned": True})
    item = (await service.client.get("/api/v1/runs", params={"pinned": True})).json()["items"][0]
    assert (item["id"], item["pinned"], len(item["plan_key"])) == (lamps, True, 64)
    for params, names in (
        ({"pinned": False}, ["Chairs"]),
        ({"target": "other.example"}, ["Chairs"]),
        ({"plan_key": item["plan_key"]}, ["Lamps"]),
        ({"since": "2000-01-01T00:00:00Z"}, ["Chairs", "Lamps"]),
        ({"until": "2000-01-01T00:00:00+01:00"}, []),
    ):
        found = (await service.client.get("/api/v1/runs", params=params)).json()["items"]
        assert [each["name"] for each in found] == names, params
    for wrong in ("2000-01-01T00:00:00", "0001-01-01T00:00:00+14:00"):
        assert (await service.client.get("/api/v1/runs", params={"since": wrong})).status_code == 422


async def test_a_baseline_is_set_and_later_runs_say_how_they_differ(service: Service) -> None:
    first = await ended(service)
    answer = await service.client.patch(f"/api/v1/runs/{first}", json={"baseline": True})
    assert answer.status_code == 200
    second = (await service.client.get(f"/api/v1/runs/{await ended(service)}")).json()
    assert second["baseline"]["run_id"] == first
    assert {figure["metric"] for figure in second["baseline"]["figures"]} >= {"p95_ms", "throughput_rps"}
    live = await service.start()
    assert (await service.client.patch(f"/api/v1/runs/{live}", json={"baseline": True})).status_code == 409


async def test_one_kind_of_change_at_a_time(service: Service) -> None:
    run_id = await ended(service)
    for body in ({"users": 3, "name": "x"}, {"baseline": True, "pinned": True}):
        assert (await service.client.patch(f"/api/v1/runs/{run_id}", json=body)).status_code == 422


async def test_plans_and_their_trends(service: Service) -> None:
    runs = [await ended(service), await ended(service)]
    page = (await service.client.get("/api/v1/plans")).json()
    [item] = page["items"]
    assert (item["runs"], item["newest_id"], page["total"]) == (2, runs[1], 1)
    trend = (await service.client.get(f"/api/v1/plans/{item['plan_key']}")).json()
    assert [point["run_id"] for point in trend["runs"]] == runs
    assert trend["breaks"] == []
    assert (await service.client.get("/api/v1/plans/none")).status_code == 404


async def test_a_finished_result_has_an_etag(service: Service) -> None:
    address = f"/api/v1/runs/{await ended(service)}"
    first = await service.client.get(address)
    tag = first.headers["etag"]
    for sent in (tag, f'"x", {tag.removeprefix("W/")}'):
        again = await service.client.get(address, headers={"If-None-Match": sent})
        assert (again.status_code, again.content) == (304, b"")
    await service.client.patch(address, json={"note": "new"})
    changed = await service.client.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert (changed.status_code, changed.json()["note"]) == (200, "new")
    live = await service.client.get(f"/api/v1/runs/{await service.start()}")
    assert "etag" not in live.headers


async def test_waiting_for_the_end(service: Service) -> None:
    asked = asyncio.ensure_future(
        service.client.post("/api/v1/runs", json=PLAN, headers={"Prefer": "respond-async, wait=20"})
    )
    async with asyncio.timeout(5):
        while not service.fleet.launches:
            await asyncio.sleep(0.01)
    await service.ended(next(iter(service.fleet.launches.values())))
    answer = await asked
    assert (answer.status_code, answer.json()["status"]) == (201, "passed")
    assert answer.headers["preference-applied"] == "wait=20"
    late = await service.client.post("/api/v1/runs", json=PLAN, headers={"Prefer": "wait=0"})
    assert late.json()["status"] in ("queued", "running")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("wait", None),
        ("wait=x", None),
        ("WAIT = 5; a=b", 5),
        ("wait=99999", MAX_WAIT_S),
    ],
)
def test_what_a_prefer_header_asks_for(header: str | None, seconds: int | None) -> None:
    assert wanted_wait_s(header) == seconds
