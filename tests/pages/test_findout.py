""" "Find out why" over HTTP: from the form, from the plan's text, from a finished run; and writes."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from tests.api.conftest import Service

pytestmark = pytest.mark.anyio
URL = "http://127.0.0.1:9/items"
FORM = {"ticks": "1", "request": "0", "method-0": "GET", "url-0": URL, "find": "why"}


def run_of(response: httpx.Response) -> str:
    assert response.status_code == 303, response.text
    return response.headers["location"].rpartition("/")[2]


async def plan_of(service: Service, run_id: str) -> dict[str, Any]:
    plan: dict[str, Any] = (await service.client.get(f"/api/v1/runs/{run_id}")).json()["plan"]
    return plan


async def test_one_click_on_the_form_sweeps_the_typed_address(service: Service) -> None:
    typed = {**FORM, "users": "nonsense", "thresholds": "p95<1ms", "headers-0": "X-A: b"}
    plan = await plan_of(service, run_of(await service.client.post("/runs", data=typed)))
    load = plan["load"]
    assert (load["shape"], load["from"], load["to"]) == ("sweep", 1, 256)
    assert plan["requests"][0]["headers"] == {"X-A": "b"}
    assert not plan["thresholds"]


async def test_a_form_that_is_a_sweep_keeps_its_levels(service: Service) -> None:
    typed = {**FORM, "shape": "sweep", "sweep_to": "32", "canary": "/ping", "sweep_limit": "p95<200ms"}
    plan = await plan_of(service, run_of(await service.client.post("/runs", data=typed)))
    assert (plan["load"]["to"], plan["load"]["limit"], plan["canary"]) == (32, "p95<200ms", "/ping")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [("canary", "ping", "a path on the base address"), ("sweep_limit", "p95>1ms", "such as p95&lt;200ms")],
)
async def test_a_wrong_canary_or_limit_is_named(service: Service, field: str, value: str, words: str) -> None:
    response = await service.client.post("/runs", data={**FORM, "shape": "sweep", field: value})
    assert response.status_code == 422
    assert re.search(rf'id="{field}-error"[^>]*><span class="err">.*?{words}', response.text, re.DOTALL)


async def test_writes_are_asked_about_and_then_repeated(service: Service) -> None:
    writes = {**FORM, "method-0": "POST"}
    asked = await service.client.post("/runs", data=writes)
    assert asked.status_code == 422
    assert "a sweep sends POST /items thousands of times" in asked.text
    assert 'id="shape-sweep" value="sweep" checked' in asked.text
    run_of(await service.client.post("/runs", data={**writes, "confirm": "on"}))


async def test_a_plan_as_text_is_swept_too(service: Service) -> None:
    text = f'{{"base_url": "{URL}", "requests": [{{"path": "/"}}], "load": {{"users": 3, "duration_s": 1}}}}'
    found = await service.client.post("/runs", data={"plan": text, "find": "why"})
    assert (await plan_of(service, run_of(found)))["load"]["to"] == 256
    text = text.replace('"path"', '"method": "PUT", "path"')
    asked = await service.client.post("/runs", data={"plan": text, "find": "why"})
    assert asked.status_code == 422
    assert 'name="confirm"' in asked.text
    assert "&#34;sweep&#34;" in asked.text


async def test_a_finished_run_leads_to_the_sweep_of_its_requests(service: Service) -> None:
    run_id = await service.ended(await service.started())
    page = (await service.client.get(f"/runs/{run_id}")).text
    assert f'action="/runs/{run_id}/why"' in page
    sweep = run_of(await service.client.post(f"/runs/{run_id}/why"))
    assert (await plan_of(service, sweep))["load"]["shape"] == "sweep"


async def test_a_finished_run_of_writes_leads_to_the_question(service: Service) -> None:
    launch = await service.started(requests=[{"method": "DELETE", "path": "/items/1"}])
    run_id = await service.ended(launch)
    response = await service.client.post(f"/runs/{run_id}/why")
    assert response.headers["location"] == f"/?from={run_id}&why=1"
    form = (await service.client.get(response.headers["location"])).text
    assert "a sweep sends DELETE /items/1 thousands of times" in form


async def test_the_api_asks_for_a_header(service: Service) -> None:
    plan = {
        "base_url": URL,
        "requests": [{"method": "POST", "path": "/"}],
        "load": {"shape": "sweep", "to": 8},
    }
    refused = await service.client.post("/api/v1/runs", json=plan)
    assert refused.status_code == 422
    assert "Confirm: repeat-writes" in refused.text
    header = {"Confirm": "repeat-writes"}
    assert (await service.client.post("/api/v1/runs", json=plan, headers=header)).status_code == 201
