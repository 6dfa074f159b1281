"""What a sweep does for each act that the planner asks for, against real local servers."""

from __future__ import annotations

import asyncio
import itertools
import time
from typing import Any

import pytest

from tests.engine.acting import FIRST, level, slots, sweep, sync_workers
from tests.targets import Seen, Target, after, ok, reply
from webui.sweep.acts import Level, Volley

__all__ = ["sweep"]


# -- levels


def test_a_level_settles_is_measured_and_leaves_its_record(sweep: Any) -> None:
    with Target(slots(4, 0.02)) as target:
        result = sweep(target.url, FIRST, level(8, 0.4))
    single, step = result.total.steps
    assert (single.users, single.kind, single.settle_ns < 20e6) == (1, "single", True)
    assert single.stats.totals.successes == 3
    assert (step.users, step.kind, step.connections_lost) == (8, "level", 0)
    assert step.end_ns - step.start_ns == pytest.approx(0.4e9, rel=0.2)
    assert step.settle_ns >= 2 * 0.02e9  # eight users and four slots: two answers each take four rounds
    assert step.start_ns - step.settle_ns >= single.end_ns
    assert sum(step.per_user) == step.stats.totals.successes
    assert len(step.per_user) == 8
    assert list(step.per_user) == sorted(step.per_user)
    assert step.demand_percent is not None
    assert result.totals.sent == target.requests
    assert target.connections == 8


def test_blocks_are_two_response_times_long_and_add_up(sweep: Any) -> None:
    with Target(slots(2, 0.03)) as target:
        step = sweep(target.url, level(4, 0.8)).total.steps[0]
    mean_ns = step.stats.response.mean_ns
    assert mean_ns == pytest.approx(0.06e9, rel=0.3)
    assert step.block_ns == pytest.approx(2 * mean_ns, rel=0.35)
    assert len(step.blocks) == (step.end_ns - step.start_ns) // step.block_ns
    counted = sum(block.successes for block in step.blocks)
    assert 0 <= step.stats.totals.successes - counted <= 2 * 4 + 4
    assert sum(block.response_ns for block in step.blocks) == pytest.approx(mean_ns * counted, rel=0.1)


def test_a_level_ends_early_with_enough_answers_or_a_mean_that_is_known(sweep: Any) -> None:
    acts = [level(1, 5, until_answers=5), level(1, 5, until_answers=10**6, until_error=0.2)]
    with Target(after(0.01)) as target:
        by_number, by_error = sweep(target.url, *acts).total.steps
    assert by_number.stats.totals.successes == 5
    assert 8 <= by_error.stats.totals.successes <= 60
    assert by_error.end_ns - by_error.start_ns < 1e9


def test_a_level_of_failures_ends_as_one_of_successes_would(sweep: Any) -> None:
    with Target(lambda seen, writer: _refuse(writer)) as target:
        step = sweep(target.url, level(1, 5, settle_answers=0, until_answers=5)).total.steps[0]
    assert (step.stats.totals.failures, step.stats.totals.successes) == (5, 0)
    assert step.end_ns - step.start_ns < 1e9


async def _refuse(writer: asyncio.StreamWriter) -> None:
    writer.write(reply(b"busy", 503))


def test_who_is_refused_waits_before_the_next_try(sweep: Any) -> None:
    async def admits_one(seen: Seen, writer: asyncio.StreamWriter) -> None:
        await _refuse(writer)

    with Target(admits_one) as target:
        result = sweep(target.url, level(2, 0.5, settle_answers=1, retry_s=0.05))
    # Two users who ask every 0.05 s at most, in the half second and in the settling before.
    assert 4 <= target.requests <= 30
    assert result.totals.failures == target.requests


def test_new_users_connect_one_by_one_and_who_is_too_many_leaves(sweep: Any) -> None:
    first_seen: list[float] = []

    async def noting(seen: Seen, writer: asyncio.StreamWriter) -> None:
        if seen.number == 1:
            first_seen.append(time.monotonic())
        await asyncio.sleep(0.01)
        await ok(seen, writer)

    with Target(noting) as target:
        result = sweep(target.url, level(2, 0.1), level(30, 0.1), level(1, 0.6))
    assert target.connections == 30
    gaps = [later - earlier for earlier, later in itertools.pairwise(first_seen[2:])]
    assert sum(gaps) >= 0.02  # 28 of them, a millisecond apart but for what a busy machine catches up on
    assert result.snapshots[-2].connections_open == result.snapshots[-2].users == 1


