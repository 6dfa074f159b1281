"""Starts on a schedule, on a clock that the test sets: between answers, in pauses and at the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.simulated import FakeClock, FakeLoop, SimulatedShard
from webui.engine.alarm import SPIN_NS, Alarm
from webui.engine.control import Change
from webui.units import NS_PER_MS

RATE = {"shape": "constant-rate", "rate_rps": 1000, "duration_s": 1, "max_users": 100}
RAMP = {"shape": "ramping-rate", "start_rate_rps": 1000, "max_users": 100,
        "stages": [{"duration_s": 1, "rate_rps": 1000}]}  # fmt: skip


class Rings:
    """An alarm on a loop whose turns take 20 microseconds, and when it rang."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, precise: bool) -> None:
        self.clock = FakeClock(monkeypatch)
        self.loop: Any = FakeLoop(self.clock)
        self.began_ns = self.clock.ns
        self.at: list[int] = []
        self.alarm = Alarm(self.loop, lambda: self.at.append(self.now), precise=precise)

    @property
    def now(self) -> int:
        return self.clock.ns - self.began_ns

    def set(self, due_ns: int) -> None:
        self.alarm.set(self.began_ns + due_ns)

    def run(self, until_ns: int) -> None:
        while self.now < until_ns:
            self.loop.turn()
            self.clock.ns += 20_000


@pytest.mark.parametrize("precise", [True, False])
@pytest.mark.parametrize(
    ("first", "at", "second"),
    [
        (1_000_000, 500_000, 800_000),  # earlier, while it spins
        (1_000_000, 500_000, 1_300_000),  # later, and it goes on to spin
        (1_000_000, 500_000, 9_000_000),  # later, and it sleeps again
        (1_000_000, 500_000, 400_000),  # that has passed
        (9_000_000, 500_000, 1_200_000),  # it sleeps and must spin now
        (9_000_000, 500_000, 20_000_000),
        (1_000_000, 500_000, 1_000_000),
        (1_000_000, 500_000, 500_000 + SPIN_NS),
        (1_000_000, 500_000, 500_000 + SPIN_NS + NS_PER_MS),
    ],
)
def test_an_alarm_that_is_set_anew_rings_once_at_the_new_time(
    monkeypatch: pytest.MonkeyPatch, precise: bool, first: int, at: int, second: int
) -> None:
    rings = Rings(monkeypatch, precise=precise)
    rings.set(first)
    rings.run(at)
    rings.set(second)
    rings.run(25_000_000)
    [rang] = rings.at
    assert 0 <= rang - max(second, at) <= (40_000 if precise else 2 * NS_PER_MS)
    assert not rings.loop.waits


@given(sets=st.lists(st.tuples(st.integers(1, 4_000), st.integers(0, 6_000)), min_size=1, max_size=12))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_an_alarm_never_rings_early_nor_for_a_time_it_was_moved_from(
    monkeypatch: pytest.MonkeyPatch, sets: list[tuple[int, int]]
) -> None:
    with monkeypatch.context() as patch:
        rings = Rings(patch, precise=True)
        for pause_us, ahead_us in sets:
            due, before = rings.now + 1000 * ahead_us, len(rings.at)
            rings.set(due)
            rings.run(rings.now + 1000 * pause_us)
            rang = rings.at[before:]
            assert all(0 <= time - due <= 40_000 for time in rang)
            assert len(rang) <= 1
            assert rang or rings.now <= due + 40_000


@pytest.mark.parametrize("load", [RATE, RAMP])
@pytest.mark.parametrize("after_a_tick", [False, True])
def test_a_start_that_is_due_is_begun_between_two_answers(
    monkeypatch: pytest.MonkeyPatch, load: dict[str, Any], after_a_tick: bool
) -> None:
    """In one turn of the loop many answers come; what falls due among them doesn't wait for the last."""
    shard = SimulatedShard(monkeypatch, load)
    run_to(shard, 10 if after_a_tick else 5, answers=False)
    waiting = shard.in_flight
    assert shard.begun == waiting == (11 if after_a_tick else 6)
    if after_a_tick:
        shard.to_ms(10.1)
        shard.turn()  # the tick, and nothing is due
    for number in range(1, 4):  # and no turn of the loop from now on
        shard.to_ms((10 if after_a_tick else 5) + number + 0.05)
        assert shard.answer()
        assert shard.begun == waiting + number
    assert max(shard.lags) <= 50_000


