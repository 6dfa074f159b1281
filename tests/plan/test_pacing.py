"""When things start: pure functions, held against arithmetic."""

import itertools
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.plan.load import ConstantRate, ConstantUsers, RampingRate, RampingUsers
from webui.plan.pacing import Line, due_times, rate_line, users_at

rates = st.floats(0, 1000)
stages = st.lists(st.tuples(st.floats(0.01, 100), rates), min_size=1, max_size=5)


def _area(begin: float, parts: list[tuple[float, float]]) -> float:
    total = 0.0
    for length, reached in parts:
        total += (begin + reached) / 2 * length
        begin = reached
    return total


@given(rates, stages)
def test_as_many_starts_as_the_rate_adds_up_to(begin: float, parts: list[tuple[float, float]]) -> None:
    expected = _area(begin, parts)
    starts = list(itertools.islice(due_times(Line.of_stages(begin, parts), "even", random.Random(1)), 5000))
    assert len(starts) == min(5000, math.ceil(expected - 1e-9)) or abs(len(starts) - expected) <= 1
    assert starts == sorted(starts)
    assert all(0 <= start <= sum(length for length, _ in parts) + 1e-6 for start in starts)


@given(rates, stages, st.integers(0, 2000))
def test_reaches_is_the_inverse_of_the_area(begin: float, parts: list[tuple[float, float]], n: int) -> None:
    line = Line.of_stages(begin, parts)
    due = line.reaches(n)
    if due is None:
        assert n >= _area(begin, parts) - 1e-6
    else:
        steps = 4000
        sampled = sum(line.at(due * (k + 0.5) / steps) for k in range(steps)) * due / steps
        assert sampled == pytest.approx(n, rel=0.01, abs=1)


def test_constant_rate_is_evenly_spaced() -> None:
    load = ConstantRate(shape="constant-rate", rate_rps=4, duration_s=1)
    assert list(due_times(rate_line(load), "even", random.Random(1))) == [0, 0.25, 0.5, 0.75]


def test_shards_deal_out_the_same_starts() -> None:
    load = RampingRate(shape="ramping-rate", stages=({"duration_s": 2, "rate_rps": 20},))
    line = rate_line(load)
    whole = list(due_times(line, "even", random.Random(1)))
    dealt = [list(due_times(line, "even", random.Random(1), shard, 3)) for shard in range(3)]
    assert sorted(itertools.chain(*dealt)) == whole
    assert len(whole) == 20


@pytest.mark.parametrize("shards", [1, 4])
def test_poisson_gaps_are_exponential(shards: int) -> None:
    rng = random.Random(7)
    times = list(itertools.islice(due_times(Line.constant(100.0), "poisson", rng, 0, shards), 20_000))
    gaps = [b - a for a, b in itertools.pairwise(times)]
    mean = sum(gaps) / len(gaps)
    variance = sum((gap - mean) ** 2 for gap in gaps) / len(gaps)
    assert mean == pytest.approx(shards / 100, rel=0.03)
    assert math.sqrt(variance) == pytest.approx(mean, rel=0.03)


def test_constant_users_start_evenly() -> None:
    load = ConstantUsers(users=10, spawn_rate=2)
    assert [users_at(load, t) for t in (-1, 0, 0.4, 0.5, 1.0, 4.5, 60)] == [0, 1, 1, 2, 3, 10, 10]


def test_users_move_linearly_between_stages_and_end_at_the_last() -> None:
    stages = ({"duration_s": 10, "users": 50}, {"duration_s": 10, "users": 50}, {"duration_s": 0, "users": 5},
              {"duration_s": 5, "users": 0})  # fmt: skip
    load = RampingUsers(shape="ramping-users", stages=stages)
    assert [users_at(load, t) for t in (0, 1, 5, 10, 15, 20, 22.5, 24.99)] == [0, 5, 25, 50, 50, 5, 3, 0]


@given(st.integers(1, 5000), st.floats(0.1, 5000), st.floats(0, 100), st.floats(0, 100))
def test_constant_users_only_rise(users: int, rate: float, a: float, b: float) -> None:
    load = ConstantUsers(users=users, spawn_rate=rate)
    early, late = sorted([a, b])
    assert 1 <= users_at(load, early) <= users_at(load, late) <= users
    assert users_at(load, load.ramp_s + 1 / rate + 1e-6) == users
