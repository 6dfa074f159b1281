"""The open model's end, without a network or a clock: what is due is begun, or dropped for a reason."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from webui.engine.arrivals import RateShape
from webui.engine.crew import Crew
from webui.plan.load import ConstantRate

RATE = 20_000
END_NS = 10**9


class FakeCrew:
    """Users who stay busy, up to a number; `now_ns` is the shape's time."""

    def __init__(self, users: int, now_ns: int) -> None:
        self.users = users
        self.active = 0
        self.begun: list[int] = []
        self.log = SimpleNamespace(dropped=0)
        self.recorder = SimpleNamespace(logs=[self.log])
        self.around = SimpleNamespace(keepalive=True)
        self.host = SimpleNamespace(origin_ns=0, now_ns=lambda: now_ns)
        self.health = SimpleNamespace(schedule_lag=SimpleNamespace(add=self.begun.append))
        self.random, self.shard, self.shards = None, 0, 1

    def share(self, total: int) -> int:
        return total

    def choose_any(self) -> Any:
        return SimpleNamespace(origin=0, index=0)

    def hire(self) -> Any:
        self.active += 1
        return SimpleNamespace(begin_due=lambda template, due_ns: due_ns)


def shape_at(last_turn_ns: int, closes_ns: int, users: int) -> tuple[RateShape, FakeCrew]:
    """A shape that had its last turn then and closes at that time."""
    crew = FakeCrew(users, closes_ns)
    load = ConstantRate(shape="constant-rate", rate_rps=RATE, duration_s=1, max_users=users)
    shape = RateShape(cast(Crew, crew), load, ())
    while shape.advance(last_turn_ns) <= last_turn_ns:
        pass
    return shape, crew


def test_what_is_a_little_late_at_the_end_is_begun() -> None:
    shape, crew = shape_at(END_NS - 10_000_000, END_NS + 1_000_000, users=RATE)
    shape.close(END_NS)
    assert crew.log.dropped == 0
    assert len(crew.begun) == RATE
    assert max(crew.begun) < END_NS


@pytest.mark.parametrize(("users", "closes_ns"), [(100, END_NS), (RATE, 5 * END_NS)])
def test_what_nobody_is_free_for_or_is_hopelessly_late_is_dropped(users: int, closes_ns: int) -> None:
    shape, crew = shape_at(0, closes_ns, users)
    shape.close(END_NS)
    assert len(crew.begun) + crew.log.dropped == RATE
    assert len(crew.begun) == (100 if users == 100 else 1)  # the one that was due at 0
