"""`GET /api/v1/compare`."""

from __future__ import annotations

import pytest

from tests.api.conftest import Service
from tests.runs.stored_runs import stored_run
from webui.exports.compared import COMPARED_CHARTS

pytestmark = pytest.mark.anyio


async def test_a_comparison_as_json(service: Service) -> None:
    await stored_run(service.store, "a")
    await stored_run(service.store, "b", each=400, ms=10, seed=2)
    answer = await service.client.get("/api/v1/compare", params={"run": ["r_a", "r_b"]})
    assert answer.status_code == 200
    found = answer.json()
    assert found["schema"] == "katydid.comparison/1"
    assert [run["letter"] for run in found["runs"]] == ["A", "B"]
    assert found["verdict"]["headline"] == "B is about twice as fast as A."
    p50 = next(measure for measure in found["measures"] if measure["key"] == "p50")
    base, other = p50["runs"]
    assert (base["word"], other["word"], other["better"]) == (None, "faster", True)
    assert other["low"] < other["change"] < other["high"] < -45
    again = await service.client.get("/api/v1/compare", params={"run": ["r_a", "r_b"]})
    assert again.json() == found
    assert again.headers["etag"] == answer.headers["etag"]


@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/compare?run=r_a&run=r_b",
        "/api/v1/compare/charts/{name}.csv?run=r_a&run=r_b",
        "/api/v1/runs/r_a/stretch?from_s=1&to_s=5",
        "/api/v1/runs/r_a/charts/latency.csv",
    ],
)
async def test_what_is_made_of_ended_runs_has_an_etag(service: Service, address: str) -> None:
    for name in ("a", "b"):
        await stored_run(service.store, name, seconds=10, each=50)
    address = address.format(name=next(iter(COMPARED_CHARTS)))
    tag = (await service.client.get(address)).headers["etag"]
    again = await service.client.get(address, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


async def test_what_is_made_of_a_run_that_goes_on_has_none(service: Service) -> None:
    await stored_run(service.store, "a", seconds=10, each=50)
    live = (await service.started()).run_id
    for address in (f"/api/v1/compare?run=r_a&run={live}", f"/api/v1/runs/{live}/charts/latency.csv"):
        answer = await service.client.get(address)
        assert (answer.status_code, "etag" in answer.headers) == (200, False)


@pytest.mark.parametrize(
    ("runs", "status", "words"),
    [
        (["r_a"], 422, "two runs or more"),
        (["r_a", "r_a"], 422, "cannot be compared with itself"),
        (["r_a", "r_b", "r_c", "r_d", "r_e", "r_f"], 422, "five runs at most"),
        (["r_a", "r_gone"], 404, "r_gone"),
    ],
)
async def test_what_makes_no_comparison_is_a_problem(
    service: Service, runs: list[str], status: int, words: str
) -> None:
    await stored_run(service.store, "a", seconds=10, each=5)
    answer = await service.client.get("/api/v1/compare", params={"run": runs})
    assert answer.status_code == status
    assert words in answer.json()["detail"]


async def test_a_comparison_is_shared_and_its_link_revoked(service: Service) -> None:
    for name in ("a", "b"):
        await stored_run(service.store, name, seconds=10, each=50)
    runs = {"run": ["r_a", "r_b"]}
    made = await service.client.post("/api/v1/compare/shares", params=runs)
    assert made.status_code == 201
    link, token = made.json()["url"], made.json()["token"]
    assert "Compare 2 runs" in (await service.client.get(link)).text
    assert (await service.client.delete(f"/api/v1/runs/r_a/shares/{token}")).status_code == 204
    assert (await service.client.get(link)).status_code == 410
