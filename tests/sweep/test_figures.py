"""What planner and diagnosis read from levels and bursts: light load, luck, evenness, sizes by halving."""

from __future__ import annotations

from dataclasses import replace

import pytest

from webui.metrics.histogram import Histogram
from webui.metrics.probing import BurstStats
from webui.metrics.snapshot import EndpointStats, StepStats, Totals
from webui.sweep.figures import (
    Point,
    doors_of,
    edge_of,
    light_points,
    plateau,
    point_of,
    served_alike,
    surest_of,
)

MS = 1_000_000


def level(users: int, *ms: float, each: int = 10) -> Point:
    """A level with so many answers of each of those times, as long as its users need for them; each got as
    many."""
    times = Histogram.of([round(value * MS) for value in ms for _ in range(each)])
    number = times.total
    stats = EndpointStats(Totals(number, number, number, number), {200: number}, times, times)
    answers = (number // users,) * users
    return point_of(StepStats(users, 0, max(1, times.sum_ns // users), 0, stats, per_user=answers))


def edge(size: int, last_ms: float) -> BurstStats:
    return BurstStats("edge", size, 0, (*[50 * MS] * (size - 1), round(last_ms * MS)), ())


def test_what_is_answered_together_is_found_by_halving() -> None:
    bursts: list[BurstStats] = []
    while not (found := edge_of(bursts, 0.05, 14.0, 256)).settled:
        assert len(bursts) < 12, "halving does not end"
        bursts.append(edge(found.again, 52 if found.again <= 15 else 101))
    assert (found.low, found.high) == (15, 16)
    assert [burst.size for burst in bursts].count(16) == 2  # what waited once may have been a disturbance


def test_a_disturbance_that_adds_time_hides_no_place() -> None:
    seen = [edge(15, 101), edge(15, 52), edge(16, 101), edge(16, 101)]
    found = edge_of(seen, 0.05, 15.0, 256)
    assert (found.low, found.high, found.settled) == (15, 16, True)


def test_no_burst_is_larger_than_the_sweep_may_go() -> None:
    assert edge_of([], 0.05, 30.0, 32).high == 33


def refused(size: int, passed: int) -> BurstStats:
    return BurstStats("refused", size, 0, (50 * MS,) * passed, (MS,) * (size - passed))


def test_connections_that_are_served_whole_are_found_by_halving() -> None:
    unharmed = level(8, 50.0)
    bursts = [refused(80, 0)]
    while not (found := doors_of(bursts, [unharmed])).settled:
        assert len(bursts) < 12, "halving does not end"
        assert 8 <= found.again <= 80
        bursts.append(refused(found.again, found.again if found.again <= 19 else 0))
    assert (found.low, found.high, found.sure) == (19, 20, True)


def test_a_level_whose_users_are_served_unevenly_is_no_light_load() -> None:
    one, busy = level(1, 50.0), level(64, 200.0, each=640)
    alike = level(8, 55.0, each=160)
    assert alike in light_points([one, alike, busy])
    users = (20,) * 6 + (10,) * 2  # two share a line of their own
    uneven = point_of(replace(alike.step, per_user=users))
    assert served_alike(alike)
    assert served_alike(uneven) is False
    assert uneven not in light_points([one, uneven, busy])


def test_few_answers_of_each_user_tell_nothing_of_how_they_are_served() -> None:
    assert served_alike(level(8, 50.0, each=16)) is None
    assert served_alike(level(1, 50.0, each=100)) is None


def test_uneven_numbers_that_chance_explains_are_even() -> None:
    varying = level(4, 10.0, 50.0, 120.0, each=40)
    some = point_of(replace(varying.step, per_user=(25, 33, 30, 32)))
    assert served_alike(some) is False
    assert served_alike(some, 2.0)


def test_the_best_of_many_short_levels_is_lucky() -> None:
    long = level(16, 100.0, 140.0, 180.0, each=200)
    short = level(8, 10.0, 60.0, 110.0, each=4)
    assert short.rate > long.rate
    assert surest_of([long, short]) is long


@pytest.mark.parametrize(("each", "kept"), [(200, False), (3, True)])
def test_a_level_that_chance_may_have_lowered_lies_on_the_plateau(each: int, kept: bool) -> None:
    best = level(16, 160.0, each=1000)
    low = level(32, 100.0, 410.0, 740.0, each=each)
    assert low.rate < 0.8 * best.rate
    assert (low in plateau([best, low], 4.0)) is kept
