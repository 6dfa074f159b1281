"""Runs over the API: started, listed, read, stopped, shared, deleted. Every refusal is a problem document."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
import tomli_w
from anyio import create_task_group

from tests.api.conftest import PLAN, Service
from webui import __version__
from webui.analysis.document import RunDocument
from webui.errors import StoreUnavailable

pytestmark = pytest.mark.anyio
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def problem(response: httpx.Response, status: int) -> dict[str, Any]:
    """The problem document of a refusal."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    assert set(document) <= {"type", "title", "status", "detail", "errors"}
    return document


def fields(response: httpx.Response) -> dict[str, str]:
    """The wrong fields of a 422, with their sentences."""
    return {item["field"]: item["message"] for item in problem(response, 422)["errors"]}


# -- start ---------------------------------------------------------------------------------------------


async def test_a_posted_plan_becomes_a_run_with_an_address(service: Service) -> None:
    response = await service.client.post("/api/v1/runs", json=PLAN)
    assert response.status_code == 201
    document = response.json()
    assert response.headers["location"] == f"/api/v1/runs/{document['id']}"
    assert document["status"] in ("queued", "running")
    assert document["plan"]["load"]["users"] == 2
    assert document["totals"]["throughput_rps"] is None
    assert MOMENT.fullmatch(document["created_at"])
    assert RunDocument.model_validate(document).id == document["id"]


async def test_a_plan_may_be_toml(service: Service) -> None:
    response = await service.client.post(
        "/api/v1/runs",
        content=tomli_w.dumps({**PLAN, "name": "Ünï"}),
        headers={"Content-Type": "application/toml; charset=utf-8"},
    )
    assert response.status_code == 201
    assert response.json()["name"] == "Ünï"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"load": {"shape": "constant-users", "users": 0, "duration_s": 1}}, "load.users"),
        ({"load": {"shape": "constant-users", "users": 1, "duration_s": -1}}, "load.duration_s"),
        ({"base_url": "ftp://host"}, "base_url"),
        ({"requests": []}, "requests"),
        ({"requests": [{"path": "/", "headers": {"X": "a\nb"}}]}, "requests[0].headers"),
        ({"colour": "green"}, "colour"),
        ({"thresholds": ["p95<"]}, "thresholds[0]"),
    ],
)
async def test_a_wrong_plan_is_refused_with_the_field(
    service: Service, change: dict[str, Any], field: str
) -> None:
    response = await service.client.post("/api/v1/runs", json={**PLAN, **change})
    assert field in fields(response)
    assert service.manager.live_runs() == []


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"", "application/json", 422),
        (b"{", "application/json", 422),
        (b"[]", "application/json", 422),
        (b"\xff\xfe", "application/json", 422),
        (b'{"a": ' * 100_000, "application/json", 422),
        (b"a = ", "application/toml", 422),
        (b"\xff", "application/toml", 422),
        (b"a=1", "application/x-www-form-urlencoded", 415),
        (b"{}", "text/plain", 415),
    ],
)
async def test_a_body_that_is_no_plan_is_refused(
    service: Service, content: bytes, kind: str, status: int
) -> None:
    response = await service.client.post("/api/v1/runs", content=content, headers={"Content-Type": kind})
    problem(response, status)