def test_between_answers_no_more_begins_than_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    shard = SimulatedShard(monkeypatch, RATE)
    run_to(shard, 5, answers=False)
    shard.to_ms(5.5)
    while shard.answer():
        pass
    assert (shard.begun, shard.in_flight) == (6, 0)


@pytest.mark.parametrize("changes", ["pause", "rate", "stop"])
def test_what_was_due_before_a_change_is_offered_once(monkeypatch: pytest.MonkeyPatch, changes: Any) -> None:
    """The generator is 30 starts behind when the change comes."""
    shard = SimulatedShard(monkeypatch, RATE)
    shard.to_ms(30.5)
    if changes == "stop":
        shard.shard.stop()
    else:
        shard.shard.change(Change(1, changes, 10.0 if changes == "rate" else None))
    due = 1 if changes == "stop" else 31  # a stop begins nothing more: what was late is never offered
    assert shard.offered == shard.in_flight == due
    while shard.answer():
        pass
    if changes == "pause":
        run_to(shard, 60)
        assert shard.offered == 31
        shard.shard.change(Change(2, "resume"))
        run_to(shard, 70)
        assert shard.offered == 31 + 10
    assert shard.snapshot().totals.balanced


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.integers(1, 3_000)),
        st.tuples(st.just("turn"), st.just(0)),
        st.tuples(st.just("answer"), st.integers(1, 9)),
        st.tuples(st.just("close"), st.just(0)),
        st.tuples(st.sampled_from(["pause", "resume"]), st.just(0)),
        st.tuples(st.just("rate"), st.sampled_from([0, 100, 5_000])),
    ),
    max_size=40,
)


@given(steps=STEPS, warmup_s=st.sampled_from([0, 0.005]))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_the_books_balance_in_whatever_order_things_happen(
    monkeypatch: pytest.MonkeyPatch, steps: list[tuple[str, int]], warmup_s: float
) -> None:
    with monkeypatch.context() as patch:
        load = {**RATE, "duration_s": 0.1, "max_users": 5}
        shard = SimulatedShard(patch, load, warmup_s=warmup_s)
        for number, (kind, value) in enumerate(steps, 1):
            DO.get(kind, change)(shard, kind, value, number)
        shard.shard.change(Change(99, "resume"))
        run_to(shard, shard.now_ms + 1_000, turn_ms=0.5)
        assert shard.shard.done.done()
        shard.turn()
        total = shard.snapshot()
        assert total.totals.balanced
        assert total.in_flight == total.users == total.connections_open == 0
        assert total.warmup.totals.balanced


def change(shard: SimulatedShard, kind: Any, value: int, number: int) -> None:
    shard.shard.change(Change(number, kind, value if kind == "rate" else None))


def wait(shard: SimulatedShard, kind: str, value: int, number: int) -> None:
    shard.to_ms(shard.now_ms + value / 1000)


def answer(shard: SimulatedShard, kind: str, value: int, number: int) -> None:
    for _ in range(value or 1):
        shard.answer(closing=kind == "close")


DO: dict[str, Callable[[SimulatedShard, str, int, int], None]] = {
    "wait": wait,
    "turn": lambda shard, kind, value, number: shard.turn(),
    "answer": answer,
    "close": answer,
}


def run_to(shard: SimulatedShard, ms: float, *, answers: bool = True, turn_ms: float = 0.02) -> None:
    """The loop turns that often, and all answers come at once."""
    while shard.now_ms < ms and not shard.shard.done.done():
        shard.to_ms(min(shard.now_ms + turn_ms, ms))
        shard.turn()
        while answers and shard.answer():
            pass
