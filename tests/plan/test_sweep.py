"""The levels that a sweep tries, on targets that are formulas."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.plan.load import Sweep
from webui.plan.sweep import Step, knee, measure_s, next_level, settle_s


def _slots(slots: int, service_s: float) -> Callable[[int], Step]:
    def measure(users: int) -> Step:
        throughput = min(users, slots) / service_s
        return Step(users, throughput, users / throughput, 1.0)

    return measure


def _sweep(load: Sweep, target: Callable[[int], Step]) -> list[Step]:
    done: list[Step] = []
    while (level := next_level(load, done)) is not None:
        done.append(target(level))
        assert len(done) < 60
    return done


@given(st.integers(1, 200), st.floats(0.001, 0.2), st.integers(1, 4), st.integers(4, 2000))
def test_levels_stay_in_range_and_are_tried_once(slots: int, service: float, low: int, high: int) -> None:
    done = _sweep(Sweep(shape="sweep", **{"from": low, "to": high}), _slots(slots, service))
    users = [step.users for step in done]
    assert users[0] == low
    assert all(low <= level <= high for level in users)
    assert len(set(users)) == len(users)


@pytest.mark.parametrize("slots", [5, 40, 150])
def test_the_knee_is_found_and_refined(slots: int) -> None:
    done = _sweep(Sweep(shape="sweep", to=4096), _slots(slots, 0.05))
    assert knee(done) == pytest.approx(slots)
    near = [step.users for step in done if 0.6 * slots <= step.users <= 1.5 * slots]
    assert len(near) >= 3
    assert max(step.users for step in done) <= 2 * 3 * slots + 1


def test_a_failing_target_is_not_pushed_on() -> None:
    done = _sweep(
        Sweep(shape="sweep", to=1024),
        lambda users: Step(users, 10.0 * min(users, 8), 0.1, 1.0 if users <= 8 else 0.1),
    )
    assert max(step.users for step in done) == 16


def test_a_slow_target_is_not_pushed_on() -> None:
    done = _sweep(Sweep(shape="sweep", to=1024), _slots(1, 1.0))
    assert max(step.users for step in done) == 4


def test_a_dead_target_ends_at_once() -> None:
    assert len(_sweep(Sweep(shape="sweep", to=64), lambda users: Step(users, 0.0, None, 0.0))) == 1


def test_a_target_that_scales_is_tried_up_to_the_end() -> None:
    done = _sweep(Sweep(shape="sweep", to=300), _slots(10_000, 0.02))
    assert [step.users for step in done][:10] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]


def test_lengths_follow_the_latency_within_bounds() -> None:
    load = Sweep(shape="sweep", to=10)
    assert [settle_s(mean) for mean in (None, 0.01, 0.5, 9)] == [0.2, 0.2, 1.0, 4.0]
    assert [measure_s(load, mean) for mean in (None, 0.1, 9)] == [0.6, 0.8, 2.5]
    assert measure_s(Sweep(shape="sweep", to=10, step_s=20), 0.1) == 20
