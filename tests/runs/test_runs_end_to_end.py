"""Runs through and through: real engines in real processes, a real database, a real server."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any

import pytest

from tests.runs.real import Harness, plan_for
from tests.runs.target import Target, target
from webui.fleet import Fleet
from webui.metrics import codec
from webui.runs.manager import RunManager
from webui.runs.state import RunStatus
from webui.settings import Settings
from webui.store import Store

pytestmark = pytest.mark.anyio


async def test_a_run_counts_what_the_server_counts(h: Harness, server: Target) -> None:
    created = await h.manager.create(plan_for(server, None, iterations=500))
    view = await h.ended(created.id)
    assert (view.status, view.status_reason) == (RunStatus.PASSED, "")
    assert view.total is not None
    assert view.total.totals.balanced
    assert view.total.totals.successes == server.requests == 500
    document = view.result()
    assert sum(row.rate_rps * row.interval_s for row in document.snapshots if row.rate_rps) == pytest.approx(
        500
    )
    assert document.totals.rate_rps == pytest.approx(500 / view.load_s)


async def test_intervals_are_on_disk_within_a_second(h: Harness, server: Target) -> None:
    run_id = await h.begin(plan_for(server))
    for _ in range(3):
        await asyncio.sleep(0.5)
        rows = [codec.decode(row) for row in await h.store.snapshots(run_id)]
        view = await h.manager.view(run_id)
        assert view.elapsed_s - rows[-1].end_ns / 1e9 < 2.0  # an interval lasts one second
        record = await h.store.get_run(run_id)
        assert record is not None
        assert record.status == "running"
    await h.manager.stop(run_id)


async def test_stop_takes_less_than_a_second_and_keeps_the_results(h: Harness) -> None:
    async with target(delay_s=5) as slow:
        run_id = await h.begin(plan_for(slow, spawn_rate=1000))
        asked = time.monotonic()
        await h.manager.stop(run_id)
        live = h.manager.get_live(run_id)
        assert live is not None
        await live.shards_ended.wait()
        assert time.monotonic() - asked < 1
        view = await h.ended(run_id)
    assert view.status is RunStatus.STOPPED
    assert view.total is not None
    assert (view.total.totals.cut_off, view.total.totals.balanced) == (5, True)


async def test_two_runs_at_a_time_do_not_touch_each_other(h: Harness, server: Target) -> None:
    async with target() as other:
        one = await h.begin(plan_for(server))
        two = await h.begin(plan_for(other, 1))
        assert h.pid(one) != h.pid(two)
        ended = await h.ended(two)
        assert ended.status is RunStatus.PASSED
        assert (await h.manager.view(one)).status is RunStatus.RUNNING
        await h.manager.stop(one)
        stopped = await h.ended(one)
        for view, its in ((ended, other), (stopped, server)):
            assert view.total is not None
            assert view.total.totals.sent == its.requests


async def test_merged_shards_balance_when_one_of_them_is_killed(
    h: Harness, server: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(h.fleet, "shards_for", lambda load: 2)
    run_id = await h.begin(plan_for(server, 2, users=20))
    os.kill(h.pid(run_id, 1), signal.SIGKILL)
    view = await h.ended(run_id)
    assert (view.status, view.shards, view.shards_lost) == (RunStatus.PASSED, 2, 1)
    totals = view.result().totals
    assert totals.offered == totals.sent + totals.dropped
    assert totals.sent == totals.successes + totals.failures + totals.cut_off
    assert totals.cut_off > 0  # each of its users waits for the server nearly all the time
    assert totals.sent <= server.requests
    assert sum(codec.decode(row).totals.cut_off for row in await h.store.snapshots(run_id)) == totals.cut_off


async def test_a_target_that_refuses_ends_as_an_error_in_words(h: Harness) -> None:
    async with target() as gone:
        pass
    created = await h.manager.create(plan_for(gone, 1))
    view = await h.ended(created.id)
    assert view.status is RunStatus.ERROR
    assert view.status_reason.startswith(f"Could not reach http://127.0.0.1:{gone.port}: connection refused.")
    assert [error.kind for error in view.result().errors] == ["connect_refused"]


async def test_closing_saves_what_runs_as_interrupted(h: Harness, server: Target) -> None:
    run_id = await h.begin(plan_for(server))
    asked = time.monotonic()
    await h.manager.close()
    assert time.monotonic() - asked < 2
    record = await h.store.get_run(run_id)
    assert record is not None
    assert (record.status, record.status_reason) == ("interrupted", "Katydid was closed.")
    assert record.sent == server.requests


# -- another process ------------------------------------------------------------------------------------


async def start_dashboard(tmp_path: Path, server: Target, seconds: float) -> tuple[Process, dict[str, Any]]:
    url = f"sqlite:///{tmp_path}/katydid.db"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.runs.dashboard", url, str(server.port), str(seconds), stdout=PIPE
    )
    assert process.stdout is not None
    told = {}
    for _ in range(2):
        told = json.loads(await asyncio.wait_for(process.stdout.readline(), 30))
    return process, told


async def test_a_run_of_another_living_process_is_left_alone(tmp_path: Path, server: Target) -> None:
    process, told = await start_dashboard(tmp_path, server, 1.5)
    store = await Store.open(f"sqlite:///{tmp_path}/katydid.db")
    manager = RunManager(store, Fleet, Settings())  # type: ignore[arg-type]
    await manager.start()
    assert (await manager.view(told["run"])).status is RunStatus.RUNNING
    assert await asyncio.wait_for(process.wait(), 20) == 0
    assert (await manager.view(told["run"])).status is RunStatus.PASSED
    await manager.close()
    await store.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_to_the_whole_group_does_not_end_engines_before_their_runs(
    h: Harness, server: Target, number: signal.Signals
) -> None:
    run_id = await h.begin(plan_for(server))
    os.kill(h.pid(run_id), number)
    await asyncio.sleep(0.2)
    await h.manager.stop(run_id)
    view = await h.ended(run_id)
    assert view.status is RunStatus.STOPPED
    assert view.total is not None
    assert view.total.totals.balanced
