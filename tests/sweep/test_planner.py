"""The planner, by the acts it asks for against simulated services."""

from __future__ import annotations

import pytest

from tests.sweep.executor import Executor, sweep
from tests.sweep.queues import (
    Doors,
    Law,
    Limited,
    Paced,
    Scales,
    Service,
    Slots,
    Tokens,
    World,
    constant,
    exponential,
)
from webui.plan.load import Sweep
from webui.sweep.acts import ChooseCanary, IdleCanary, Level, Volley
from webui.sweep.planner import Record, next_act


def levels(executor: Executor, *kinds: str) -> list[int]:
    return [act.users for act in executor.acts if isinstance(act, Level) and act.kind in kinds]


def volleys(executor: Executor, kind: str) -> list[int]:
    return [act.size for act in executor.acts if isinstance(act, Volley) and act.kind == kind]


def test_it_begins_with_single_answers_then_the_canary_then_one_user() -> None:
    executor = sweep(Slots(World(), 4, constant(0.02)))
    single, choose, idle, one = executor.acts[:4]
    assert isinstance(single, Level)
    assert (single.users, single.kind, single.canary) == (1, "single", False)
    assert isinstance(choose, ChooseCanary)
    assert isinstance(idle, IdleCanary)
    assert isinstance(one, Level)
    assert (one.users, one.why) == (1, "one-user")


def test_without_a_canary_none_is_asked_for() -> None:
    executor = sweep(Slots(World(), 4, constant(0.02)), canary=False)
    assert not any(isinstance(act, ChooseCanary | IdleCanary) for act in executor.acts)
    assert not any(step.canary for step in executor.record.steps)


def test_levels_double_until_well_past_the_knee_then_look_around() -> None:
    executor = sweep(Slots(World(), 10, constant(0.03)))
    assert levels(executor, "level") == [1, 2, 4, 8, 16, 32]
    assert levels(executor, "late") == [128]
    assert 10 in levels(executor, "refine")
    assert 31 in levels(executor, "refine")  # divides evenly among no number of workers
    assert volleys(executor, "large") == [35] * 3
    assert volleys(executor, "small") == [6] * 4
    assert isinstance(executor.acts[-1], Level)
    assert executor.acts[-1].kind == "again"


def test_varying_service_times_are_given_more_light_load() -> None:
    executor = sweep(Slots(World(), 10, exponential(0.03)))
    assert levels(executor, "light") == [5]


def test_a_service_without_limit_is_followed_to_the_most_users() -> None:
    executor = sweep(Scales(World(), constant(0.02), 0.00005), to=200)
    assert levels(executor, "level")[-1] == 200
    assert not volleys(executor, "large")


def test_a_fall_is_looked_at_from_both_sides() -> None:
    executor = sweep(Law(World(), 0.02, 0.02, 0.001))
    assert {23, 45} <= set(levels(executor, "refine"))
    assert not volleys(executor, "large")


def test_refusals_end_the_doubling_switch_the_canary_off_and_pause_retries() -> None:
    executor = sweep(Slots(World(), 5, constant(0.05), room=0))
    refused = [act for act in executor.acts if isinstance(act, Level) and act.users > 8]
    assert max(levels(executor, "level")) == 16  # two levels that refuse
    assert all(act.retry_s == pytest.approx(0.025, rel=0.05) for act in refused if act.users > 1)
    assert not any(act.canary for act in refused)
    assert len(volleys(executor, "refused")) == 3
    assert set(volleys(executor, "refused")) <= {19, 20}


def test_one_user_who_is_refused_ends_it() -> None:
    executor = sweep(Limited(World(), Tokens(5, 1), constant(0.01)))
    assert levels(executor, "level", "refine", "late") in ([], [1])
    assert not executor.record.bursts


@pytest.mark.parametrize("limit", [7, 19, 60])
def test_connections_are_counted_by_halving(limit: int) -> None:
    executor = sweep(Doors(World(), limit, constant(0.05)))
    sizes = volleys(executor, "refused")
    assert {limit, limit + 1} <= set(sizes)
    assert sizes.count(limit + 1) >= 2  # what was refused once may have been chance
    assert len(sizes) < 18


class Breaking(Service):
    """Breaks down above `slots`: the rest fails after a second."""

    def __init__(self, world: World, slots: int) -> None:
        super().__init__(world)
        self.slots, self.busy = slots, 0

    def arrive(self, job) -> None:  # type: ignore[no-untyped-def]
        if job.canary:
            self.quickly(job)
            return
        self.busy += 1
        ok = self.busy <= self.slots
        self.world.later(0.02 if ok else 1.0, lambda: self.leave(job, ok))

    def leave(self, job, ok: bool) -> None:  # type: ignore[no-untyped-def]
        self.busy -= 1
        job.end(ok)


def test_a_target_that_breaks_down_is_not_pushed_further() -> None:
    executor = sweep(Breaking(World(), 10))
    assert max(levels(executor, "level", "refine", "late")) == 16
    assert not executor.record.bursts


def test_it_stays_within_the_plan_s_range() -> None:
    executor = sweep(Slots(World(), 40, constant(0.02)), from_=4, to=30)
    measured = levels(executor, "level", "refine", "late", "light")
    assert (min(measured), max(measured)) == (4, 30)
    assert all(size <= 30 for size in volleys(executor, "large") + volleys(executor, "small"))


def test_a_given_length_of_levels_is_kept() -> None:
    load = Sweep(shape="sweep", to=8, step_s=3.0)
    executor = Executor(World(), Slots(World(), 2, constant(0.02)))
    executor.world = executor.service.world
    executor.run(load)
    lengths = {act.measure_s for act in executor.acts if isinstance(act, Level) and act.kind != "single"}
    assert lengths == {3.0}


@pytest.mark.parametrize(
    "make",
    [
        lambda w: Slots(w, 40, constant(0.05)),
        lambda w: Slots(w, 10, constant(1.0)),
        lambda w: Slots(w, 1, constant(1.5)),
        lambda w: Scales(w, constant(1.0), 0.0005),
        lambda w: Paced(w, 3, 0.5),
    ],
)
def test_it_ends_within_a_minute(make) -> None:  # type: ignore[no-untyped-def]
    world = World()
    sweep(make(world))
    assert world.now < 60


def test_most_end_within_twenty_seconds() -> None:
    lengths = []
    for slots in (1, 4, 15, 40):
        world = World()
        sweep(Slots(world, slots, constant(0.03)))
        lengths.append(world.now)
    assert max(lengths) < 20


def test_the_same_record_asks_for_the_same_act() -> None:
    executor = sweep(Slots(World(), 10, constant(0.03)))
    load, steps = Sweep(shape="sweep", to=256), executor.record.steps
    for end in range(1, len(steps)):
        record = Record(steps[:end], (), executor.record.canary, 1.0)
        assert next_act(load, record, canary_wanted=True) == next_act(load, record, canary_wanted=True)