async def test_a_body_over_the_limit_is_not_read_to_its_end(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webui.api.bodies.MAX_DOCUMENT_BYTES", 1000)
    sent = 0

    async def endless() -> Any:
        nonlocal sent
        while True:
            sent += 100
            yield b"x" * 100

    problem(await service.client.post("/api/v1/runs", content=endless()), 413)
    assert sent < 5000
    problem(await service.client.post("/api/v1/runs", content=b"x" * 1001), 413)


async def test_a_full_queue_is_429_with_a_time_to_try_again(service: Service) -> None:
    for _ in range(3):
        await service.start()
    response = await service.client.post("/api/v1/runs", json=PLAN)
    assert problem(response, 429)["type"] == "urn:katydid:problem:queue-full"
    assert int(response.headers["retry-after"]) > 0


# -- read ----------------------------------------------------------------------------------------------


async def test_a_live_run_shows_its_figures_so_far(service: Service) -> None:
    launch = await service.started()
    launch.second_passes()
    launch.second_passes(30)
    document = (await service.client.get(f"/api/v1/runs/{launch.run_id}")).json()
    assert document["status"] == "running"
    assert document["totals"]["sent"] == 40
    assert [row["throughput_rps"] for row in document["snapshots"]] == [10.0, 30.0]
    assert document["response_time_ms"]["p99.9"] is None


async def test_an_ended_run_reads_the_same_from_memory_and_from_the_store(service: Service) -> None:
    run_id = await service.ended(await service.started())
    document = (await service.client.get(f"/api/v1/runs/{run_id}")).json()
    assert (document["status"], document["totals"]["successes"], document["duration_s"]) == (
        "passed",
        30,
        3.0,
    )
    assert MOMENT.fullmatch(document["ended_at"])
    stored = await service.store.get_run(run_id)
    assert stored is not None
    assert stored.result == document


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/stop"),
        ("GET", "/stream"),
        ("GET", "/shares"),
        ("POST", "/shares"),
        ("DELETE", "/shares/none"),
    ],
)
async def test_an_unknown_run_is_404(service: Service, method: str, path: str) -> None:
    response = await service.client.request(method, f"/api/v1/runs/r_nothing{path}")
    assert problem(response, 404)["type"] == "urn:katydid:problem:not-found"


async def test_addresses_and_methods_that_there_are_not(service: Service) -> None:
    problem(await service.client.get("/api/v1/nothing"), 404)
    response = await service.client.put("/api/v1/runs")
    assert "GET, HEAD, POST" in problem(response, 405)["detail"]
    assert response.headers["allow"] == "GET, HEAD, POST"


# -- list ----------------------------------------------------------------------------------------------


async def test_the_list_pages_through_all_runs(service: Service) -> None:
    made = [await service.ended(await service.started(name=f"Run {i}")) for i in range(5)]
    found: list[str] = []
    parameters: dict[str, Any] = {"limit": 2}
    while True:
        page = (await service.client.get("/api/v1/runs", params=parameters)).json()
        assert page["total"] == 5
        found += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        parameters["cursor"] = page["next_cursor"]
    assert found == made[::-1]


async def test_the_list_filters_and_sorts(service: Service) -> None:
    slow = await service.ended(await service.started(name="Slow", tags=["weekly"]), 3)
    fast = await service.ended(await service.started(name="Fast"), 5)

    async def ids(**parameters: Any) -> list[str]:
        response = await service.client.get("/api/v1/runs", params=parameters)
        return [item["id"] for item in response.json()["items"]]

    assert await ids(search="slow") == [slow]
    assert await ids(tag="nightly") == [fast]
    assert await ids(status="passed", sort="requests", order="asc") == [slow, fast]
    assert await ids(status="failed") == []
    assert await ids(status="live") == []


async def test_the_list_shows_live_figures(service: Service) -> None:
    launch = await service.started()
    waiting = await service.start(name="Waits")
    launch.second_passes()
    items = (await service.client.get("/api/v1/runs", params={"status": "live"})).json()["items"]
    assert [(item["id"], item["status"], item["sent"]) for item in items] == [
        (waiting, "queued", None),
        (launch.run_id, "running", 10),
    ]


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"sort": "price"}, "sort"),
        ({"order": "up"}, "order"),
        ({"status": "dead"}, "status"),
        ({"cursor": "nonsense"}, "cursor"),
    ],
)
async def test_a_wrong_parameter_is_named(service: Service, parameters: dict[str, Any], field: str) -> None:
    assert list(fields(await service.client.get("/api/v1/runs", params=parameters))) == [field]


# -- stop, delete --------------------------------------------------------------------------------------


