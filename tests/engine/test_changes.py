"""What is changed while a run goes on, and Stop in every shape: the books balance whatever happens."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.drive import Script, on_time, run
from tests.targets import Target, after

CONSTANT = {"shape": "constant-users", "users": 5, "spawn_rate": 1000, "duration_s": 0.6}
RAMPING = {"shape": "ramping-users", "start_users": 5, "stages": [{"duration_s": 0.6, "users": 5}]}
RATE = {"shape": "constant-rate", "rate_rps": 100, "duration_s": 0.6}
RATES = {"shape": "ramping-rate", "start_rate_rps": 100, "stages": [{"duration_s": 0.6, "rate_rps": 100}]}
BURST = {"shape": "burst", "size": 10, "count": 1000, "pause_s": 0.02}
SWEEP = {"shape": "sweep", "from": 1, "to": 8, "step_s": 0.2}
ITERATIONS = {"shape": "constant-users", "users": 5, "iterations": 10_000}
PER_USER = {"shape": "constant-users", "users": 5, "iterations_per_user": 1000}
SHAPES = [CONSTANT, RAMPING, RATE, RATES, BURST, SWEEP, ITERATIONS, PER_USER]
NAMES = ["constant", "ramping", "rate", "rates", "burst", "sweep", "iterations", "per user"]


@pytest.mark.parametrize("load", SHAPES, ids=NAMES)
@pytest.mark.parametrize("slow", [False, True], ids=["fast", "hanging"])
def test_a_stop_ends_every_shape_within_a_second(load: dict[str, Any], slow: bool) -> None:
    with Target(after(30 if slow else 0.005)) as target:
        result = run(target.url, load=load, canary="off", stop_after_s=0.25)
    assert result.stop_took_s < 1
    assert result.finished["reason"] == "stopped"
    assert result.totals.sent == target.requests
    assert result.totals.cut_off == (result.totals.sent if slow else 0)


@pytest.mark.parametrize("load", SHAPES, ids=NAMES)
def test_a_stop_in_a_pause(load: dict[str, Any]) -> None:
    with Target(after(0.005)) as target:
        script: Script = [(0.2, "pause", None)]
        result = run(target.url, load=load, canary="off", stop_after_s=0.4, script=script)
    assert result.totals.successes == result.totals.sent == target.requests
    assert [mark.kind for mark in result.total.marks] == ["pause"]
    assert on_time(result.finished["load_ns"], 0.2)


@pytest.mark.parametrize("load", [CONSTANT, RAMPING, RATE, RATES], ids=NAMES[:4])
def test_in_a_pause_nothing_begins_and_the_end_moves_back(load: dict[str, Any]) -> None:
    with Target(after(0.01)) as target:
        result = run(target.url, load=load, script=[(0.2, "pause", None), (0.8, "resume", None)])
    assert [mark.kind for mark in result.total.marks] == ["pause", "resume"]
    assert on_time(result.total.end_ns, 1.2)
    assert on_time(result.finished["load_ns"], 0.6)
    paused = [part for part in result.snapshots if part.start_ns > 0.35e9 and part.end_ns < 0.75e9]
    assert paused
    for part in paused:
        assert part.totals.sent == part.totals.offered == 0
        assert part.connections_open == part.users == paused[0].users >= 5
    if load in (RATE, RATES):
        assert result.totals.offered == 60


def test_added_time_moves_the_end() -> None:
    with Target() as target:
        users = run(target.url, load=CONSTANT, think_time_s=[0.01, 0.01], script=[(0.1, "add_time", 0.3)])
        rates = run(target.url, load=RATES, script=[(0.1, "add_time", 0.3)])
    assert on_time(users.finished["load_ns"], 0.9)
    assert rates.totals.offered == 90  # the last rate goes on
    assert [(mark.kind, mark.value) for mark in users.total.marks] == [("add_time", 0.3)]


@pytest.mark.parametrize("load", [CONSTANT, RAMPING], ids=NAMES[:2])
def test_users_change(load: dict[str, Any]) -> None:
    with Target(after(0.01)) as target:
        result = run(target.url, load=load, script=[(0.2, "users", 12), (0.5, "users", 3)])
    assert target.connections == 12
    assert 12 in [snapshot.users for snapshot in result.snapshots]  # intervals end in between
    assert result.snapshots[-1].users in (0, 3)
    assert result.totals.successes == target.requests
    assert [(mark.number, mark.value) for mark in result.total.marks] == [(1, 12), (2, 3)]
    assert on_time(result.total.marks[0].t_ns, 0.2)


@pytest.mark.parametrize("load", [RATE, RATES], ids=NAMES[2:4])
def test_the_rate_changes(load: dict[str, Any]) -> None:
    with Target() as target:
        result = run(target.url, load=load, script=[(0.2, "rate", 400.0), (0.4, "rate", 0.0)])
    first_s, second_s = (mark.t_ns / 1e9 for mark in result.total.marks)
    due = 100 * first_s + 400 * (second_s - first_s)
    assert result.totals.offered == target.requests == pytest.approx(due, abs=2)
    assert on_time(result.finished["load_ns"], 0.6)


def test_changing_a_low_rate_often_begins_nothing_before_its_time() -> None:
    script: Script = [(0.05 * number, "rate", 2.0 + number % 2) for number in range(1, 10)]
    with Target() as target:
        result = run(target.url, load={**RATE, "rate_rps": 2}, script=script)
    assert result.totals.offered == target.requests == 2  # at 0 s and after some 0.4 s


@pytest.mark.parametrize(
    ("load", "change"),
    [
        (RATE, ("users", 5.0)),
        (CONSTANT, ("rate", 5.0)),
        (BURST, ("users", 5.0)),
        (SWEEP, ("rate", 5.0)),
        (ITERATIONS, ("add_time", 5.0)),
        (CONSTANT, ("resume", None)),
    ],
)
def test_a_change_that_has_no_meaning_is_not_marked(load: dict[str, Any], change: tuple[str, Any]) -> None:
    with Target(after(0.01)) as target:
        result = run(target.url, load=load, stop_after_s=0.2, script=[(0.05, *change)])
    assert result.total.marks == ()


def test_a_change_while_the_load_ends_is_not_done() -> None:
    script: Script = [(0.5, "users", 50), (0.5, "add_time", 9), (0.5, "pause", None)]
    with Target(after(0.4)) as target:
        result = run(target.url, users=2, duration_s=0.3, graceful_stop_s=1, script=script)
    assert result.total.marks == ()
    assert target.requests == 2


def test_iterations_are_exact_whatever_changes() -> None:
    script: Script = [(0.05, "users", 20), (0.1, "pause", None), (0.2, "resume", None), (0.25, "users", 2),
                      (0.35, "users", 9)]  # fmt: skip
    load = {"shape": "constant-users", "users": 6, "iterations": 600}
    with Target(after(0.005)) as target:
        result = run(target.url, load=load, script=script, think_time_s=[0, 0.01])
    assert result.totals.successes == target.requests == 600
    assert len(result.total.marks) == 5
