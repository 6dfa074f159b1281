"""What is shown of a run while it goes on, for each shape of load."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from webui.cli.moments import moment_of
from webui.metrics.snapshot import EndpointStats, Snapshot, StepStats, Totals
from webui.plan.documents import plan_from_data
from webui.runs.model import RunView
from webui.runs.state import RunStatus

S = 1_000_000_000


def view(load: dict[str, Any], *, sent: int = 50, **more: Any) -> RunView:
    """A running view after 5 s."""
    plan = plan_from_data(
        {"base_url": "http://h", "requests": [{}], "load": load, "thresholds": ["errors<9"]}
    )
    stats = EndpointStats(Totals(offered=sent, sent=sent, completed=sent, successes=sent))
    snapshot = Snapshot(0, 5 * S, users=3, endpoints=(stats,), steps=more.pop("steps", ()))
    values: dict[str, Any] = {"elapsed_s": 5.0, "load_s": 5.0, "snapshots": [snapshot], "total": snapshot}
    created = datetime(2026, 1, 1, tzinfo=UTC)
    return RunView(
        id="r_1", name="x", plan=plan, status=RunStatus.RUNNING, created_at=created, **{**values, **more}
    )


STAGES = [{"duration_s": 4, "users": 50}, {"duration_s": 6, "users": 200}]
RATES = [{"duration_s": 10, "rate_rps": 500}]


@pytest.mark.parametrize(
    ("load", "words"),
    [
        ({"users": 3}, ""),
        ({"shape": "ramping-users", "stages": STAGES}, "stage 2 of 2, to 200 users"),
        ({"shape": "ramping-rate", "stages": RATES}, "stage 1 of 1, to 500 starts/s"),
        ({"shape": "constant-rate", "rate_rps": 20, "duration_s": 9}, "20.0 starts/s wanted"),
        ({"shape": "burst", "size": 20, "count": 5}, "burst 3 of 5, 20 requests each"),
        ({"shape": "sweep", "to": 64}, "first level"),
    ],
)
def test_where_in_its_shape_a_run_is(load: dict[str, Any], words: str) -> None:
    moment = moment_of(view(load))
    assert moment is not None
    assert moment.shape == words
    assert (moment.service is not None) == (load.get("shape") in ("constant-rate", "ramping-rate"))
    assert [(each.expression, each.passed) for each in moment.thresholds] == [("errors<9", True)]


def test_the_levels_of_a_sweep() -> None:
    steps = tuple(
        StepStats(users, S, 3 * S, 0, EndpointStats(Totals(successes=done)))
        for users, done in ((1, 100), (2, 190))
    )
    moment = moment_of(view({"shape": "sweep", "to": 64}, steps=steps))
    assert moment is not None
    assert moment.shape == "2 levels measured, at best 95.0 successes/s"


@pytest.mark.parametrize(
    ("load", "more", "fraction"),
    [
        ({"users": 3, "duration_s": 20}, {"planned_s": 20.0}, 0.25),
        ({"users": 3, "iterations": 100}, {}, 0.5),
        ({"users": 5, "iterations_per_user": 40}, {}, 0.25),
        ({"users": 3, "duration_s": 20, "iterations": 100}, {"planned_s": 20.0}, 0.5),
        ({"shape": "burst", "size": 20, "count": 5}, {}, 0.5),
        ({"shape": "sweep", "to": 64}, {}, None),
        ({"users": 3, "iterations": 10}, {}, 1.0),
    ],
)
def test_how_far_a_run_is(load: dict[str, Any], more: dict[str, Any], fraction: float | None) -> None:
    moment = moment_of(view(load, **more))
    assert moment is not None
    assert moment.fraction == fraction


def test_a_pause_holds_the_stage() -> None:
    held = view({"shape": "ramping-users", "stages": STAGES}, paused_s=2.0)
    moment = moment_of(held)
    assert moment is not None
    assert moment.shape == "stage 1 of 2, to 50 users"


def test_nothing_before_the_first_interval() -> None:
    assert moment_of(replace(view({"users": 3}), snapshots=(), total=None)) is None
