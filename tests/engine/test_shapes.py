"""Every load shape against a real local server: when requests start, how many, and how the load ends."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from tests.engine.drive import on_time, plan_data, run, run_spec
from tests.targets import Seen, Target, after, ok
from webui.engine import shard_specs
from webui.metrics.snapshot import merge_shards
from webui.plan.documents import plan_from_data


def rate(rps: float, seconds: float | None = 0.5, **more: Any) -> dict[str, Any]:
    return {"shape": "constant-rate", "rate_rps": rps, "duration_s": seconds, **more}


# -- constant users


@pytest.mark.parametrize("users", [1, 7])
def test_iterations_per_user(users: int) -> None:
    load = {"shape": "constant-users", "users": users, "iterations_per_user": 5, "spawn_rate": 100}
    with Target() as target:
        result = run(target.url, load=load)
    assert result.totals.successes == target.requests == 5 * users
    assert target.connections == users
    assert result.finished["reason"] == "iterations"


def test_a_user_who_is_done_early_does_not_end_the_others() -> None:
    load = {"shape": "constant-users", "users": 3, "iterations_per_user": 2, "spawn_rate": 10}
    with Target() as target:
        result = run(target.url, load=load)
    assert target.requests == 6
    assert 0.2e9 <= result.finished["load_ns"] < 0.7e9  # the last one starts after 0.2 s


# -- ramping users


def test_users_ramp_up_and_down_and_nobody_is_cut_off_in_the_middle() -> None:
    stages = [{"duration_s": 0.4, "users": 20}, {"duration_s": 0.4, "users": 0}]
    with Target(after(0.02)) as target:
        result = run(target.url, load={"shape": "ramping-users", "stages": stages})
    assert target.connections == 20
    assert result.totals.successes == target.requests
    assert result.totals.cut_off == 0
    users = [snapshot.users for snapshot in result.snapshots]
    assert users[0] == pytest.approx(10, abs=2)
    assert users[2] == pytest.approx(10, abs=3)
    assert result.finished["reason"] == "duration"
    assert on_time(result.finished["load_ns"], 0.8)


def test_users_who_think_retire_at_once_when_they_are_too_many() -> None:
    stages = [{"duration_s": 0, "users": 10}, {"duration_s": 0.2, "users": 10}, {"duration_s": 0, "users": 2},
              {"duration_s": 0.3, "users": 2}]  # fmt: skip
    with Target() as target:
        result = run(target.url, load={"shape": "ramping-users", "stages": stages}, think_time_s=[5, 5])
    assert target.requests == 10
    assert result.snapshots[1].users == 2


# -- arrival rates


def test_a_constant_rate_starts_exactly_as_many_as_are_due_at_their_times() -> None:
    with Target() as target:
        result = run(target.url, load=rate(200, 0.5))
    totals = result.totals
    assert totals.offered == totals.sent == totals.successes == target.requests == 100
    assert on_time(result.finished["load_ns"], 0.5)
    lag = result.total.health.schedule_lag
    assert lag.total == 100
    assert (lag.percentile_ns(50) or 0) < 1e6


def test_no_start_pays_for_its_connection_where_users_connect_ahead() -> None:
    with Target() as target:
        result = run(target.url, load=rate(100, 0.3))
    assert result.total.connections_opened == target.connections
    assert result.snapshots[0].connections_open >= 8  # for one that is busy at a time
    endpoint = result.total.endpoints[0]
    assert endpoint.service is not endpoint.response


def test_a_slow_target_never_slows_the_schedule() -> None:
    with Target(after(0.2)) as target:
        result = run(target.url, load=rate(200, 0.5), graceful_stop_s=2)
    assert result.totals.offered == target.requests == 100
    assert result.totals.dropped == 0
    assert target.connections >= 40


def test_a_start_without_a_free_user_is_dropped_and_counted() -> None:
    with Target(after(0.25)) as target:
        result = run(target.url, load=rate(100, 0.5, max_users=3), graceful_stop_s=2)
    totals = result.totals
    assert totals.offered == 50
    assert totals.sent == target.requests == 6
    assert totals.dropped == 44
    assert target.connections == 3


def test_poisson_arrivals() -> None:
    with Target() as target:
        result = run(target.url, load=rate(400, 0.5, arrivals="poisson"))
    assert 130 < result.totals.offered < 270  # five standard deviations
    assert result.totals.sent == target.requests == result.totals.offered


def test_a_ramping_rate() -> None:
    stages = [{"duration_s": 0.4, "rate_rps": 200}, {"duration_s": 0.2, "rate_rps": 200}]
    with Target() as target:
        result = run(target.url, load={"shape": "ramping-rate", "stages": stages})
    assert result.totals.offered == target.requests == 80
    first = result.snapshots[0]
    assert first.totals.offered == pytest.approx(250 * (first.end_ns / 1e9) ** 2, abs=3)


def test_a_rate_of_several_requests_and_origins_is_shared_by_weight() -> None:
    requests = [{"path": "/often", "weight": 3}, {"path": "", "weight": 1}]
    with Target() as one, Target() as other:
        requests[1]["path"] = f"{other.url}/seldom"
        result = run(one.url, load=rate(400, 0.5), requests=requests)
    often, seldom = (endpoint.totals for endpoint in result.total.endpoints)
    assert (often.sent, seldom.sent) == (one.requests, other.requests)
    assert often.sent + seldom.sent == 200
    assert 25 < seldom.sent < 75
    assert one.connections == other.connections >= 8


def test_a_rate_without_keepalive_connects_for_each_request() -> None:
    with Target() as target:
        result = run(target.url, load=rate(100, 0.3), keepalive=False)
    assert result.totals.successes == target.requests == target.connections == 30


def test_a_rate_against_nobody_fails_each_start_without_a_backoff() -> None:
    result = run("http://127.0.0.1:9", load=rate(100, 0.3))
    assert result.errors == {"connect_refused": 30}


def test_a_connection_that_the_server_closed_is_made_again_by_the_request() -> None:
    async def closes(seen: Seen, writer: asyncio.StreamWriter) -> None:
        await ok(seen, writer)
        writer.close()

    with Target(closes) as target:
        result = run(target.url, load=rate(50, 0.5))
    assert result.totals.successes == target.requests == 25


class Freezing(Target):
    """Answers at once; from 1 s after its first request on nobody gets an answer for 2 s."""

    def __init__(self) -> None:
        super().__init__(self._thaw)
        self._first = 0.0

    async def _thaw(self, seen: Seen, writer: asyncio.StreamWriter) -> None:
        now = time.monotonic()
        self._first = self._first or now
        if 1 <= now - self._first < 3:
            await asyncio.sleep(self._first + 3 - now)
        await ok(seen, writer)


def test_wrk2s_demonstration_a_freeze_of_2_s_shows_in_p99_from_the_intended_start() -> None:
    with Freezing() as target:
        corrected = run(target.url, load=rate(100, 4), graceful_stop_s=3).total.endpoints[0]
    with Freezing() as target:  # as many requests, but each waits for the one before: nothing shows
        load = {"users": 2, "spawn_rate": 1000, "duration_s": 4}
        uncorrected = run(target.url, load=load, think_time_s=[0.02, 0.02]).total.endpoints[0]
    assert corrected.totals.dropped == 0
    assert corrected.totals.offered == 400
    assert (corrected.response.percentile_ns(99) or 0) == pytest.approx(
        1.96e9, rel=0.1
    )  # 2 s less 4 of its 400 starts
    assert (corrected.response.percentile_ns(75) or 0) == pytest.approx(1e9, rel=0.1)
    assert (uncorrected.service.percentile_ns(99) or 0) < 0.05e9
    assert uncorrected.service.max_ns == pytest.approx(2e9, rel=0.1)


def test_a_pool_that_is_too_small_for_a_freeze_drops_what_it_could_not_send() -> None:
    with Freezing() as target:
        stats = run(target.url, load=rate(100, 4, max_users=4), graceful_stop_s=3).total.endpoints[0]
    assert stats.totals.dropped == pytest.approx(196, rel=0.3)
    assert stats.totals.sent == target.requests == 400 - stats.totals.dropped


# -- bursts


def test_a_burst_comes_at_one_instant_as_often_as_wanted() -> None:
    load = {"shape": "burst", "size": 20, "count": 3, "pause_s": 0.1}
    with Target(after(0.05)) as target:
        result = run(target.url, load=load)
    assert result.totals.successes == target.requests == 60
    assert target.connections == 20
    assert result.total.connections_opened == 20
    assert 0.35e9 <= result.finished["load_ns"] < 0.9e9
    assert result.finished["reason"] == "iterations"


def test_bursts_connect_again_before_the_next_instant() -> None:
    async def closes(seen: Seen, writer: asyncio.StreamWriter) -> None:
        await ok(seen, writer)
        writer.close()

    with Target(closes) as target:
        result = run(target.url, load={"shape": "burst", "size": 5, "count": 4, "pause_s": 0.05})
    assert result.totals.successes == target.requests == target.connections == 20


def test_a_burst_at_nobody() -> None:
    result = run("http://127.0.0.1:9", load={"shape": "burst", "size": 5, "count": 2})
    assert result.errors == {"connect_refused": 10}


# -- shards


@pytest.mark.parametrize(
    ("load", "requests"),
    [
        (rate(100, 0.3), 30),
        ({"shape": "burst", "size": 7, "count": 2}, 14),
        ({"shape": "constant-users", "users": 5, "iterations_per_user": 3}, 15),
    ],
)
def test_shards_together_do_what_the_plan_says(load: dict[str, Any], requests: int) -> None:
    with Target() as target:
        specs = shard_specs("r", plan_from_data(plan_data(target.url, load=load)), 3)
        total = merge_shards([run_spec(spec).total for spec in specs])
    assert len(specs) == 3
    assert total.totals.sent == target.requests == requests
    assert total.totals.balanced


def test_a_sweep_has_one_shard() -> None:
    plan = plan_from_data(plan_data("http://127.0.0.1:9", load={"shape": "sweep", "from": 1, "to": 64}))
    assert len(shard_specs("r", plan, 8)) == 1
