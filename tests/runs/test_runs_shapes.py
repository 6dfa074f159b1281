"""Load shapes and changes through and through: manager, fleet, engines, a real server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.runs.fakes import plan
from tests.runs.real import Harness, plan_for
from tests.runs.target import Target, target
from webui.plan.model import Plan
from webui.runs.model import RunView
from webui.runs.state import RunStatus

pytestmark = pytest.mark.anyio


def shaped(server: Target, **load: Any) -> Plan:
    return plan(base_url=f"http://127.0.0.1:{server.port}", load=load)


async def until(h: Harness, run_id: str, condition: Callable[[RunView], bool]) -> RunView:
    async with asyncio.timeout(10):
        while not condition(view := await h.manager.view(run_id)):
            await asyncio.sleep(0.01)
    return view


def assert_balanced(view: RunView) -> None:
    totals = view.result().totals
    assert totals.offered == totals.sent + totals.dropped
    assert totals.sent == totals.successes + totals.failures + totals.cut_off


async def test_users_change_on_all_shards_and_the_change_is_marked(
    h: Harness, server: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(h.fleet, "shards_for", lambda load: 2)
    run_id = await h.begin(plan_for(server, 30, users=4))
    asked = time.monotonic()
    await h.manager.change(run_id, users=11)
    assert (await h.manager.view(run_id)).users_target == 11
    view = await until(h, run_id, lambda view: view.changes[0].applied and view.snapshots[-1].users == 11)
    assert time.monotonic() - asked < 3  # an interval lasts one second
    assert view.shards == 2
    await h.manager.stop(run_id)
    ended = await h.ended(run_id)
    [change] = ended.result().changes
    assert (change.kind, change.value, change.applied) == ("users", 11, True)
    assert 0 < change.t_s < ended.elapsed_s
    assert_balanced(ended)


async def test_a_pause_holds_the_load_and_moves_the_end(h: Harness, server: Target) -> None:
    run_id = await h.begin(plan_for(server, 1.5, spawn_rate=1000))
    await h.manager.change(run_id, paused=True)
    view = await until(h, run_id, lambda view: view.changes[0].applied)
    before = server.requests
    await asyncio.sleep(1.2)
    assert server.requests - before <= 5  # those that were under way
    view = await h.manager.view(run_id)
    assert (view.paused, view.status, view.snapshots[-1].users) == (True, RunStatus.RUNNING, 5)
    assert view.remaining_s is not None
    assert view.remaining_s > 0.2
    await h.manager.change(run_id, paused=False, add_s=0.5)
    ended = await h.ended(run_id)
    assert ended.status is RunStatus.PASSED
    assert [change.kind for change in ended.changes] == ["pause", "add_time", "resume"]
    assert ended.load_s == pytest.approx(2.0, abs=0.2)
    assert ended.planned_s == pytest.approx(ended.load_s + ended.paused_s, abs=0.2)
    assert ended.paused_s >= 1.2
    assert server.requests > before + 5
    assert_balanced(ended)


async def test_an_open_model_drops_what_finds_no_user_and_says_why(h: Harness) -> None:
    async with target(delay_s=0.2) as slow:
        load = {"shape": "constant-rate", "rate_rps": 800, "duration_s": 2, "max_users": 10}
        view = await h.ended((await h.manager.create(shaped(slow, **load))).id)
    document = view.result()
    assert document.totals.offered == pytest.approx(1600, abs=5)
    assert document.totals.dropped > 1000
    assert_balanced(view)
    assert any(f"{document.totals.dropped:,} of" in hint for hint in document.audit.hints)
    assert sum(row.dropped for row in document.snapshots) == document.totals.dropped
    assert any(row.service_p50_ms and row.service_p50_ms >= 199 for row in document.snapshots)
    assert document.audit.generator_cpu_percent.mean is not None
    assert document.audit.generator_cpu_percent.mean < 70  # what it spends on waiting is not counted


async def test_a_rate_changes(h: Harness, server: Target) -> None:
    load = {"shape": "constant-rate", "rate_rps": 50, "duration_s": 30}
    run_id = await h.begin(shaped(server, **load))
    await h.manager.change(run_id, rate_rps=400)
    view = await until(h, run_id, lambda view: view.snapshots[-1].totals.offered > 150)  # in half a second
    assert (view.rate_target, view.changes[0].applied) == (400, True)
    await h.manager.stop(run_id)
    assert_balanced(await h.ended(run_id))


async def test_a_sweep_has_steps(h: Harness, server: Target) -> None:
    load = {"shape": "sweep", "from": 1, "to": 4, "step_s": 0.4}
    view = await h.ended((await h.manager.create(shaped(server, **load))).id, 30)
    steps = view.result().steps
    assert [step.users for step in steps] == sorted(step.users for step in steps)
    assert {1, 2, 4} <= {step.users for step in steps}
    assert all(step.throughput_rps and step.response_time_ms.p50 for step in steps)
    assert steps[-1].throughput_rps > steps[0].throughput_rps * 2
    stored = await h.store.get_run(view.id)
    assert stored is not None
    assert stored.result is not None
    assert len(stored.result["steps"]) == len(steps)
    assert_balanced(view)


async def test_bursts_and_a_rule_that_ends_the_run(h: Harness, server: Target) -> None:
    view = await h.ended((await h.manager.create(shaped(server, shape="burst", size=20, count=3))).id)
    assert view.result().totals.successes == 60
    rules = {"thresholds": ("p50<1ms",), "abort_on_fail_after_s": 1.0}
    asked = time.monotonic()
    aborted = await h.ended((await h.manager.create(plan_for(server).model_copy(update=rules))).id)
    assert time.monotonic() - asked < 6  # of 30 s
    assert aborted.status is RunStatus.FAILED
    assert "p50<1ms did not hold, it was " in aborted.status_reason
    assert_balanced(aborted)
