"""Several processes on one PostgreSQL, without engines: what each sees of others' runs, and asks of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from tests.postgres import Server
from tests.runs.fakes import FakeFleet, FakeLaunch, S, interval, plan
from webui.errors import Conflict, InvalidInput, NotFound, OwnerSilent
from webui.runs.following import FollowedRun
from webui.runs.live import utc_now
from webui.runs.manager import RunManager
from webui.runs.model import RunView
from webui.runs.others import Others
from webui.runs.state import RunStatus
from webui.settings import Settings
from webui.store import RunQuery, Store

pytestmark = pytest.mark.anyio
WAIT_S = 10


@dataclass
class Process:
    """One process with its runs."""

    store: Store
    manager: RunManager
    fleet: FakeFleet

    def launch(self) -> FakeLaunch:
        return self.fleet.launches[-1]

    async def view(self, run_id: str) -> RunView:
        return await self.manager.view(run_id)


async def until(condition: Callable[[], Any]) -> Any:
    """What `condition` gives when that is true."""
    async with asyncio.timeout(WAIT_S):
        while not (found := condition()):
            await asyncio.sleep(0.005)
        return found


async def until_view(process: Process, run_id: str, condition: Callable[[RunView], Any]) -> RunView:
    """The run as the process sees it, once that is so."""
    async with asyncio.timeout(WAIT_S):
        while not condition(view := await process.view(run_id)):
            await asyncio.sleep(0.005)
        return view


@pytest.fixture
async def open_process(postgres_server: Server) -> AsyncIterator[Callable[..., Any]]:
    """Starts processes on one database, each as on a machine of its own."""
    address = postgres_server.address(postgres_server.emptied())
    async with AsyncExitStack() as stack:

        async def start(name: str, **options: Any) -> Process:
            store = await Store.open(address)
            stack.push_async_callback(store.close)
            fleet = FakeFleet()
            manager = RunManager(store, fleet, Settings(), owner=f"{name} x|1|1", **options)
            await manager.start()
            stack.push_async_callback(manager.close)
            await until(lambda: manager._others._listening is not None)
            await listens(store)
            return Process(store, manager, fleet)

        yield start


async def listens(store: Store, number: int = 1) -> None:
    """Waits until connections listen to notices."""
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND (query LIKE 'LISTEN%%' OR query = 'SELECT 1')"
    )
    async with asyncio.timeout(WAIT_S):
        while True:
            async with store._database.reading() as connection:
                if (await connection.exec_driver_sql(query)).scalar_one() >= number:
                    return
            await asyncio.sleep(0.01)


@pytest.fixture
async def pair(open_process: Callable[..., Any]) -> tuple[Process, Process]:
    a, b = await open_process("a"), await open_process("b")
    await listens(a.store, 2)
    return a, b


async def running(a: Process, b: Process) -> str:
    """A run on `a` that has one row, seen by `b`."""
    run_id: str = (await a.manager.create(plan(users=2, duration_s=60))).id
    await until(lambda: a.fleet.launches)
    a.launch().started()
    a.launch().snapshot(0, interval(0))
    await until(lambda: (found := b.manager.get_live(run_id)) and found.view().snapshots)
    return run_id


async def test_rows_come_as_they_are_written_and_add_up(pair: tuple[Process, Process]) -> None:
    a, b = pair
    run_id = await running(a, b)
    followed = b.manager.get_live(run_id)
    assert isinstance(followed, FollowedRun)
    seen = []
    async with b.manager.subscribe(run_id) as events:
        for index in range(1, 4):
            a.launch().snapshot(index, interval(index, successes=index))
            event = await asyncio.wait_for(anext(events), WAIT_S)
            while len(event.view.snapshots) <= index:
                event = await asyncio.wait_for(anext(events), WAIT_S)
            seen.append(event.view.total.all_endpoints.totals.successes)  # type: ignore[union-attr]
        a.launch().finished(load_ns=4 * S)
        kinds = [event.kind async for event in events]
    assert seen == [11, 13, 16]
    assert kinds[-1] == "finished"
    await until(lambda: b.manager.get_live(run_id) is None)
    ours, theirs = (await a.view(run_id)).result(), (await b.view(run_id)).result()
    assert ours.totals == theirs.totals
    assert b.manager.live_runs() == []


async def test_a_series_that_is_merged_in_pairs_is_followed(
    pair: tuple[Process, Process],
) -> None:
    a, b = pair
    run_id = await running(a, b)
    live = a.manager.get_own(run_id)
    assert live is not None
    live.series.limit = 4
    for index in range(1, 11):
        a.launch().snapshot(index, interval(index))
        await until_view(b, run_id, lambda view, end=index + 1: view.total and view.total.end_ns == end * S)  # type: ignore[misc]
        ours, theirs = await a.view(run_id), await b.view(run_id)
        assert [row.end_ns for row in theirs.snapshots] == [row.end_ns for row in ours.snapshots]
        assert theirs.total is not None
        assert theirs.total.all_endpoints.totals.successes == 10 * (index + 1)


async def test_what_is_asked_of_the_other_is_done_there_and_seen_at_once(
    pair: tuple[Process, Process],
) -> None:
    a, b = pair
    run_id = await running(a, b)
    await b.manager.change(run_id, users=7)
    assert a.launch().changes == [(1, "users", 7.0)]
    assert [(each.kind, each.value, each.applied) for each in (await b.view(run_id)).changes] == [
        ("users", 7.0, False)
    ]
    await b.manager.label(run_id, name="From b", tags=["t"], note="n")
    view = await b.view(run_id)
    assert (view.name, list(view.tags), view.note) == ("From b", ["t"], "n")
    assert (await a.view(run_id)).name == "From b"
    with pytest.raises(Conflict, match="rate cannot be changed"):
        await b.manager.change(run_id, rate_rps=5)
    with pytest.raises(InvalidInput):
        await b.manager.label(run_id, name="x" * 5000)
    a.launch().obeys = False
    await b.manager.stop(run_id)
    assert (await b.view(run_id)).status is RunStatus.STOPPING
    await b.manager.stop(run_id)  # once more changes nothing
    assert a.launch().stops == 1
    a.launch().finished("stopped")
    await until_view(b, run_id, lambda view: view.status is RunStatus.STOPPED)


async def test_stopping_everything_stops_the_other_ones_too(pair: tuple[Process, Process]) -> None:
    a, b = pair
    theirs = await running(a, b)
    ours = await running(b, a)
    assert sorted(await b.manager.stop_all()) == sorted([ours, theirs])
    for run_id in (ours, theirs):
        await until_view(b, run_id, lambda view: view.status is RunStatus.STOPPED)


async def test_runs_that_were_there_before_are_seen(open_process: Callable[..., Any]) -> None:
    a = await open_process("a")
    run_id = (await a.manager.create(plan())).id
    await until(lambda: a.fleet.launches)
    a.launch().started()
    a.launch().snapshot(0, interval(0))
    b = await open_process("b")
    await until(lambda: (found := b.manager.get_live(run_id)) and found.view().snapshots)
    [listed] = b.manager.known_runs()
    assert (listed.id, listed.status) == (run_id, RunStatus.RUNNING)
    assert listed.elapsed_s >= 1  # by its rows, not by the clock of the machine that runs it


async def test_one_that_only_runs_follows_nobody_and_obeys(open_process: Callable[..., Any]) -> None:
    command_line, dashboard = await open_process("cli", follow=False), await open_process("b")
    await listens(dashboard.store, 2)
    run_id = await running(command_line, dashboard)
    other = await dashboard.manager.create(plan())
    assert command_line.manager.get_live(other.id) is None
    await dashboard.manager.stop(run_id)
    assert command_line.launch().stops == 1


async def test_an_owner_that_does_not_answer_is_told_of_and_does_it_never(
    pair: tuple[Process, Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = pair
    run_id = await running(a, b)
    monkeypatch.setattr("webui.runs.others.ANSWER_S", 0.2)
    listening = a.manager._others._listening
    assert listening is not None
    await listening.close()  # as if it hung
    with pytest.raises(OwnerSilent, match="on a, does not answer, so nothing was changed"):
        await b.manager.stop(run_id)
    await a.manager._others._look_around()
    assert a.launch().stops == 0
    assert (await a.view(run_id)).status is RunStatus.RUNNING


async def test_what_was_asked_while_nobody_listened_is_done_when_somebody_does(
    pair: tuple[Process, Process],
) -> None:
    a, b = pair
    run_id = await running(a, b)
    listening = a.manager._others._listening
    assert listening is not None
    await listening.close()
    asking = asyncio.ensure_future(b.manager.stop(run_id))
    async with asyncio.timeout(WAIT_S):
        while not await a.store.waiting_commands("a x|1|1"):
            await asyncio.sleep(0.005)
    a.manager._others._joined()
    await asking
    assert a.launch().stops == 1


async def test_a_server_that_restarts_is_joined_again(
    pair: tuple[Process, Process], postgres_server: Server
) -> None:
    a, b = pair
    run_id = await running(a, b)
    postgres_server.stop()
    a.launch().snapshot(1, interval(1))
    await until(lambda: (own := a.manager.get_own(run_id)) and own.unsaved)
    postgres_server.start()
    await until(lambda: (found := b.manager.get_live(run_id)) and len(found.view().snapshots) == 2)
    a.launch().snapshot(2, interval(2))
    await until(lambda: (found := b.manager.get_live(run_id)) and len(found.view().snapshots) == 3)
    await b.manager.stop(run_id)
    assert a.launch().stops == 1


async def test_a_run_that_was_declared_dead_is_taken_back(pair: tuple[Process, Process]) -> None:
    a, b = pair
    run_id = await running(a, b)
    record = await b.store.get_run(run_id)
    assert record is not None
    assert await b.store.claim(run_id, owner=record.owner, new_owner="b x|1|1")
    await b.store.update_run(run_id, status="interrupted", ended_at=utc_now())
    a.manager.beat(await a.store.beat("a x|1|1", utc_now()))
    async with asyncio.timeout(WAIT_S):
        while (found := await b.store.get_run(run_id)) is None or found.status != "running":
            await asyncio.sleep(0.01)
    assert (found.owner, found.ended_at) == ("a x|1|1", None)


async def test_a_silent_owners_runs_are_interrupted_and_a_lively_ones_are_not(
    pair: tuple[Process, Process],
) -> None:
    a, b = pair
    run_id = await running(a, b)
    await b.manager._others._recover()
    assert (await b.view(run_id)).status is RunStatus.RUNNING
    await a.store.beat("a x|1|1", utc_now() - timedelta(minutes=1))
    await b.manager._others._recover()
    await until_view(b, run_id, lambda view: view.status is RunStatus.INTERRUPTED)


async def test_a_deleted_run_is_followed_no_longer(pair: tuple[Process, Process]) -> None:
    a, b = pair
    run_id = await running(a, b)
    async with b.manager.subscribe(run_id) as events:
        await a.store.hide_run(run_id, utc_now())
        a.launch().snapshot(1, interval(1))
        assert [event.kind async for event in events][-1:] != ["finished"]
    with pytest.raises(NotFound):
        await b.view(run_id)
    assert (await b.store.list_runs(RunQuery())).total == 0


async def test_a_command_that_nobody_knows_is_refused(pair: tuple[Process, Process]) -> None:
    a, b = pair
    run_id = await running(a, b)
    others: Others = b.manager._others
    with pytest.raises(Conflict, match="does not know how to do that"):
        await others.ask(run_id, "a x|1|1", "explode", {})
    with pytest.raises(Conflict, match="failed to do that"):
        await others.ask(run_id, "a x|1|1", "change", {"colour": "red"})


async def test_a_run_that_was_claimed_and_not_ended_is_ended_later(pair: tuple[Process, Process]) -> None:
    """The store went away between the two."""
    a, b = pair
    run_id = await running(a, b)
    assert await b.store.claim(run_id, owner="a x|1|1", new_owner="b x|1|1")
    await b.manager._others._recover()
    await until_view(b, run_id, lambda view: view.status is RunStatus.INTERRUPTED)
    own = await b.manager.create(plan())
    await b.manager._others._recover()
    assert (await b.view(own.id)).live
