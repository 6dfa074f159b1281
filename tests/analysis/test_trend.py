"""Change points: found where there is one, not found in steady series."""

from __future__ import annotations

import numpy as np
import pytest

from webui.analysis.trend import LEVEL, SHORTEST, change_points


def series(rng: np.random.Generator, *levels: tuple[int, float], noise: float = 0.05) -> list[float]:
    """Levels, each for a number of runs, with noise as latencies have it: skewed, now and then wild."""
    values: list[float] = []
    for length, level in levels:
        wild = np.where(rng.random(length) < 0.05, 3.0, 1.0)
        values += list(level * rng.lognormal(0, noise, length) * wild)
    return values


def test_a_step_is_found_where_it_is() -> None:
    [point] = change_points(series(np.random.default_rng(1), (20, 20.0), (20, 26.0)))
    assert abs(point.at - 20) <= 1
    assert point.percent == pytest.approx(30, abs=8)
    assert point.p_value <= LEVEL


def test_most_steps_of_a_third_are_found_within_two_runs() -> None:
    rng = np.random.default_rng(2)
    found = [change_points(series(rng, (15, 20.0), (15, 26.0))) for _ in range(200)]
    near = [any(abs(point.at - 15) <= 2 for point in points) for points in found]
    assert sum(near) >= 180


def test_two_steps_are_two_points() -> None:
    points = change_points(series(np.random.default_rng(3), (25, 20.0), (25, 30.0), (25, 20.0), noise=0.03))
    assert [point.at for point in points] == [pytest.approx(25, abs=2), pytest.approx(50, abs=2)]
    assert points[0].after > points[0].before
    assert points[1].after < points[1].before


@pytest.mark.parametrize("length", [10, 30, 100])
def test_steady_series_are_left_alone(length: int) -> None:
    """At most 1% false alarms by construction; of 1,000, chance allows up to 20 (99.9% of the time)."""
    rng = np.random.default_rng(length)
    alarms = sum(bool(change_points(series(rng, (length, 20.0)))) for _ in range(1000))
    assert alarms <= 20


def test_the_smallest_series_that_can_show_a_step() -> None:
    assert change_points([1.0] * (SHORTEST - 1) + [2.0] * SHORTEST) == []
    [point] = change_points(
        [1.0 + i / 100 for i in range(SHORTEST)] + [2.0 + i / 100 for i in range(SHORTEST)]
    )
    assert (point.at, point.before, point.after) == (SHORTEST, 1.02, 2.02)


def test_one_wild_run_is_no_change() -> None:
    assert change_points([20.0, 21.0, 20.5, 19.8, 500.0, 20.2, 20.9, 20.1, 19.9, 20.6, 20.3]) == []


def test_a_move_too_small_to_matter_is_left_out() -> None:
    assert change_points([100 + i / 100 for i in range(15)] + [100.5 + i / 100 for i in range(15)]) == []


@pytest.mark.parametrize("values", [[], [1.0], [5.0] * 50])
def test_nothing_to_find(values: list[float]) -> None:
    assert change_points(values) == []


def test_from_nothing_to_something_has_no_percentage() -> None:
    [point] = change_points([0.0] * 10 + [5.0] * 10)
    assert point.percent is None
