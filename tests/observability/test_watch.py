"""Which runs have metrics, and what there is of the dashboard itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from tests.observability.conftest import Watched
from webui.errors import StoreUnavailable
from webui.observability import watch as module
from webui.observability.model import Readings
from webui.observability.watch import MAX_ENDED
from webui.runs.model import RunView

pytestmark = pytest.mark.anyio


async def found(watched: Watched) -> Mapping[str, Mapping[tuple[str, ...], Any]]:
    picture = await watched.watch.picture()
    return {family.metric.name: dict(family.samples) for family in picture.families()}


async def test_a_run_is_seen_from_its_start_to_long_after_its_end(watched: Watched) -> None:
    launch = await watched.started()
    launch.second_passes()
    now = await found(watched)
    assert now["runs"] == {("queued",): 0, ("running",): 1, ("stopping",): 0}
    assert now["requests_sent"] == {(launch.run_id, "list"): 10}
    await watched.ended(launch)
    now = await found(watched)
    assert now["runs"][("running",)] == 0
    assert now["runs_ended"][("passed",)] == 1
    assert now["requests_sent"] == {(launch.run_id, "list"): 40}
    assert now["run_status"] == {(launch.run_id,): "passed"}


async def test_only_the_runs_that_ended_last_stay(watched: Watched) -> None:
    ids = []
    for _ in range(MAX_ENDED + 2):
        launch = await watched.started()
        await watched.ended(launch)
        ids.append(launch.run_id)
    now = await found(watched)
    assert [run for (run,) in now["run"]] == ids[-MAX_ENDED:]
    assert now["runs_ended"][("passed",)] == MAX_ENDED + 2


async def test_live_runs_beyond_the_limit_are_counted(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_LIVE", 2)
    running = [await watched.started() for _ in range(3)]
    now = await found(watched)
    assert [run for (run,) in now["run"]] == [each.run_id for each in running[:2]]
    assert now["runs_left_off"] == {(): 1}
    assert now["runs"][("running",)] == 3


async def test_waiting_runs_and_limits_are_told(watched: Watched) -> None:
    for _ in range(3):
        await watched.started()
    await watched.manager.create(watched.manager.live_runs()[0].plan)
    now = await found(watched)
    assert now["runs"][("queued",)] == 1
    assert now["runs_running_limit"] == {(): 3}
    assert now["runs_queued_limit"] == {(): 20}


async def test_a_database_that_fails_is_told(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail() -> None:
        raise StoreUnavailable("the disk is full")

    assert (await found(watched))["store_up"] == {(): 1.0}
    monkeypatch.setattr(watched.store, "check", fail)
    assert (await found(watched))["store_up"] == {(): 0.0}


async def test_a_database_that_hangs_is_asked_once(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    answer = asyncio.Event()

    async def hang() -> None:
        nonlocal asked
        asked += 1
        await answer.wait()

    monkeypatch.setattr(watched.store, "check", hang)
    monkeypatch.setattr(module, "STORE_ANSWERS_WITHIN_S", 0.001)
    assert (await found(watched))["store_up"] == {(): 0.0}
    assert (await found(watched))["store_up"] == {(): 0.0}
    assert asked == 1
    answer.set()


async def test_unsaved_runs_are_counted(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(run_id: str, rows: object) -> None:
        raise StoreUnavailable("the disk is full")

    launch = await watched.started()
    live = watched.manager.get_live(launch.run_id)
    assert live is not None
    monkeypatch.setattr(watched.store, "put_snapshots", fail)
    launch.second_passes()
    while live.unsaved is None:
        await asyncio.sleep(0)
    assert (await found(watched))["runs_unsaved"] == {(): 1}


async def test_a_live_run_is_read_once_for_each_of_its_events(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    launch = await watched.started()
    launch.second_passes()
    read: list[str] = []
    original = module.readings_of

    def counted(view: RunView) -> Readings:
        read.append(view.id)
        return original(view)

    monkeypatch.setattr(module, "readings_of", counted)
    before = [await found(watched) for _ in range(3)]
    assert read == [launch.run_id]
    launch.second_passes()
    after = await found(watched)
    assert read == [launch.run_id] * 2
    assert before[0]["requests_sent"] == before[2]["requests_sent"] != after["requests_sent"]