def test_a_level_without_an_answer_waits_for_one_as_long_as_the_timeout(sweep: Any) -> None:
    with Target(after(0.9)) as target:
        acts = [level(2, 0.2, settle_answers=0), level(2, 0.2, settle_answers=0, longest_settle_s=0.1)]
        steps = sweep(target.url, *acts).total.steps
    assert steps[0].stats.totals.successes >= 1
    assert steps[0].end_ns - steps[0].start_ns >= 0.85e9


# -- volleys


def test_a_volley_is_answered_in_generations_as_wide_as_the_target(sweep: Any) -> None:
    with Target(slots(4, 0.05)) as target:
        result = sweep(target.url, FIRST, level(6, 0.2), Volley(12, "large"), Volley(3, "small"))
    large, small = result.total.probing.bursts
    assert (large.kind, large.size, small.kind, small.size) == ("large", 12, "small", 3)
    generations = [round(t / 0.05e9) for t in large.successes_ns]
    assert generations == [1] * 4 + [2] * 4 + [3] * 4
    assert list(large.successes_ns) == sorted(large.successes_ns)
    assert len(small.successes_ns) == 3
    assert large.start_ns > result.total.steps[-1].end_ns
    assert large.failures_ns == small.failures_ns == ()
    assert target.connections == 12  # opened, and used once, before the instant
    assert result.totals.sent == result.totals.successes == target.requests


def test_a_volley_that_is_refused(sweep: Any) -> None:
    busy = 0

    async def admits_three(seen: Seen, writer: asyncio.StreamWriter) -> None:
        nonlocal busy
        if busy == 3:
            await _refuse(writer)
            return
        busy += 1
        await asyncio.sleep(0.08)
        busy -= 1
        await ok(seen, writer)

    with Target(admits_three) as target:
        acts = [level(2, 0.2), Volley(10, "refused", "refusals", rest_s=0.2)]
        result = sweep(target.url, *acts)
    [burst] = result.total.probing.bursts
    assert (len(burst.successes_ns), len(burst.failures_ns)) == (3, 7)
    assert max(burst.failures_ns) < min(burst.successes_ns)
    assert result.totals.sent == target.requests


def test_a_volley_reconnects_before_the_instant_who_lost_the_connection(sweep: Any) -> None:
    async def every_third_closes(seen: Seen, writer: asyncio.StreamWriter) -> None:
        await ok(seen, writer)
        if seen.number == 3:
            writer.close()

    with Target(every_third_closes) as target:
        result = sweep(target.url, FIRST, level(4, 0.1), Volley(8, "large", rest_s=0.2))
    [burst] = result.total.probing.bursts
    assert len(burst.successes_ns) + len(burst.failures_ns) == 8
    assert result.total.steps[1].connections_lost > 0
    assert result.totals.sent == target.requests + sum(
        count for kind, count in result.errors.items() if kind.startswith("connect")
    )


def test_a_volley_at_nobody_ends(sweep: Any) -> None:
    result = sweep("http://127.0.0.1:9", level(1, 0.2, longest_settle_s=0.2), Volley(5, "large"))
    [burst] = result.total.probing.bursts
    assert len(burst.failures_ns) == 5
    assert result.totals.failures == result.totals.sent


# -- servers that close connections


def test_where_every_answer_ends_its_connection_none_is_left_open(sweep: Any) -> None:
    """A single sync worker: any idle connection would stop it until its timeout of 3 s."""
    from webui.sweep.acts import ChooseCanary, IdleCanary

    acts = [
        FIRST,
        ChooseCanary(),
        IdleCanary(seconds=0.1, bursts=2, size=6),
        level(1, 0.2, canary=True),
        level(4, 0.3, canary=True),
        Volley(6, "large"),
        Level(1, "again", "one-user-again", 0.2, 1),
    ]
    with sync_workers(1, 0.01) as url:
        result = sweep(url, *acts)
    steps, [burst] = result.total.steps, result.total.probing.bursts
    assert steps[0].connections_lost >= 2
    assert len(burst.successes_ns) == 6
    assert result.totals.failures == result.totals.cut_off == 0
    assert max(step.stats.response.max_ns for step in steps) < 1e9
    canary = result.total.probing.canary
    assert canary.path is not None
    assert canary.idle.total > 0
    assert steps[2].canary.total > 0  # it waits in the same line
    assert (steps[2].canary.percentile_ns(50) or 0) > (canary.idle.percentile_ns(50) or 0)
