"""Pacing and sharing out are pure functions."""

from hypothesis import given
from hypothesis import strategies as st

from webui.plan.load import ConstantUsers, split_evenly, users_due


@given(st.integers(0, 10**6), st.integers(1, 100))
def test_shares_add_up_and_differ_by_one_at_most(total: int, parts: int) -> None:
    shares = split_evenly(total, parts)
    assert sum(shares) == total
    assert max(shares) - min(shares) <= 1


@given(st.integers(1, 5000), st.floats(0.1, 5000), st.floats(0, 100), st.floats(0, 100))
def test_users_only_rise_up_to_all(users: int, rate: float, a: float, b: float) -> None:
    load = ConstantUsers(users=users, spawn_rate=rate)
    early, late = sorted([a, b])
    assert 1 <= users_due(load, early) <= users_due(load, late) <= users
    assert users_due(load, load.ramp_s + 1 / rate + 1e-6) == users
    assert users_due(load, -1) == 0


def test_one_starts_at_once_and_the_others_evenly() -> None:
    load = ConstantUsers(users=10, spawn_rate=2)
    assert [users_due(load, t) for t in (0, 0.4, 0.5, 1.0, 4.5, 60)] == [1, 1, 2, 3, 10, 10]
