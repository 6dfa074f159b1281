"""Whole sweeps, from the first answers to their end, and all that can come in between."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.engine.acting import FIRST, level, slots, sweep
from tests.engine.drive import Script, run
from tests.targets import Seen, Target, after, ok
from webui.sweep.acts import ChooseCanary, IdleCanary, Level, Volley

__all__ = ["sweep"]

ACTS = {
    "level": [FIRST, level(4, 0.6)],
    "volleys": [FIRST, level(4, 0.1), *[Volley(8, "large", rest_s=0.02)] * 6],
    "canary": [FIRST, ChooseCanary(), *[IdleCanary(0.2, 2, 6)] * 4],
}


def test_a_sweep_finds_what_a_target_with_four_slots_can_do() -> None:
    with Target(slots(4, 0.02)) as target:
        result = run(target.url, load={"shape": "sweep", "from": 1, "to": 16, "step_s": 0.3})
    levels = {step.users: step for step in result.total.steps if step.kind == "level"}
    assert set(levels) >= {1, 2, 4, 8}
    for users, busy in ((1, 1), (4, 4), (8, 8)):
        step = levels[users]
        rate = step.stats.totals.successes / (step.end_ns - step.start_ns)
        assert rate * (step.stats.response.mean_ns or 0) == pytest.approx(busy, rel=0.25)
    bursts = result.total.probing.bursts
    assert {burst.kind for burst in bursts} >= {"large", "small"}
    sent = sum(stats.sent for stats in result.total.probing.probes.values())
    assert result.totals.sent + sent == target.requests
    assert result.totals.failures == 0
    whys = [snapshot.probing.activity.why for snapshot in result.snapshots if snapshot.probing.activity]
    assert len(whys) == len(result.snapshots)
    assert {"doubling", "one-user-again"} <= set(whys)
    assert result.finished["reason"] == "duration"


@pytest.mark.parametrize("acts", ACTS.values(), ids=ACTS)
@pytest.mark.parametrize("after_s", [0.02, 0.3])
def test_a_stop_in_any_act(sweep: Any, acts: Any, after_s: float) -> None:
    with Target(slots(2, 0.02)) as target:
        result = sweep(target.url, *acts, stop_after_s=after_s)
    assert result.stop_took_s < 1
    assert result.finished["reason"] == "stopped"
    assert result.totals.sent == target.paths["/"]


@pytest.mark.parametrize("acts", ACTS.values(), ids=ACTS)
def test_an_act_that_a_pause_broke_into_begins_again(sweep: Any, acts: Any) -> None:
    script: Script = [(0.3, "pause", None), (0.5, "resume", None)]
    with Target(slots(2, 0.02)) as target:
        total = sweep(target.url, *acts, script=script).total
    assert [mark.kind for mark in total.marks] == ["pause", "resume"]
    assert [step.users for step in total.steps] == [act.users for act in acts if isinstance(act, Level)]
    assert len(total.probing.bursts) == sum(isinstance(act, Volley) for act in acts)
    assert total.end_ns >= 0.5e9


def test_a_level_is_measured_again_after_a_pause() -> None:
    script: Script = [(0.3, "pause", None), (0.5, "resume", None)]
    load = {"shape": "sweep", "from": 1, "to": 2, "step_s": 0.4}
    with Target(after(0.01)) as target:
        result = run(target.url, load=load, script=script, canary="off")
    first = next(step for step in result.total.steps if step.kind == "level")
    assert first.start_ns - first.settle_ns >= 0.45e9
    assert first.stats.totals.successes == pytest.approx(36, rel=0.3)


@pytest.mark.parametrize("acts", ACTS.values(), ids=ACTS)
def test_nothing_is_sent_in_a_pause(sweep: Any, acts: Any) -> None:
    with Target(slots(2, 0.02)) as target:
        result = sweep(target.url, *acts, script=[(0.25, "pause", None)], stop_after_s=1.2)
    quiet = result.snapshots[1:]  # from 0.5 s on
    assert sum(snapshot.totals.sent for snapshot in quiet) == 0
    assert sum(stats.sent for snapshot in quiet for stats in snapshot.probing.probes.values()) == 0


class Dying(Target):
    """Serves so many requests, then hangs or breaks every connection."""

    def __init__(self, lives: int, *, hangs: bool) -> None:
        super().__init__(self._live)
        self._lives, self._hangs = lives, hangs

    async def _live(self, seen: Seen, writer: asyncio.StreamWriter) -> None:
        if self.requests > self._lives:
            await asyncio.sleep(30 if self._hangs else 0)
            writer.close()
            return
        await asyncio.sleep(0.01)
        await ok(seen, writer)


@pytest.mark.parametrize("hangs", [False, True])
@pytest.mark.parametrize("lives", [0, 60])
def test_a_target_that_dies_is_not_pushed_on(lives: int, hangs: bool) -> None:
    load = {"shape": "sweep", "from": 1, "to": 64, "step_s": 0.2}
    with Dying(lives, hangs=hangs) as target:
        result = run(target.url, load=load, timeout_s=0.4, canary="off", graceful_stop_s=0.5)
    assert result.finished["reason"] == "duration"
    assert result.totals.successes <= lives
    assert max((step.users for step in result.total.steps), default=0) <= 16
    assert result.total.end_ns < 20e9


def test_a_sweep_at_nobody() -> None:
    result = run("http://127.0.0.1:9", load={"shape": "sweep", "to": 64})
    assert set(result.errors) == {"connect_refused"}
    assert result.totals.sent < 20


def test_a_sweep_of_several_requests_to_several_servers() -> None:
    with Target(after(0.005)) as one, Target(after(0.005)) as other:
        requests = [{"path": "/a"}, {"path": f"{other.url}/b"}]
        load = {"shape": "sweep", "to": 4, "step_s": 0.2}
        result = run(one.url, load=load, requests=requests, canary="/ping")
    assert [endpoint.totals.sent for endpoint in result.total.endpoints] == [
        one.paths["/a"],
        other.paths["/b"],
    ]


def test_who_leaves_is_not_who_is_served_first(sweep: Any) -> None:
    """Two workers, one of them slow: where a level has fewer users than the last, both lose alike."""
    workers: dict[Any, int] = {}

    async def respond(seen: Seen, writer: asyncio.StreamWriter) -> None:
        worker = workers.setdefault(writer.get_extra_info("peername"), len(workers) % 2)
        await asyncio.sleep(0.2 if worker else 0.01)
        await ok(seen, writer)

    with Target(respond) as target:
        total = sweep(target.url, FIRST, level(40), level(20, 0.4)).total
    answered = total.steps[-1].per_user
    quick = sum(number > 5 for number in answered)
    assert len(answered) == 20
    assert 4 <= quick <= 16  # none at all, were those served first to leave
