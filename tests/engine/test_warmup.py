"""A warm-up: the load goes on, and what began in it is in no figure but its own."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.engine.drive import on_time, run
from tests.targets import Seen, Target, after
from webui.errors import InvalidInput
from webui.metrics.snapshot import NO_WARMUP
from webui.plan.documents import plan_from_data
from webui.plan.load import RampingRate, RampingUsers, UserStage, warmed_up

CONSTANT = {"shape": "constant-users", "users": 5, "spawn_rate": 1000, "duration_s": 0.5}
RAMPING = {"shape": "ramping-users", "stages": [{"duration_s": 0.5, "users": 10}]}
RATE = {"shape": "constant-rate", "rate_rps": 100, "duration_s": 0.5}
RATES = {"shape": "ramping-rate", "stages": [{"duration_s": 0.5, "rate_rps": 200}]}


@pytest.mark.parametrize("load", [CONSTANT, RAMPING, RATE, RATES], ids=lambda load: load["shape"])
def test_what_began_in_it_is_counted_apart_and_the_run_is_as_long_as_planned(load: dict[str, Any]) -> None:
    with Target(after(0.01)) as target:
        result = run(target.url, load=load, warmup_s=0.4)
    warmup, totals = result.total.warmup, result.totals
    assert on_time(warmup.length_ns, 0.4)
    assert warmup.totals.balanced
    assert totals.balanced
    assert warmup.totals.sent + totals.sent == target.requests
    assert warmup.totals.successes > 20
    assert on_time(result.total.end_ns, 0.5)
    assert result.finished["load_ns"] <= 0.55e9
    assert result.total.all_endpoints.response.total == totals.successes
    if load in (RATE, RATES):
        assert (warmup.totals.offered, totals.offered) == (40 if load is RATE else 80, 50)


def test_slow_answers_of_the_warmup_touch_no_figure() -> None:
    slow, quick = after(0.3), after(0.005)
    asked = 0

    async def cold_at_first(seen: Seen, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await (slow if asked <= 5 else quick)(seen, writer)

    with Target(cold_at_first) as target:
        result = run(target.url, users=5, duration_s=0.5, warmup_s=0.2)
    totals = result.total.warmup.totals
    assert totals.sent == totals.successes == 5  # they ended long after it was over
    assert result.totals.successes > 20
    assert result.total.all_endpoints.response.max_ns < 0.25e9


def test_failures_and_connections_of_the_warmup_are_not_the_runs() -> None:
    result = run("http://127.0.0.1:9", users=2, duration_s=0.3, warmup_s=0.3)
    warmup = result.total.warmup.totals
    assert warmup.failures == warmup.sent > 0
    assert result.errors["connect_refused"] == result.totals.failures > 0


def test_a_stop_within_it_leaves_its_books_alone() -> None:
    with Target(after(0.01)) as target:
        result = run(target.url, users=3, duration_s=5, warmup_s=5, stop_after_s=0.3)
    assert result.totals.sent == 0
    assert result.total.warmup.totals.sent == target.requests > 0
    assert result.total.warmup.totals.balanced
    assert (result.finished["reason"], result.finished["load_ns"]) == ("stopped", 0)


def test_without_one_nothing_is_said_of_it() -> None:
    with Target(after(0.01)) as target:
        result = run(target.url, users=1, iterations=5)
    assert result.total.warmup is NO_WARMUP


def test_a_ramp_is_held_where_it_begins() -> None:
    stages = (UserStage(duration_s=1, users=0), UserStage(duration_s=2, users=8))
    warm = warmed_up(RampingUsers(shape="ramping-users", stages=stages), 3)
    assert isinstance(warm, RampingUsers)
    assert (warm.start_users, [(stage.duration_s, stage.users) for stage in warm.stages]) == (
        8, [(3, 8), (0, 0), (1, 0), (2, 8)]
    )  # fmt: skip
    rates = warmed_up(RampingRate.model_validate({**RATES, "start_rate_rps": 5}), 3)
    assert isinstance(rates, RampingRate)
    assert (rates.start_rate_rps, [(stage.duration_s, stage.rate_rps) for stage in rates.stages]) == (
        5, [(3, 5), (0, 5), (0.5, 200)]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("load", "words"),
    [
        ({"shape": "sweep", "to": 8}, "a sweep has no warm-up"),
        ({"shape": "burst", "size": 8}, "bursts have no warm-up"),
        ({"users": 1, "iterations": 5}, "ends by time"),
        ({"users": 1, "iterations_per_user": 5}, "ends by time"),
    ],
)
def test_loads_that_have_none(load: dict[str, Any], words: str) -> None:
    data = {"base_url": "http://127.0.0.1:1", "requests": [{"path": "/"}], "load": load, "warmup_s": 1}
    with pytest.raises(InvalidInput, match=words) as error:
        plan_from_data(data)
    assert error.value.problems[0].field == "warmup_s"
