"""The load in words, for every shape."""

from __future__ import annotations

from typing import Any

import pytest

from tests.runs.fakes import plan
from webui.runs.summary import load_text


@pytest.mark.parametrize(
    ("load", "words"),
    [
        ({"shape": "constant-users", "users": 50, "duration_s": 30}, "50 users for 30 s"),
        ({"shape": "constant-users", "users": 1}, "1 user"),
        ({"shape": "constant-users", "users": 5, "iterations": 1000}, "5 users, 1,000 requests"),
        (
            {"shape": "constant-users", "users": 5, "iterations_per_user": 20, "duration_s": 90},
            "5 users, 20 requests each for 1 min 30 s",
        ),
        (
            {"shape": "ramping-users", "stages": [{"duration_s": 40, "users": 200}]},
            "Ramp to 200 users in 40 s",
        ),
        (
            {"shape": "ramping-users", "start_users": 200, "stages": [{"duration_s": 40, "users": 10}]},
            "Ramp from 200 to 10 users in 40 s",
        ),
        (
            {
                "shape": "ramping-users",
                "stages": [{"duration_s": 10, "users": 50}, {"duration_s": 30, "users": 1200}],
            },
            "2 stages up to 1,200 users in 40 s",
        ),
        (
            {
                "shape": "ramping-users",
                "start_users": 1,
                "stages": [{"duration_s": 30, "users": 100}, {"duration_s": 60, "users": 100}],
            },
            "Ramp from 1 to 100 users in 30 s, held 1 min",
        ),
        (
            {
                "shape": "ramping-users",
                "start_users": 5,
                "stages": [
                    {"duration_s": 10, "users": 5},
                    {"duration_s": 0, "users": 9},
                    {"duration_s": 10, "users": 9},
                ],
            },
            "2 stages up to 9 users in 20 s",
        ),
        (
            {"shape": "constant-rate", "rate_rps": 500, "duration_s": 30},
            "500 req/s for 30 s, at most 1,000 in flight",
        ),
        ({"shape": "constant-rate", "rate_rps": 0.5, "max_users": 5}, "0.5 req/s, at most 5 in flight"),
        (
            {"shape": "ramping-rate", "stages": [{"duration_s": 60, "rate_rps": 12500}], "max_users": 9},
            "Ramp to 12,500 req/s in 1 min, at most 9 in flight",
        ),
        ({"shape": "burst", "size": 50, "count": 3}, "3 bursts of 50"),
        ({"shape": "burst", "size": 1000}, "1 burst of 1,000"),
        ({"shape": "sweep", "to": 256}, "Sweep 1 to 256 users"),
    ],
)
def test_a_load_in_words(load: dict[str, Any], words: str) -> None:
    assert load_text(plan(load=load)).replace("\xa0", " ") == words
