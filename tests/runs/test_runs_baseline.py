"""Baselines: what later runs are held against, live and at the end; what happens where there is none."""

from __future__ import annotations

import pytest

from tests.runs.fakes import interval, plan, settle
from tests.runs.test_runs_manager import Harness
from webui.errors import Conflict
from webui.plan.documents import plan_from_data, plan_to_data
from webui.plan.identity import key_of_data, plan_key
from webui.runs.model import RunView
from webui.runs.state import RunStatus
from webui.runs.upkeep import filled_in

pytestmark = pytest.mark.anyio

RULE = "p95<baseline+10%"


async def run(h: Harness, took_ms: float, *rules: str) -> RunView:
    """An ended run whose responses all took that long."""
    view = await h.manager.create(plan(thresholds=rules))
    await settle()
    launch = h.launch(view.id)
    launch.started()
    launch.snapshot(0, interval(successes=100, took_ms=took_ms))
    launch.finished()
    await h.saved(view.id)
    return await h.manager.view(view.id)


async def harness_with_baseline() -> tuple[Harness, RunView]:
    h = Harness()
    baseline = await run(h, 10)
    await h.manager.set_baseline(baseline.id, True)
    return h, baseline


@pytest.mark.parametrize(("took_ms", "status"), [(10.5, RunStatus.PASSED), (12, RunStatus.FAILED)])
async def test_later_runs_are_judged_by_the_baseline(took_ms: float, status: RunStatus) -> None:
    h, _ = await harness_with_baseline()
    view = await run(h, took_ms, RULE)
    [rule] = view.result().thresholds
    assert view.status is status
    assert rule.limit == pytest.approx(11, rel=0.01)
    assert rule.note == ""
    await h.manager.close()


async def test_the_document_says_what_it_was_held_against_and_how_it_differs() -> None:
    h, baseline = await harness_with_baseline()
    part = (await run(h, 12)).result().baseline
    assert part is not None
    assert part.run_id == baseline.id
    p95 = next(figure for figure in part.figures if figure.metric == "p95_ms")
    assert (p95.baseline, p95.actual) == (pytest.approx(10, rel=0.01), pytest.approx(12, rel=0.01))
    assert p95.change_percent == pytest.approx(20, rel=0.02)
    await h.manager.close()


async def test_another_baseline_later_changes_no_verdict() -> None:
    h, _ = await harness_with_baseline()
    first = await run(h, 12, RULE)
    other = await run(h, 50)
    await h.manager.set_baseline(other.id, True)
    assert (await h.manager.view(first.id)).result().thresholds == first.result().thresholds
    assert (await run(h, 12, RULE)).status is RunStatus.PASSED
    await h.manager.close()


async def test_without_a_baseline_the_rule_passes_and_says_so() -> None:
    h = Harness()
    view = await run(h, 10, RULE)
    [rule] = view.result().thresholds
    assert view.status is RunStatus.PASSED
    assert (rule.passed, rule.limit, rule.actual) == (True, None, pytest.approx(10, rel=0.01))
    assert "no baseline" in rule.note
    assert view.result().baseline is None
    await h.manager.close()


async def test_a_run_that_goes_on_or_measured_nothing_is_no_baseline() -> None:
    h = Harness()
    live = await h.manager.create(plan())
    await settle()
    with pytest.raises(Conflict, match="has not ended"):
        await h.manager.set_baseline(live.id, True)
    await h.manager.stop(live.id)
    await h.saved(live.id)
    with pytest.raises(Conflict, match="Nothing was measured"):
        await h.manager.set_baseline(live.id, True)
    await h.manager.close()


async def test_a_baseline_can_be_taken_back() -> None:
    h, baseline = await harness_with_baseline()
    await h.manager.set_baseline(baseline.id, False)
    assert (await run(h, 10)).baseline is None
    await h.manager.close()


def test_a_plan_is_the_same_whatever_is_said_about_it_and_however_it_is_judged() -> None:
    base = plan()
    key = plan_key(base)
    same = {"name": "x", "tags": ("a",), "note": "n", "thresholds": (RULE,), "abort_on_fail_after_s": 1.0}
    for field, value in same.items():
        assert plan_key(base.model_copy(update={field: value})) == key, field
    assert plan_key(base.model_copy(update={"graceful_stop_s": 3.0})) != key
    assert key_of_data(plan_to_data(base)) == key
    assert len(key) == 64


def test_a_secret_that_changes_leaves_the_plan_the_same() -> None:
    def with_token(token: str, kind: str = "a") -> str:
        data = plan_to_data(plan())
        data["requests"][0]["headers"] = {"Authorization": token, "X-Kind": kind}
        return plan_key(plan_from_data(data))

    assert with_token("Bearer 1") == with_token("Bearer 2")
    assert with_token("Bearer 1", "a") != with_token("Bearer 1", "b")


def test_a_stored_plan_that_cannot_be_read_is_the_same_only_as_itself() -> None:
    assert key_of_data({"x": 1}) == key_of_data({"x": 1}) != key_of_data({"x": 2})


async def test_what_the_first_version_did_not_keep_is_filled_in_from_the_result() -> None:
    h = Harness()
    ended = await run(h, 10)
    record = h.store.records[ended.id]
    fields = filled_in(record)
    assert fields["plan_key"] == record.plan_key
    assert fields["p50_ms"] == pytest.approx(record.p50_ms)
    assert fields["p99_ms"] == pytest.approx(record.p99_ms)
    assert fields["spark_p95"] == list(record.spark_p95)
    await h.manager.close()
