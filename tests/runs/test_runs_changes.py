"""Changes while a run goes on: what fits, what it does to the planned end, and when it counts as applied."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.runs.fakes import S, interval, plan
from tests.runs.test_runs_live import Harness
from webui.errors import Conflict, InvalidInput
from webui.metrics.snapshot import Mark, Snapshot
from webui.plan.load import Shape
from webui.runs.changes import (
    ChangeKind,
    RunChange,
    check_fits,
    paused_s,
    planned_end_s,
    wanted_changes,
)
from webui.runs.state import RunStatus

SHAPES: dict[str, dict[str, Any]] = {
    "constant-users": {"users": 10, "duration_s": 30},
    "ramping-users": {"stages": [{"duration_s": 30, "users": 10}]},
    "constant-rate": {"rate_rps": 100, "duration_s": 30},
    "ramping-rate": {"stages": [{"duration_s": 30, "rate_rps": 100}]},
    "burst": {"size": 10},
    "sweep": {"to": 64},
}


def load(shape: str, **more: Any) -> Shape:
    return plan(load={"shape": shape, **SHAPES[shape], **more}).load


def change(number: int, kind: ChangeKind, value: float | None, t_s: float) -> RunChange:
    return RunChange(number, kind, value, t_s, applied=True)


def test_what_is_asked_for_at_once_has_an_order() -> None:
    assert wanted_changes(5, None, True, 2.5) == [("users", 5.0), ("add_time", 2.5), ("pause", None)]
    assert wanted_changes(None, 0.5, False, None) == [("rate", 0.5), ("resume", None)]


@pytest.mark.parametrize(
    ("given", "field", "says"),
    [
        ((0, None, None, None), "users", "1 to 100,000"),
        ((100_001, None, None, None), "users", "1 to 100,000"),
        ((None, 0.0, None, None), "rate_rps", "above 0"),
        ((None, float("nan"), None, None), "rate_rps", "above 0"),
        ((None, float("inf"), None, None), "rate_rps", "1,000,000 at most"),
        ((None, None, None, -3.0), "add_s", "0.1 s to 7 days"),
        ((None, None, None, None), "", "say what to change"),
    ],
)
def test_what_is_out_of_range_is_named(given: tuple[Any, ...], field: str, says: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        wanted_changes(*given)
    [problem] = caught.value.problems
    assert problem.field == field
    assert says in problem.message


def test_everything_wrong_is_told_at_once() -> None:
    with pytest.raises(InvalidInput) as caught:
        wanted_changes(0, -1.0, None, 0.0)
    assert [problem.field for problem in caught.value.problems] == ["users", "rate_rps", "add_s"]


@pytest.mark.parametrize(
    ("kind", "fitting"),
    [
        ("users", {"constant-users", "ramping-users"}),
        ("rate", {"constant-rate", "ramping-rate"}),
        ("pause", set(SHAPES)),
        ("resume", set(SHAPES)),
        ("add_time", set(SHAPES) - {"sweep", "burst"}),
    ],
)
def test_each_change_fits_some_shapes(kind: ChangeKind, fitting: set[str]) -> None:
    for shape in fitting:
        check_fits(load(shape), (kind, 5.0), 30.0)
    for shape in SHAPES.keys() - fitting:
        with pytest.raises(Conflict, match=r"\w\.$"):
            check_fits(load(shape), (kind, 5.0), 30.0)


def test_time_cannot_be_added_without_end_or_beyond_the_longest() -> None:
    with pytest.raises(Conflict, match="no planned end"):
        check_fits(load("constant-users", duration_s=None), ("add_time", 5.0), None)
    with pytest.raises(Conflict, match="7 days"):
        check_fits(load("constant-users"), ("add_time", 604_800.0), 30.0)


def test_pauses_and_added_time_move_the_planned_end() -> None:
    made = [change(1, "pause", None, 5), change(2, "add_time", 10, 6), change(3, "resume", None, 8)]
    assert planned_end_s(load("constant-users"), made, 20) == 43
    assert planned_end_s(load("constant-users"), made[:2], 7) == 42
    assert planned_end_s(load("burst"), made, 20) is None
    assert paused_s([*made, change(4, "pause", None, 15)], 20) == 8


# -- of a live run -------------------------------------------------------------------------------------


def marked(index: int, *marks: Mark) -> Snapshot:
    return Snapshot(index * S, (index + 1) * S, marks=marks)


def test_a_change_is_visible_at_once_and_applied_when_an_engine_says_so() -> None:
    h = Harness(shards=2)
    h.begin()
    h.clock.seconds += 4
    assert h.run.view().users_target == 10
    [made] = h.run.change([("users", 140.0)])
    assert (made.number, made.kind, made.value) == (1, "users", 140)
    view = h.run.view()
    assert (view.users_target, view.status) == (140, RunStatus.RUNNING)
    assert view.changes == [RunChange(1, "users", 140, 4.0, applied=False)]
    assert h.events[-1].kind == "status"
    for shard, late_ns in ((0, 30), (1, 10)):
        h.launch.snapshot(0, marked(0, Mark(1, 4 * S + late_ns * 1_000_000, "users", 140)), shard)
    assert h.run.view().changes == [RunChange(1, "users", 140, 4.01, applied=True)]
    [part] = h.run.view().result().changes
    assert (part.t_s, part.kind, part.value, part.applied) == (4.01, "users", 140, True)


def test_a_pause_holds_the_progress_and_moves_the_end() -> None:
    h = Harness()
    h.begin()
    h.clock.seconds += 10
    h.run.change([("pause", None)])
    h.clock.seconds += 5
    view = h.run.view()
    assert (view.paused, view.status) == (True, RunStatus.RUNNING)
    assert (view.planned_s, view.remaining_s, view.progress) == (35, 20, pytest.approx(1 / 3))
    h.run.change([("resume", None)])
    h.clock.seconds += 1
    view = h.run.view()
    assert (view.paused, view.planned_s, view.remaining_s) == (False, 35, 19)
    h.run.change([("add_time", 11.0)])
    view = h.run.view()
    assert (view.planned_s, view.remaining_s, view.result().planned_s) == (46, 30, 46)


def test_what_is_so_already_is_no_change() -> None:
    h = Harness()
    h.begin()
    events = len(h.events)
    assert h.run.change([("users", 10.0), ("resume", None)]) == []
    assert len(h.events) == events
    assert [made.kind for made in h.run.change([("pause", None), ("pause", None)])] == ["pause"]
    assert len(h.run.change([("add_time", 5.0), ("add_time", 5.0)])) == 2


def test_several_changes_are_made_all_or_none() -> None:
    h = Harness()
    h.begin()
    with pytest.raises(Conflict, match="rate cannot be changed"):
        h.run.change([("users", 20.0), ("rate", 5.0)])
    assert h.run.view().changes == []


def test_only_a_running_test_changes() -> None:
    h = Harness()
    with pytest.raises(Conflict, match="not started yet"):
        h.run.change([("pause", None)])
    h.begin()
    h.run.stopping("By you")
    with pytest.raises(Conflict, match="being stopped"):
        h.run.change([("pause", None)])
    h.launch.finished("stopped")
    h.run.finish(h.run.ending())
    with pytest.raises(Conflict, match="ended already"):
        h.run.change([("pause", None)])


def test_what_never_took_effect_is_not_in_the_result() -> None:
    h = Harness()
    h.begin()
    h.run.change([("users", 20.0), ("pause", None)])
    h.launch.snapshot(0, marked(0, Mark(1, 5, "users", 20)))
    h.launch.finished()
    h.run.finish(h.run.ending())
    assert [part.kind for part in h.run.view().result().changes] == ["users"]
    assert not h.run.view().paused


def test_changes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webui.runs.live.MAX_CHANGES", 2)
    h = Harness()
    h.begin()
    h.run.change([("users", 20.0), ("pause", None)])
    with pytest.raises(Conflict, match="2 times at most"):
        h.run.change([("resume", None)])


def test_rates_are_per_second_of_load_without_pauses() -> None:
    h = Harness()
    h.begin()
    for index in range(4):
        h.clock.seconds += 1
        if index == 1:
            h.run.change([("pause", None)])
        if index == 3:
            h.run.change([("resume", None)])
        marks = {1: (Mark(1, S, "pause"),), 3: (Mark(2, 3 * S, "resume"),)}.get(index, ())
        h.launch.snapshot(index, replace(interval(index, 0 if 0 < index < 3 else 10), marks=marks))
    assert h.run.view().load_s == pytest.approx(2)
    h.launch.finished(load_ns=2 * S)
    h.run.finish(h.run.ending())
    view = h.run.view()
    assert (view.load_s, view.elapsed_s, view.paused_s) == (2, 4, 2)
    assert view.result().totals.throughput_rps == 10
