"""Runs left behind by a process that is gone, and those of processes that live."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psutil
import pytest

from tests.runs.fakes import START, FakeStore, interval, plan
from webui.metrics import codec
from webui.plan.documents import plan_to_data
from webui.runs.ownership import SILENT_S, is_alive, machine, start_of, this_process
from webui.runs.recovery import recover
from webui.runs.state import RunStatus
from webui.runs.stored import stored_view
from webui.store import RunRecord

pytestmark = pytest.mark.anyio

LATER = START + timedelta(hours=1)


def store_with(owner: str, status: str = "running", rows: int = 3, **fields: Any) -> Any:
    store = FakeStore()
    given = {"started_at": START, "heartbeat_at": START + timedelta(seconds=5), **fields}
    store.records["r_1"] = RunRecord(
        id="r_1", name="Items", status=status, target="t", created_at=START, owner=owner, shards=1,
        planned_s=30, plan=plan_to_data(plan()), **given,
    )  # fmt: skip
    store.rows["r_1"] = {index: codec.encode(interval(index, 10)) for index in range(rows)}
    return store


def dead(*_: Any) -> bool:
    return False


async def test_a_run_of_a_dead_process_is_interrupted_with_all_that_was_saved() -> None:
    store = store_with("gone")
    assert await recover(store, "me", LATER, dead) == ["r_1"]
    record = store.records["r_1"]
    assert (record.status, record.status_reason) == ("interrupted", "Katydid ended in the middle of it.")
    assert record.ended_at == START + timedelta(seconds=3)
    assert (record.sent, record.load_s, record.throughput_rps) == (30, 3, 10)
    assert record.result["totals"]["successes"] == 30
    assert len(record.result["snapshots"]) == 3
    assert record.result["status"] == "interrupted"
    view = await stored_view(store, "r_1", LATER)
    assert (view.status, view.elapsed_s, len(view.snapshots)) == (RunStatus.INTERRUPTED, 3, 3)


async def test_a_run_that_had_not_started_says_so() -> None:
    store = store_with("gone", "queued", 0, started_at=None)
    await recover(store, "me", LATER, dead)
    record = store.records["r_1"]
    assert (record.status, record.status_reason) == (
        "interrupted",
        "Katydid ended before it had started.",
    )
    assert record.ended_at == START + timedelta(seconds=5)
    assert record.sent is None


async def test_runs_of_living_processes_and_our_own_are_left_alone() -> None:
    store = store_with("alive")
    assert await recover(store, "me", LATER, lambda *_: True) == []
    assert await recover(store, "alive", LATER, dead) == []
    assert store.records["r_1"].status == "running"


async def test_only_one_of_two_processes_takes_a_run_over() -> None:
    store = store_with("gone")
    listed = await store.live_runs()
    store.records["r_1"] = replace(store.records["r_1"], owner="the other was first")

    async def stale() -> Any:
        return listed

    store.live_runs = stale
    assert await recover(store, "me", LATER, dead) == []
    assert store.records["r_1"].status == "running"


async def test_a_run_that_cannot_be_read_does_not_bar_the_start() -> None:
    store = store_with("gone")
    store.rows["r_1"][1] = b"damaged"
    assert await recover(store, "me", LATER, dead) == ["r_1"]
    assert store.records["r_1"].status == "interrupted"


async def test_a_live_run_of_another_process_shows_what_is_stored() -> None:
    view = await stored_view(store_with("other"), "r_1", START + timedelta(seconds=7))
    assert (view.status, view.elapsed_s, view.load_s) == (RunStatus.RUNNING, 7, 3)
    assert view.total is not None
    assert view.total.totals.successes == 30


def test_this_process_is_alive() -> None:
    assert is_alive(this_process(), None, START)


def test_a_process_that_ended_is_not_alive_even_if_its_number_is_used_again() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        owner = f"{machine()}|{child.pid}|{start_of(child.pid)}"
        assert is_alive(owner, None, START)
        child.kill()
    assert not is_alive(owner, START, START)
    assert not is_alive(f"{machine()}|{os.getpid()}|{start_of(os.getpid())}0", START, START)


def test_a_process_of_an_older_version_is_told_by_its_start_on_the_clock() -> None:
    begun = psutil.Process().create_time()
    assert is_alive(f"{machine()}|{os.getpid()}|{begun:.2f}", None, START)
    assert not is_alive(f"{machine()}|{os.getpid()}|{begun - 60:.2f}", START, START)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere only the clock tells a process's start")
def test_a_living_process_stays_alive_when_the_clock_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = this_process()
    begun = psutil.Process().create_time()
    monkeypatch.setattr(psutil.Process, "create_time", lambda self: begun + 3600)
    assert is_alive(owner, None, START)


def test_a_process_elsewhere_is_judged_by_its_heartbeat() -> None:
    owner = "another-machine|1|0.0"
    soon = START + timedelta(seconds=SILENT_S - 1)
    assert is_alive(owner, START, soon)
    assert not is_alive(owner, START, soon + timedelta(seconds=2))
    assert not is_alive(owner, None, START)


@pytest.mark.parametrize("owner", ["", "x", f"{machine()}|", f"{machine()}|99999999|soon"])
def test_an_owner_that_is_none_is_dead(owner: str) -> None:
    assert not is_alive(owner, None, START)
