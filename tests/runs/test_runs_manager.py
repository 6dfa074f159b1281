"""The manager: limits and order of the queue, stop, delete, close. No engine, no database, no sleeping."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.runs.fakes import FakeClock, FakeFleet, FakeLaunch, FakeStore, S, interval, plan, settle
from webui.errors import (
    Conflict,
    Deleted,
    GeneratorFailed,
    InvalidInput,
    NotFound,
    QueueFull,
    StoreUnavailable,
)
from webui.runs.driving import SILENCE_LIMIT_S
from webui.runs.ids import ALPHABET, new_run_id
from webui.runs.manager import RunManager
from webui.runs.ownership import this_process
from webui.runs.state import RunStatus

pytestmark = pytest.mark.anyio


@dataclass
class Limits:
    max_running: int = 2
    max_queued: int = 3


class Harness:
    """A manager on a fake fleet and a fake store."""

    def __init__(self, **limits: int) -> None:
        self.clock = FakeClock()
        self.store = FakeStore()
        self.fleet = FakeFleet()
        store: Any = self.store
        self.manager = RunManager(store, self.fleet, Limits(**limits), clock=self.clock, now=self.clock.now)

    async def create(self, name: str = "") -> str:
        view = await self.manager.create(plan(name=name))
        await settle()
        return view.id

    def launch(self, run_id: str) -> FakeLaunch:
        [found] = [launch for launch in self.fleet.launches if launch.specs[0].run_id == run_id]
        return found

    async def end(self, run_id: str) -> None:
        launch = self.launch(run_id)
        launch.started()
        launch.snapshot(0, interval())
        launch.finished()
        await self.saved(run_id)

    async def saved(self, run_id: str) -> None:
        async with asyncio.timeout(5):
            while self.manager.get_live(run_id) is not None:
                await asyncio.sleep(0)

    async def status(self, run_id: str) -> RunStatus:
        return (await self.manager.view(run_id)).status


@pytest.fixture
async def h() -> AsyncIterator[Harness]:
    harness = Harness()
    yield harness
    await harness.manager.close()


async def test_a_run_is_saved_before_it_starts_and_when_it_has_ended(h: Harness) -> None:
    run_id = await h.create()
    assert h.store.writes[0] == "add"
    assert h.store.records[run_id].owner == this_process()
    assert await h.status(run_id) is RunStatus.RUNNING
    await h.end(run_id)
    record = h.store.records[run_id]
    assert (record.status, record.sent, record.load_s) == ("passed", 10, 30)
    assert record.result is not None
    assert record.result["status"] == "passed"
    assert len(h.store.rows[run_id]) == 1
    view = await h.manager.view(run_id)
    assert (view.status, len(view.snapshots), view.load_s) == (RunStatus.PASSED, 1, 30)
    assert view.audit.trustworthy is not None


async def test_runs_beyond_the_limit_wait_in_order(h: Harness) -> None:
    ids = [await h.create() for _ in range(4)]
    assert [await h.status(run_id) for run_id in ids] == [RunStatus.RUNNING] * 2 + [RunStatus.QUEUED] * 2
    assert [view.id for view in h.manager.live_runs()] == ids
    assert [view.queue_position for view in h.manager.live_runs()] == [None, None, 1, 2]
    await h.end(ids[1])
    assert await h.status(ids[2]) is RunStatus.RUNNING
    assert [view.id for view in h.manager.live_runs()] == [ids[0], ids[2], ids[3]]
    assert [view.queue_position for view in h.manager.live_runs()] == [None, None, 1]


async def test_a_full_queue_refuses_and_keeps_nothing(h: Harness) -> None:
    for _ in range(5):
        await h.create()
    with pytest.raises(QueueFull, match="3 tests wait already"):
        await h.create()
    assert len(h.store.records) == len(h.manager.live_runs()) == 5


async def test_order_is_that_of_creation_even_if_saving_takes_its_time() -> None:
    h = Harness(max_running=1)
    h.store.gate = asyncio.Event()
    first = asyncio.ensure_future(h.manager.create(plan(name="first")))
    await settle()
    h.store.gate, gate = None, h.store.gate
    second = await h.manager.create(plan(name="second"))
    assert h.fleet.launches == []
    gate.set()
    await first
    await settle()
    assert [launch.specs[0].plan["name"] for launch in h.fleet.launches] == ["first"]
    assert (await h.manager.view(second.id)).queue_position == 1
    await h.manager.close()


async def test_what_cannot_be_saved_is_not_started(h: Harness) -> None:
    h.store.trouble = "The database is locked."
    with pytest.raises(StoreUnavailable):
        await h.create()
    assert (h.fleet.launches, h.manager.live_runs()) == ([], [])


async def test_stop_is_graceful_and_idempotent(h: Harness) -> None:
    run_id = await h.create()
    h.launch(run_id).obeys = False
    h.launch(run_id).snapshot(0, interval())
    await h.manager.stop(run_id)
    await h.manager.stop(run_id)
    await settle()
    assert await h.status(run_id) is RunStatus.STOPPING
    assert h.launch(run_id).stops == 1
    h.launch(run_id).finished("stopped")
    await h.saved(run_id)
    await h.manager.stop(run_id)
    view = await h.manager.view(run_id)
    assert view.status is RunStatus.STOPPED
    assert view.status_reason.startswith("By you at ")
    assert view.total is not None


async def test_stop_while_it_waits_frees_its_place(h: Harness) -> None:
    ids = [await h.create() for _ in range(4)]
    await h.manager.stop(ids[2])
    await h.saved(ids[2])
    assert h.store.records[ids[2]].status == "stopped"
    assert (await h.manager.view(ids[3])).queue_position == 1
    assert len(h.fleet.launches) == 2


async def test_stop_before_the_engines_were_reached_is_not_lost(h: Harness) -> None:
    gate = asyncio.Event()
    launch = h.fleet.launch

    async def slow(*args: Any) -> FakeLaunch:
        await gate.wait()
        return await launch(*args)

    h.fleet.launch = slow  # type: ignore[method-assign]
    run_id = await h.create()
    await h.manager.stop(run_id)
    gate.set()
    await h.saved(run_id)
    assert await h.status(run_id) is RunStatus.STOPPED


@pytest.mark.parametrize("everything", [False, True])
async def test_a_stop_in_the_moment_when_its_turn_comes(h: Harness, everything: bool) -> None:
    view = await h.manager.create(plan())  # its task has not had the event loop yet
    assert view.status is RunStatus.QUEUED
    if everything:
        assert await h.manager.stop_all() == [view.id]
    else:
        await h.manager.stop(view.id)
        await h.manager.stop(view.id)
    await h.saved(view.id)
    assert await h.status(view.id) is RunStatus.STOPPED
    assert h.launch(view.id).stops == 1


async def test_a_stop_of_everything_while_a_run_is_being_saved(h: Harness) -> None:
    h.store.gate = asyncio.Event()
    coming = asyncio.ensure_future(h.manager.create(plan()))
    await settle()
    [run_id] = await h.manager.stop_all()
    await settle()
    h.store.gate.set()
    assert (await coming).status is RunStatus.STOPPED
    await h.saved(run_id)
    assert h.store.records[run_id].status == "stopped"
    assert h.fleet.launches == []


async def test_what_has_ended_cannot_be_stopped(h: Harness) -> None:
    run_id = await h.create()
    await h.end(run_id)
    with pytest.raises(Conflict, match="ended already"):
        await h.manager.stop(run_id)
    with pytest.raises(NotFound):
        await h.manager.stop("r_0000000000")
    with pytest.raises(NotFound):
        await h.manager.view("r_0000000000")


async def test_a_run_of_another_process_can_be_seen_and_not_stopped(h: Harness) -> None:
    run_id = await h.create()
    other = RunManager(h.manager._store, FakeFleet(), Limits(), now=h.clock.now)
    assert (await other.view(run_id)).status is RunStatus.RUNNING
    with pytest.raises(Conflict, match="another process"):
        await other.stop(run_id)
    with pytest.raises(Conflict, match="stop it first"):
        await other.delete(run_id)


async def test_delete(h: Harness) -> None:
    run_id = await h.create()
    with pytest.raises(Conflict, match="stop it first"):
        await h.manager.delete(run_id)
    await h.end(run_id)
    await h.manager.delete(run_id)
    for gone in (h.manager.delete(run_id), h.manager.view(run_id), h.manager.pin(run_id, True)):
        with pytest.raises(Deleted, match="can be restored"):
            await gone
    await h.manager.restore(run_id)
    assert (await h.manager.view(run_id)).status is RunStatus.PASSED


async def test_engines_that_do_not_start_end_the_run_with_the_reason(h: Harness) -> None:
    h.fleet.error = GeneratorFailed("No engine process was ready within 20 s.")
    run_id = await h.create()
    await h.saved(run_id)
    record = h.store.records[run_id]
    assert (record.status, record.status_reason) == ("error", "No engine process was ready within 20 s.")


async def test_a_fault_of_katydids_own_frees_the_place(h: Harness, caplog: pytest.LogCaptureFixture) -> None:
    async def broken(*_: Any) -> FakeLaunch:
        raise RuntimeError("a bug")

    h.fleet.launch = broken  # type: ignore[method-assign]
    run_id = await h.create()
    await h.saved(run_id)
    assert h.store.records[run_id].status == "error"
    assert "a bug" in caplog.text
    assert h.manager.live_runs() == []


async def test_a_run_goes_on_while_the_store_is_in_trouble_and_is_saved_after_it(h: Harness) -> None:
    run_id = await h.create()
    h.store.trouble = "The disk is full."
    launch = h.launch(run_id)
    launch.started()
    for index in range(3):
        launch.snapshot(index, interval(index))
    async with asyncio.timeout(5):
        while (await h.manager.view(run_id)).unsaved != "The disk is full.":
            await asyncio.sleep(0)
    view = await h.manager.view(run_id)
    assert (view.status, len(view.snapshots)) == (RunStatus.RUNNING, 3)
    live = h.manager.get_live(run_id)
    assert live is not None
    launch.finished()
    h.store.trouble = None
    async with asyncio.timeout(10):
        await h.saved(run_id)
    assert h.store.records[run_id].status == "passed"
    assert len(h.store.rows[run_id]) == 3
    assert live.unsaved is None


async def test_engines_that_fall_silent_are_ended(h: Harness) -> None:
    run_id = await h.create()
    launch = h.launch(run_id)
    launch.started()
    driver = h.manager._running[run_id]
    driver.give_up_when_silent(h.clock() + SILENCE_LIMIT_S)
    await settle()
    assert launch.stops == 0
    driver.give_up_when_silent(h.clock() + SILENCE_LIMIT_S + 1)
    await h.saved(run_id)
    assert launch.stops == 1


async def test_events_of_all_runs_come_in_one_stream(h: Harness) -> None:
    async with h.manager.subscribe_all() as events:
        one = await h.create()
        two = await h.create()
        await h.end(one)
        seen = [await anext(events) for _ in range(5)]
    assert [event.seq for event in seen] == [1, 2, 3, 4, 5]
    assert [(event.run_id == one, event.kind) for event in seen] == [
        (True, "status"),
        (False, "status"),
        (True, "status"),
        (True, "snapshot"),
        (True, "finished"),
    ]
    assert {event.run_id for event in seen} == {one, two}


async def test_viewers_are_told_of_the_end_and_their_stream_ends(h: Harness) -> None:
    run_id = await h.create()
    async with h.manager.subscribe(run_id) as events:
        await h.end(run_id)
        kinds = [event.kind async for event in events]
    assert kinds[-1] == "finished"
    with pytest.raises(NotFound):
        h.manager.subscribe(run_id)


async def test_closing_stops_and_saves_everything() -> None:
    h = Harness(max_running=1)
    running, waiting = await h.create(), await h.create()
    h.launch(running).snapshot(0, interval())
    async with h.manager.subscribe(waiting) as events:
        await h.manager.close()
        assert [event.kind async for event in events][-1] == "finished"
    assert (h.store.records[running].status, h.store.records[waiting].status) == ("interrupted",) * 2
    assert h.store.records[running].status_reason == "Katydid was closed."
    assert h.store.records[running].sent == 10
    assert len(h.fleet.launches) == 1
    with pytest.raises(Conflict, match="closing"):
        await h.manager.create(plan())
    await h.manager.close()


async def test_closing_keeps_the_word_of_whoever_stopped_it_before() -> None:
    h = Harness()
    run_id = await h.create()
    await h.manager.stop(run_id)
    await h.manager.close()
    assert h.store.records[run_id].status == "stopped"


def test_ids_are_of_the_agreed_form() -> None:
    ids = {new_run_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(
        run_id.startswith("r_") and len(run_id) == 12 and set(run_id[2:]) <= set(ALPHABET) for run_id in ids
    )
    assert len(ALPHABET) == 32
    assert not set("ilou") & set(ALPHABET)


# -- changes and aborts --------------------------------------------------------------------------------


async def test_changes_go_to_the_engines_in_order_and_are_numbered(h: Harness) -> None:
    run_id = await h.create()
    await h.manager.change(run_id, users=20, paused=True)
    await h.manager.change(run_id, paused=False, add_s=5)
    assert h.launch(run_id).changes == [
        (1, "users", 20.0), (2, "pause", None), (3, "add_time", 5.0), (4, "resume", None),
    ]  # fmt: skip
    view = await h.manager.view(run_id)
    assert (view.users_target, view.paused, view.planned_s, view.status) == (20, False, 35, RunStatus.RUNNING)


async def test_a_change_before_the_engines_were_reached_is_not_lost(h: Harness) -> None:
    gate = asyncio.Event()
    launch = h.fleet.launch

    async def slow(*args: Any) -> FakeLaunch:
        await gate.wait()
        return await launch(*args)

    h.fleet.launch = slow  # type: ignore[method-assign]
    run_id = await h.create()
    await h.manager.change(run_id, users=20)
    gate.set()
    await settle()
    await h.manager.change(run_id, users=30)
    assert h.launch(run_id).changes == [(1, "users", 20.0), (2, "users", 30.0)]


async def test_what_cannot_be_changed_says_why(h: Harness) -> None:
    ids = [await h.create() for _ in range(3)]
    with pytest.raises(InvalidInput, match="1 to 100,000"):
        await h.manager.change(ids[0], users=0)
    with pytest.raises(Conflict, match="not started yet"):
        await h.manager.change(ids[2], users=5)
    await h.end(ids[0])
    with pytest.raises(Conflict, match="ended already"):
        await h.manager.change(ids[0], users=5)
    with pytest.raises(NotFound):
        await h.manager.change("r_0000000000", users=5)
    other = RunManager(h.manager._store, FakeFleet(), Limits(), now=h.clock.now)
    with pytest.raises(Conflict, match="another process"):
        await other.change(ids[1], users=5)


async def test_a_threshold_that_does_not_hold_ends_the_run(h: Harness) -> None:
    abort = {"thresholds": ["errors<5", "p95<1s"], "abort_on_fail_after_s": 2}
    run_id = (await h.manager.create(plan(**abort))).id
    await settle()
    launch = h.launch(run_id)
    launch.started()
    launch.snapshot(0, interval(0, 10, 10))
    await settle()
    assert (launch.stops, await h.status(run_id)) == (0, RunStatus.RUNNING)  # not yet: after 2 s
    launch.obeys = False
    launch.snapshot(1, interval(1, 10, 10))
    await settle()
    assert (launch.stops, await h.status(run_id)) == (1, RunStatus.STOPPING)
    launch.snapshot(2, interval(2, 10))
    await h.manager.stop(run_id)  # somebody presses Stop as well
    launch.finished("stopped", 3 * S)
    await h.saved(run_id)
    record = h.store.records[run_id]
    assert record.status == "failed"
    assert record.status_reason == "Stopped after 2\xa0s: errors<5 did not hold, it was 20."
    assert record.sent == 50


async def test_rules_that_hold_or_have_no_figure_yet_end_nothing(h: Harness) -> None:
    rules = {"thresholds": ["errors<5", "p(99.9)<1ms"], "abort_on_fail_after_s": 0}
    run_id = (await h.manager.create(plan(**rules))).id
    await settle()
    h.launch(run_id).started()
    for index in range(3):
        h.launch(run_id).snapshot(index, interval(index, 100))
    await settle()
    assert (h.launch(run_id).stops, await h.status(run_id)) == (0, RunStatus.RUNNING)


async def test_an_untrustworthy_run_ends_when_a_threshold_asks_for_trust(h: Harness) -> None:
    rules = {"thresholds": ["audit.trustworthy"], "abort_on_fail_after_s": 0}
    run_id = (await h.manager.create(plan(**rules))).id
    await settle()
    h.launch(run_id).started()
    h.launch(run_id).snapshot(0, interval(0, 100, cpu_percent=99))
    await h.saved(run_id)
    view = await h.manager.view(run_id)
    assert (view.status, view.audit.trustworthy) == (RunStatus.FAILED, False)
    assert "the run is not trustworthy" in view.status_reason
    [rule] = view.result().thresholds
    assert (rule.passed, rule.actual) == (False, 0.0)