async def test_stopping_keeps_the_results_and_stopping_twice_is_fine(service: Service) -> None:
    launch = await service.started()
    launch.second_passes()
    live = service.manager.get_live(launch.run_id)
    assert live is not None
    async with live.channel.subscribe() as events:
        for _ in range(2):
            response = await service.client.post(f"/api/v1/runs/{launch.run_id}/stop")
            assert response.status_code in (202, 409)  # 409 once it has ended
        async for _ in events:
            pass
    document = (await service.client.get(f"/api/v1/runs/{launch.run_id}")).json()
    assert (document["status"], document["totals"]["sent"]) == ("stopped", 10)


async def test_a_run_that_has_ended_cannot_be_stopped(service: Service) -> None:
    run_id = await service.ended(await service.started())
    problem(await service.client.post(f"/api/v1/runs/{run_id}/stop"), 409)


async def test_a_live_run_cannot_be_deleted_and_an_ended_one_can(service: Service) -> None:
    launch = await service.started()
    problem(await service.client.delete(f"/api/v1/runs/{launch.run_id}"), 409)
    run_id = await service.ended(launch)
    response = await service.client.delete(f"/api/v1/runs/{run_id}")
    assert (response.status_code, response.content) == (204, b"")
    problem(await service.client.get(f"/api/v1/runs/{run_id}"), 404)
    problem(await service.client.delete(f"/api/v1/runs/{run_id}"), 404)


# -- share ---------------------------------------------------------------------------------------------


async def test_a_share_is_made_listed_and_revoked(service: Service) -> None:
    run_id = await service.start()
    response = await service.client.post(f"/api/v1/runs/{run_id}/shares")
    assert response.status_code == 201
    share = response.json()
    assert share["url"] == f"http://127.0.0.1:8090/s/{share['token']}"
    address = response.headers["location"]
    assert address == f"/api/v1/runs/{run_id}/shares/{share['token']}"
    for _ in range(2):
        assert (await service.client.delete(address)).status_code == 204
    [listed] = (await service.client.get(f"/api/v1/runs/{run_id}/shares")).json()["items"]
    assert listed["token"] == share["token"]
    assert MOMENT.fullmatch(listed["revoked_at"])
    problem(await service.client.delete(f"/api/v1/runs/{run_id}/shares/other"), 404)


# -- trouble -------------------------------------------------------------------------------------------


async def test_a_store_that_is_away_is_503_and_the_health_says_so(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    healthy = (await service.client.get("/healthz")).json()
    assert healthy == {"status": "ok", "version": __version__, "store": {"ok": True, "detail": ""}}

    async def away(*_: Any) -> None:
        raise StoreUnavailable("The database file x.db is damaged: restore it.")

    monkeypatch.setattr(service.store, "list_runs", away)
    monkeypatch.setattr(service.store, "check", away)
    response = await service.client.get("/api/v1/runs")
    document = problem(response, 503)
    assert document["detail"] == "The database file x.db is damaged: restore it."
    assert document["type"] == "urn:katydid:problem:store-unavailable"
    health = await service.client.get("/healthz")
    assert health.status_code == 200
    assert health.json()["status"] == "degraded"


async def test_an_unforeseen_error_is_500_and_keeps_its_text_for_the_log(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(service.store, "list_runs", broken)
    assert "secret" not in str(problem(await service.client.get("/api/v1/runs"), 500))


async def test_many_clients_at_once_are_all_answered(service: Service) -> None:
    run_id = await service.ended(await service.started())
    statuses = []

    async def read() -> None:
        statuses.append((await service.client.get(f"/api/v1/runs/{run_id}")).status_code)
        statuses.append((await service.client.get("/api/v1/runs")).status_code)

    async with create_task_group() as group:
        for _ in range(50):
            group.start_soon(read)
    assert statuses == [200] * 100


async def test_another_sites_page_starts_nothing(service: Service) -> None:
    foreign = {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}
    for path in ("/api/v1/runs", "/runs", "/practice"):
        response = await service.client.post(path, headers=foreign, json={})
        assert response.status_code == 403, path
    renamed = await service.client.get("/api/v1/runs", headers={"Host": "evil.example:8090"})
    assert renamed.status_code == 403
    assert "does not answer" in renamed.json()["detail"]
