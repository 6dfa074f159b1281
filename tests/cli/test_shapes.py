"""Every load shape by its flags, over a URL and over plan files; what does not go together is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tomli_w

from webui.cli.flags import PlanFlags, plan_of
from webui.errors import InvalidInput
from webui.plan.load import (
    Burst,
    ConstantRate,
    ConstantUsers,
    RampingRate,
    RampingUsers,
    RateStage,
    Shape,
    Sweep,
    UserStage,
)

URL = "http://127.0.0.1:8000/items"
FLAGS_OF_SHAPES: list[tuple[dict[str, Any], Shape]] = [
    ({"users": "50", "iterations_per_user": "10"}, ConstantUsers(users=50, iterations_per_user=10)),
    ({"rate": "500/s"}, ConstantRate(shape="constant-rate", rate_rps=500, duration_s=10)),
    (
        {"rate": "6000/min", "duration": "1min", "max_users": "2,000", "poisson": True},
        ConstantRate(shape="constant-rate", rate_rps=100, duration_s=60, max_users=2000, arrivals="poisson"),
    ),
    (
        {"stages": "10s:50, 0s:0,1min 30s:200"},
        RampingUsers(
            shape="ramping-users",
            stages=(
                UserStage(duration_s=10, users=50),
                UserStage(duration_s=0, users=0),
                UserStage(duration_s=90, users=200),
            ),
        ),
    ),
    (
        {"stages": "10s:100/s,30s:500/s", "max_users": "7"},
        RampingRate(
            shape="ramping-rate",
            max_users=7,
            stages=(RateStage(duration_s=10, rate_rps=100), RateStage(duration_s=30, rate_rps=500)),
        ),
    ),
    ({"sweep": "1..256"}, Sweep(shape="sweep", to=256)),
    ({"sweep": "1..9", "limit": "p95<200ms"}, Sweep(shape="sweep", to=9, limit="p95<200ms")),
    ({"sweep": "4..64", "step": "5s"}, Sweep(shape="sweep", from_=4, to=64, step_s=5)),
    ({"burst": "100"}, Burst(shape="burst", size=100)),
    ({"burst": "100", "count": "5", "pause": "2s"}, Burst(shape="burst", size=100, count=5, pause_s=2)),
]


def load_of(target: str, **flags: Any) -> Shape:
    return plan_of(target, PlanFlags(**flags)).load


def problem(target: str, **flags: Any) -> str:
    with pytest.raises(InvalidInput) as caught:
        plan_of(target, PlanFlags(**flags))
    [found] = caught.value.problems
    return str(found)


def plan_file(folder: Path, load: dict[str, Any]) -> str:
    path = folder / "plan.toml"
    path.write_text(tomli_w.dumps({"base_url": "http://h", "requests": [{}], "load": load}))
    return str(path)


@pytest.mark.parametrize(("flags", "load"), FLAGS_OF_SHAPES)
def test_flags_come_to_their_shape(flags: dict[str, Any], load: Shape) -> None:
    assert load_of(URL, **flags) == load


@pytest.mark.parametrize(("flags", "load"), FLAGS_OF_SHAPES)
def test_a_plan_file_holds_any_shape(tmp_path: Path, flags: dict[str, Any], load: Shape) -> None:
    assert load_of(plan_file(tmp_path, load.model_dump(by_alias=True, exclude_none=True))) == load


def test_a_flag_changes_the_shape_of_a_plan_file(tmp_path: Path) -> None:
    path = plan_file(tmp_path, {"users": 50, "duration_s": 30, "spawn_rate": 5.0})
    assert load_of(path, rate="10/s") == ConstantRate(shape="constant-rate", rate_rps=10, duration_s=30)
    assert load_of(path, sweep="1..8") == Sweep(shape="sweep", to=8)


def test_a_flag_changes_a_part_of_a_plan_files_shape(tmp_path: Path) -> None:
    path = plan_file(tmp_path, {"shape": "sweep", "from": 2, "to": 64})
    assert load_of(path, step="3s") == Sweep(shape="sweep", from_=2, to=64, step_s=3)
    path = plan_file(tmp_path, {"shape": "constant-rate", "rate_rps": 10, "max_users": 3})
    assert load_of(path, rate="20/s").max_users == 3  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"rate": "1/s", "burst": "5"}, "--burst: a run has one shape of load; leave out this or --rate"),
        ({"stages": "1s:5", "sweep": "1..5"}, "--sweep: a run has one shape of load; leave out this or --st"),
        ({"users": "5", "rate": "1/s"}, "--users: goes with constant users, not with a constant rate; --max"),
        ({"users": "5", "sweep": "1..5"}, "--users: goes with constant users, not with a sweep"),
        ({"duration": "5s", "burst": "5"}, "--duration: goes with constant users or a constant rate, not wi"),
        (
            {"max_users": "5"},
            "--max-users: goes with a constant rate or stages of rates, not with constant u",
        ),
        ({"poisson": True, "stages": "1s:5"}, "--poisson: goes with a constant rate or stages of rates, not"),
        ({"step": "5s"}, "--step: goes with a sweep, not with constant users"),
        ({"limit": "p95<1s"}, "--limit: goes with a sweep, not with constant users"),
        ({"sweep": "1..9", "limit": "p95>1s"}, "--limit: a sweep's limit is an upper one on a percentile"),
        ({"count": "5"}, "--count: goes with a burst, not with constant users"),
        (
            {"iterations": "5", "iterations_per_user": "5"},
            "--iterations-per-user: give iterations in total or",
        ),
        ({"rate": "fast"}, "--rate: write a rate such as 100/s, not 'fast'"),
        ({"rate": ""}, "--rate: write a rate such as 100/s, not ''"),
        ({"rate": "0"}, "--rate: must be more than 0, not 0.0"),
        ({"rate": "1/s", "max_users": "0"}, "--max-users: must be 1 or more, not 0"),
        (
            {"stages": "50"},
            "--stages: write stages such as 10s:50,30s:200 (or rates: 10s:100/s,30s:500/s), not",
        ),
        ({"stages": "1s:5,"}, "--stages: write stages such as"),
        ({"stages": "1s:5,2s:5/s"}, "--stages: give all stages as users, such as 10s:50, or all as rates"),
        ({"stages": "soon:5"}, "--stages: write a time such as 30s, 2min or 1h, not 'soon'"),
        ({"stages": "1s:few"}, "--stages: write a whole number such as 50, not 'few'"),
        ({"stages": "1s:-5"}, "--stages: must be 0 or more, not -5"),
        ({"stages": "0s:5"}, "--stages: the stages must last 0.1 s or more"),
        ({"stages": "1s:0/s"}, "--stages: at least one stage must send something"),
        (
            {"sweep": "256"},
            "--sweep: write the lowest and highest number of users, such as 1..256, not '256'",
        ),
        ({"sweep": "9..3"}, "--sweep: a sweep goes from fewer users to more"),
        ({"sweep": "0..3"}, "--sweep: must be 1 or more, not 0"),
        ({"sweep": "1..9", "step": "1ms"}, "--step: must be 0.2 or more, not 0.001"),
        ({"burst": "0"}, "--burst: must be 1 or more, not 0"),
        ({"burst": "5", "count": "0"}, "--count: must be 1 or more, not 0"),
        ({"burst": "5", "pause": "x"}, "--pause: write a time such as 30s"),
    ],
)
def test_what_does_not_go_together_is_one_sentence(flags: dict[str, Any], message: str) -> None:
    assert problem(URL, **flags).startswith(message)


def test_a_misfit_with_a_plan_file_names_its_shape(tmp_path: Path) -> None:
    path = plan_file(tmp_path, {"shape": "burst", "size": 5})
    assert problem(path, users="7") == "--users: goes with constant users, not with a burst"


def test_an_unknown_shape_is_the_files_mistake(tmp_path: Path) -> None:
    path = plan_file(tmp_path, {"shape": "zigzag", "users": 5})
    assert problem(path, users="7").startswith(f"{path}: load: shape must be one of")
