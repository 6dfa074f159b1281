"""The sketch of a load and its figures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from webui.pages.preview import (
    BOTTOM,
    LEFT,
    RIGHT,
    TOP,
    Preview,
    nice_ceiling,
    preview_of,
    sweep_levels,
    time_ticks,
    value_ticks,
)
from webui.plan.load import Load, Sweep

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def shown(**load: Any) -> Preview:
    return preview_of(TypeAdapter(Load).validate_python(load), None, NOW)


def points(text: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (point.split(",") for point in text.split())]


def test_users_climb_and_stay_until_the_end() -> None:
    found = shown(users=100, duration_s=100, spawn_rate=2)
    assert found.ends_at == NOW + timedelta(seconds=100)
    start, reached, end = points(found.line)
    assert start == (LEFT, BOTTOM - 1)
    assert reached == (pytest.approx(LEFT + (RIGHT - LEFT) * 0.495, abs=0.1), TOP)
    assert end == (RIGHT, TOP)
    assert found.open_line == ""
    assert (found.requests, found.at_most) == (None, False)


def test_a_climb_longer_than_the_run_is_cut() -> None:
    found = shown(users=100, duration_s=10, spawn_rate=2)
    assert points(found.line)[-1] == (RIGHT, pytest.approx(BOTTOM - (BOTTOM - TOP) * 0.2))


@pytest.mark.parametrize(
    "load", [{"users": 5}, {"users": 5, "iterations": 9}, {"shape": "constant-rate", "rate_rps": 5}]
)
def test_an_open_end_is_drawn_open(load: dict[str, Any]) -> None:
    found = shown(**load)
    assert (found.total_s, found.ends_at) == (None, None)
    assert points(found.open_line)[0] == points(found.line)[-1]
    assert points(found.open_line)[-1][0] == RIGHT


def test_iterations_of_each_user_add_up_and_time_is_a_limit() -> None:
    found = shown(users=5, iterations_per_user=20, duration_s=60)
    assert (found.requests, found.at_most) == (100, True)


def test_a_ramp_climbs_then_holds() -> None:
    stages = [{"duration_s": 30, "users": 100}, {"duration_s": 120, "users": 100}]
    found = shown(shape="ramping-users", start_users=1, stages=stages)
    assert (found.course, found.levels, found.peak, found.total_s) == ("ramp", (1, 100), 100, 150)
    assert points(found.line)[1] == (pytest.approx(LEFT + (RIGHT - LEFT) * 0.2, abs=0.1), TOP)


def test_steps_are_told_from_lines() -> None:
    steps = [{"duration_s": 10, "users": 5}, {"duration_s": 0, "users": 9}, {"duration_s": 10, "users": 9}]
    assert shown(shape="ramping-users", start_users=5, stages=steps).levels == [5, 9]
    found = shown(shape="ramping-users", start_users=4, stages=steps)
    assert (found.course, found.levels) == ("line", [4, 5, 9, 9])


@pytest.mark.parametrize(
    ("load", "requests"),
    [
        ({"shape": "constant-rate", "rate_rps": 200, "duration_s": 120}, 24_000),
        ({"shape": "constant-rate", "rate_rps": 0.1, "duration_s": 15}, 2),
        ({"shape": "ramping-rate", "stages": [{"duration_s": 10, "rate_rps": 100}]}, 500),
        ({"shape": "burst", "size": 100, "count": 5}, 500),
    ],
)
def test_requests_are_counted_where_the_plan_says(load: dict[str, Any], requests: int) -> None:
    assert shown(**load).requests == requests


@pytest.mark.parametrize(("count", "spikes", "open_end"), [(1, 1, False), (5, 5, False), (400, 12, True)])
def test_bursts_are_spikes(count: int, spikes: int, open_end: bool) -> None:
    found = shown(shape="burst", size=50, count=count)
    assert sum(y == TOP for _, y in points(found.line)) == spikes
    assert bool(found.open_line) == open_end
    assert found.total_s is None
    assert len(found.x_ticks) <= 6


def test_a_sweep_doubles_and_tells_its_longest_time() -> None:
    found = shown(shape="sweep", to=100, step_s=5)
    assert list(found.levels) == [1, 2, 4, 8, 16, 32, 64, 100]
    assert (found.at_most, found.total_s) == (True, 52 + 2 * (4 + 5))
    assert shown(shape="sweep", to=100).total_s == 60
    assert found.x_ticks[-1].value == 100
    assert sweep_levels(Sweep(shape="sweep", from_=7, to=7)) == [7]


@given(st.one_of(st.integers(1, 100_000), st.floats(1e-3, 1e6)))
def test_the_axis_holds_all_and_is_round(value: float) -> None:
    top = nice_ceiling(value)
    assert value * (1 - 1e-9) <= top <= max(2.0, 2.5 * value)
    assert value_ticks(top)[-1] == top


@given(st.floats(0.1, 604_800))
def test_the_time_axis_has_few_ticks_within_the_run(total: float) -> None:
    ticks = time_ticks(total)
    assert 1 <= len(ticks) <= 6
    assert ticks[-1] <= total * (1 + 1e-6)
