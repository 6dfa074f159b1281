"""Target policy, confirmations and ceilings through API and pages, and Stop everything."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from html import unescape
from typing import Any

import pytest

from tests.api.conftest import PLAN, Service
from webui.security.ceilings import Ceilings
from webui.security.gate import Gate

pytestmark = pytest.mark.anyio

PUBLIC = "http://8.8.8.8"  # literal: nothing is looked up, and this fleet sends nothing
METADATA = "http://169.254.169.254"


async def settle() -> None:
    """Lets the tasks go on that were begun."""
    for _ in range(5):
        await asyncio.sleep(0)


def limit(service: Service, ceilings: Ceilings) -> None:
    service.manager._gate = replace(Gate(), ceilings=ceilings)


async def test_a_target_that_is_not_allowed_is_a_403_that_says_why(service: Service) -> None:
    answer = await service.client.post("/api/v1/runs", json={**PLAN, "base_url": METADATA})
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:katydid:problem:target-refused"
    [error] = answer.json()["errors"]
    assert error["field"] == "base_url"
    assert "169.254.169.254 is a link-local address" in error["message"]
    assert not service.manager.live_runs()


async def test_a_public_address_needs_the_header(service: Service) -> None:
    plan = {**PLAN, "base_url": PUBLIC}
    answer = await service.client.post("/api/v1/runs", json=plan)
    assert answer.status_code == 422
    assert "Confirm: may-test" in answer.json()["errors"][0]["message"]
    answer = await service.client.post("/api/v1/runs", json=plan, headers={"Confirm": "may-test"})
    assert answer.status_code == 201


async def test_both_confirmations_fit_one_header(service: Service) -> None:
    plan = {**PLAN, "base_url": PUBLIC, "requests": [{"method": "POST"}], "thresholds": []}
    plan["load"] = {"shape": "sweep", "from": 1, "to": 8}
    for confirm, status in [("repeat-writes", 422), ("may-test", 422), ("repeat-writes, may-test", 201)]:
        answer = await service.client.post("/api/v1/runs", json=plan, headers={"Confirm": confirm})
        assert answer.status_code == status, answer.text


async def test_a_check_says_what_a_start_would(service: Service) -> None:
    async def checked(**changes: object) -> tuple[int, dict[str, Any]]:
        started = await service.client.post("/api/v1/runs", json={**PLAN, **changes})
        answer = await service.client.post("/api/v1/check", json={**PLAN, **changes})
        if answer.status_code != 200:
            assert (answer.status_code, answer.json()) == (started.status_code, started.json())
        return answer.status_code, answer.json()

    assert (await checked(base_url=METADATA))[0] == 403
    status, told = await checked(base_url=PUBLIC)
    assert (status, told["confirm"]) == (200, ["may-test"])
    sweep = {"shape": "sweep", "from": 1, "to": 8}
    more = {"base_url": PUBLIC, "requests": [{"method": "POST"}], "load": sweep, "thresholds": []}
    assert (await checked(**more))[1]["confirm"] == ["repeat-writes", "may-test"]
    limit(service, Ceilings(users=1))
    assert (await checked())[0] == 422


async def test_experiments_are_held_to_the_same(service: Service) -> None:
    definition = {"variants": [{"label": "a", "base_url": METADATA}], "users": [1]}
    answer = await service.client.post("/api/v1/experiments", json=definition)
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["field"] == "variants[0].base_url"
    definition["variants"] = [{"label": "a", "base_url": PUBLIC}]
    answer = await service.client.post("/api/v1/experiments", json=definition)
    assert answer.status_code == 422
    assert "Confirm: may-test" in answer.text


async def test_ceilings_hold_for_new_runs_and_for_changes_of_running_ones(service: Service) -> None:
    limit(service, Ceilings(users=10, duration_s=90))
    answer = await service.client.post("/api/v1/runs", json={**PLAN, "load": {"users": 11, "duration_s": 5}})
    assert answer.status_code == 422
    assert "10 users at most (--max-users), not 11" in answer.json()["errors"][0]["message"]
    launch = await service.started()
    for change, status in [
        ({"users": 11}, 422),
        ({"users": 10}, 200),
        ({"add_s": 31}, 422),
        ({"add_s": 30}, 200),
    ]:
        answer = await service.client.patch(f"/api/v1/runs/{launch.run_id}", json=change)
        assert answer.status_code == status, answer.text


async def test_stop_everything_ends_what_runs_and_what_waits(service: Service) -> None:
    launch = await service.started()
    waiting = [await service.start(), await service.start()]
    answer = await service.client.post("/api/v1/stop")
    assert answer.status_code == 202
    assert answer.json() == {"runs": [launch.run_id, *waiting], "experiments": []}
    await settle()
    assert launch.ended
    assert not service.manager.live_runs()
    assert list(service.fleet.launches) == [launch.run_id]  # what waited never started
    again = await service.client.post("/api/v1/stop")
    assert again.json() == {"runs": [], "experiments": []}


async def test_the_page_stops_everything_too(service: Service) -> None:
    page = (await service.client.get("/")).text
    assert '<form method="post" action="/stop">' in page
    launch = await service.started()
    answer = await service.client.post("/stop")
    assert (answer.status_code, answer.headers["location"]) == (303, "/#recent")
    await settle()
    assert launch.ended


FORM = {"ticks": "1", "request": "0", "method-0": "GET", "shape": "steady", "users": "2", "end": "duration",
        "duration": "5 s"}  # fmt: skip


async def test_the_form_says_which_rule_refused(service: Service) -> None:
    answer = await service.client.post("/runs", data={**FORM, "url-0": METADATA})
    assert answer.status_code == 422
    assert "hands out secrets" in answer.text
    assert 'aria-describedby="url-0-error" aria-invalid="true"' in answer.text


async def test_the_form_asks_about_a_public_address_with_a_box(service: Service) -> None:
    first = await service.client.post("/runs", data={**FORM, "url-0": PUBLIC})
    assert first.status_code == 422
    assert "8.8.8.8 is a public address; confirm that you may test it" in unescape(first.text)
    assert 'name="may_test" id="may_test" ' in first.text
    wrong = await service.client.post(
        "/runs", data={**FORM, "url-0": PUBLIC, "users": "no", "may_test": "on"}
    )
    assert 'name="may_test" id="may_test" checked' in wrong.text
    started = await service.client.post("/runs", data={**FORM, "url-0": PUBLIC, "may_test": "on"})
    assert started.status_code == 303
    plain = await service.client.get("/")
    assert 'id="may_test"' not in plain.text


async def test_a_ceiling_is_said_at_its_field(service: Service) -> None:
    limit(service, Ceilings(users=1))
    answer = await service.client.post("/runs", data={**FORM, "url-0": "http://127.0.0.1:9"})
    assert answer.status_code == 422
    assert "1 user at most" in answer.text
    assert 'href="#users"' in answer.text


async def test_the_editor_asks_too(service: Service) -> None:
    text = '{"base_url": "http://8.8.8.8", "requests": [{}], "load": {"users": 1, "duration_s": 1}}'
    first = await service.client.post("/runs", data={"plan": text})
    assert first.status_code == 422
    assert 'id="may_test"' in first.text
    started = await service.client.post("/runs", data={"plan": text, "may_test": "on"})
    assert started.status_code == 303


async def test_a_run_is_ended_at_the_ceiling_of_time(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webui.runs.manager.GRACE_S", 0.0)
    limit(service, Ceilings(duration_s=0.05))
    launch = await service.started(load={"shape": "constant-users", "users": 1, "duration_s": None})
    live = service.manager.get_live(launch.run_id)
    assert live is not None
    async with live.channel.subscribe() as events:
        async for _ in events:
            pass
    assert "ceiling" in (await service.manager.view(launch.run_id)).status_reason
