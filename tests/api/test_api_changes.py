"""`PATCH /api/v1/runs/{id}`: the load while a run goes on; name, tags and note at any time."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest

from tests.api.conftest import PLAN, Service
from tests.api.test_api_runs import fields, problem
from webui.api.stream import Progress, events

pytestmark = pytest.mark.anyio
RATE = {"shape": "constant-rate", "rate_rps": 50, "duration_s": 60}


async def patch(service: Service, run_id: str, **changes: Any) -> Any:
    return await service.client.patch(f"/api/v1/runs/{run_id}", json=changes)


async def test_what_is_asked_for_is_in_the_answer_and_goes_to_the_engines(service: Service) -> None:
    launch = await service.started()
    response = await patch(service, launch.run_id, users=140, add_s=30)
    assert response.status_code == 200
    document = response.json()
    assert [(c["number"], c["kind"], c["value"], c["applied"]) for c in document["changes"]] == [
        (1, "users", 140, False),
        (2, "add_time", 30, False),
    ]
    assert (document["status"], document["planned_s"]) == ("running", 90)
    paused = (await patch(service, launch.run_id, paused=True)).json()
    assert (paused["paused"], paused["status"]) == (True, "running")
    assert launch.changes == [(1, "users", 140.0), (2, "add_time", 30.0), (3, "pause", None)]
    resumed = (await patch(service, launch.run_id, paused=False)).json()
    assert not resumed["paused"]
    assert (await patch(service, launch.run_id, paused=False)).json()["changes"] == resumed["changes"]


async def test_a_rate_of_the_open_model(service: Service) -> None:
    launch = await service.started(load=RATE)
    assert (await patch(service, launch.run_id, rate_rps=500.5)).status_code == 200
    assert launch.changes == [(1, "rate", 500.5)]
    refused = problem(await patch(service, launch.run_id, users=5), 409)
    assert "constant-rate" in refused["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"users": 0}, "users"),
        ({"users": 1.5}, "users"),
        ({"users": "many"}, "users"),
        ({"rate_rps": 0}, "rate_rps"),
        ({"add_s": -1}, "add_s"),
        ({"paused": "perhaps"}, "paused"),
        ({"colour": "green"}, "colour"),
        ({}, ""),
        ({"users": None}, ""),
        ({"users": 5, "note": "more"}, ""),
        ({"name": "a\nb"}, "name"),
        ({"tags": [""]}, "tags.0"),
    ],
)
async def test_what_is_not_right_is_refused_with_the_field(
    service: Service, body: dict[str, Any], field: str
) -> None:
    launch = await service.started()
    assert field in fields(await patch(service, launch.run_id, **body))
    assert launch.changes == []


async def test_only_a_run_that_is_running_changes(service: Service) -> None:
    launch = await service.started()
    waiting = await service.start()
    assert "not started" in problem(await patch(service, waiting, users=5), 409)["detail"]
    run_id = await service.ended(launch)
    assert "ended" in problem(await patch(service, run_id, users=5), 409)["detail"]
    problem(await patch(service, "r_0000000000", users=5), 404)


async def test_a_run_can_be_named_while_it_runs_and_afterwards(service: Service) -> None:
    launch = await service.started()
    named = (await patch(service, launch.run_id, name="Morning", tags=["a", "b"], note="cold cache")).json()
    assert [named[key] for key in ("name", "tags", "note")] == ["Morning", ["a", "b"], "cold cache"]
    assert named["plan"]["name"] == PLAN["name"]
    run_id = await service.ended(launch)
    read = (await service.client.get(f"/api/v1/runs/{run_id}")).json()
    assert [read[key] for key in ("name", "tags", "note")] == ["Morning", ["a", "b"], "cold cache"]
    assert (await patch(service, run_id, name="Evening")).status_code == 200
    read = (await service.client.get(f"/api/v1/runs/{run_id}")).json()
    assert [read[key] for key in ("name", "tags", "note")] == ["Evening", ["a", "b"], "cold cache"]
    assert (await service.manager.view(run_id)).name == "Evening"
    [item] = (await service.client.get("/api/v1/runs", params={"search": "evening"})).json()["items"]
    assert (item["id"], item["tags"]) == (run_id, ["a", "b"])
    assert (await patch(service, run_id, name="")).json()["name"] == "127.0.0.1:9/items"


async def test_reading_a_finished_run_again_finds_its_view_ready(service: Service) -> None:
    run_id = await service.ended(await service.started())
    first = await service.manager.view(run_id)
    assert await service.manager.view(run_id) is first
    await service.manager.delete(run_id)
    problem(await service.client.get(f"/api/v1/runs/{run_id}"), 404)


async def test_whoever_follows_the_run_is_told_of_a_pause(service: Service) -> None:
    launch = await service.started()
    followed = events(service.manager, launch.run_id, Progress(0), anyio.Event())
    told = [json.loads((await anext(followed)).data)]
    await patch(service, launch.run_id, paused=True)
    launch.second_passes()
    for _ in range(2):
        told.append(json.loads((await anext(followed)).data))
    await followed.aclose()
    assert [event.get("paused") for event in told] == [False, True, None]  # two of status, then a row


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"", "application/json", 422),
        (b"{", "application/json", 422),
        (b"[]", "application/json", 422),
        (b"\xff\xfe", "application/json", 422),
        (b'{"a": ' * 10_000, "application/json", 422),
        (b'{"note": "' + b"x" * 100_000 + b'"}', "application/json", 413),
        (b"users=5", "application/x-www-form-urlencoded", 415),
    ],
)
async def test_a_body_that_is_no_change_is_refused(
    service: Service, content: bytes, kind: str, status: int
) -> None:
    run_id = await service.start()
    headers = {"Content-Type": kind}
    problem(await service.client.patch(f"/api/v1/runs/{run_id}", content=content, headers=headers), status)
