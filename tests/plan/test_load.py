"""Sharing out, and what a shape says of itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from webui.plan.load import Load, Shape, peak_rate, peak_users, planned_s, split_evenly

read = TypeAdapter[Shape](Load).validate_python


@given(st.integers(0, 10**6), st.integers(1, 100))
def test_shares_add_up_and_differ_by_one_at_most(total: int, parts: int) -> None:
    shares = split_evenly(total, parts)
    assert sum(shares) == total
    assert max(shares) - min(shares) <= 1


@pytest.mark.parametrize(
    ("data", "planned", "users", "rate"),
    [
        ({"users": 5, "duration_s": 3}, 3, 5, None),
        ({"users": 5, "iterations": 3}, None, 5, None),
        (
            {
                "shape": "ramping-users",
                "start_users": 2,
                "stages": [{"duration_s": 4, "users": 9}, {"duration_s": 1, "users": 0}],
            },
            5,
            9,
            None,
        ),
        ({"shape": "constant-rate", "rate_rps": 10, "duration_s": 2, "max_users": 7}, 2, 7, 10),
        (
            {"shape": "ramping-rate", "stages": [{"duration_s": 4, "rate_rps": 20}], "max_users": 3},
            4,
            3,
            20,
        ),
        ({"shape": "burst", "size": 8, "count": 2}, None, 8, None),
        ({"shape": "sweep", "from": 1, "to": 64}, None, 64, None),
    ],
)
def test_what_a_shape_needs(data: object, planned: float | None, users: int, rate: float | None) -> None:
    load = read(data)
    assert (planned_s(load), peak_users(load), peak_rate(load)) == (planned, users, rate)
