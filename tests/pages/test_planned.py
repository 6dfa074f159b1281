"""The planned load as a line, through pauses and changes by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pages.test_run_changes import view_of
from webui.pages.planned import Points, plan_clock, planned_points, planned_rate
from webui.pages.run_rows import change_rows
from webui.runs.changes import ChangeKind, RunChange
from webui.runs.model import RunView

STAGES = [{"duration_s": 10, "users": 50}, {"duration_s": 20, "users": 50}]
RAMP = {"shape": "ramping-users", "stages": STAGES}
RATES = {"shape": "ramping-rate", "start_rate_rps": 10, "stages": [{"duration_s": 10, "rate_rps": 30}]}


def changed(load: dict[str, Any], *made: tuple[ChangeKind, float | None, float], **more: Any) -> RunView:
    changes = [
        RunChange(number, kind, value, at, applied=True) for number, (kind, value, at) in enumerate(made, 1)
    ]
    view = view_of(load, *changes)
    return type(view)(**{**vars(view), **more})


@pytest.mark.parametrize(
    ("load", "points"),
    [
        (RAMP, [(0, 0), (10, 50), (30, 50)]),
        (RATES, [(0, 10), (10, 30)]),
        ({"users": 5, "spawn_rate": 2, "duration_s": 9}, [(0, 1), (2, 5), (9, 5)]),
        ({"shape": "constant-rate", "rate_rps": 7, "duration_s": 9}, [(0, 7), (9, 7)]),
        ({"shape": "burst", "size": 5}, []),
        ({"shape": "sweep", "to": 8}, []),
    ],
)
def test_each_shape_has_its_line(load: dict[str, Any], points: Points) -> None:
    view = changed(load, planned_s=None if "size" in load or "to" in load else points[-1][0])
    assert planned_points(view) == points


def test_a_pause_shifts_what_comes_after_it() -> None:
    view = changed(RAMP, ("pause", None, 4.0), ("resume", None, 9.0), planned_s=35.0, elapsed_s=20.0)
    assert planned_points(view) == [(0, 0), (15, 50), (35, 50)]
    assert plan_clock(view.changes, 20.0) == 15.0
    assert plan_clock(view.changes, 6.0) == 4.0


def test_a_change_by_hand_ends_the_ramp() -> None:
    view = changed(RAMP, ("users", 80.0, 5.0), ("users", 60.0, 12.0), planned_s=30.0)
    assert planned_points(view) == [(0, 0), (5, 25), (5, 80), (12, 80), (12, 60), (30, 60)]


def test_added_time_holds_the_last_value() -> None:
    view = changed(RATES, ("add_time", 5.0, 2.0), planned_s=15.0)
    assert planned_points(view) == [(0, 10), (10, 30), (15, 30)]


@pytest.mark.parametrize(("elapsed", "rate"), [(0.0, 10), (5.0, 20), (10.0, 30), (99.0, 30)])
def test_the_rate_that_is_planned_now(elapsed: float, rate: float) -> None:
    assert planned_rate(changed(RATES, planned_s=10.0, elapsed_s=elapsed)) == pytest.approx(rate)


def test_changes_tell_what_was_before() -> None:
    view = changed(RAMP, ("users", 40.0, 5.0), ("pause", None, 6.0), ("users", 30.0, 7.0), planned_s=30.0)
    told = [(row.kind, row.before, row.difference) for row in change_rows(view)]
    assert told == [("users", 25, 15), ("pause", None, 0), ("users", 40, -10)]
    rated = changed(RATES, ("rate", 90.0, 1.0), ("rate", 45.0, 2.0), planned_s=10.0)
    assert [row.before for row in change_rows(rated)] == [None, 90.0]
