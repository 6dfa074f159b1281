"""Plans, baselines, deletion with undo, experiments, links that expire."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.store.samples import DAY, record
from webui.errors import InvalidInput, NotFound
from webui.store import ExperimentRecord, RunQuery, Store

pytestmark = pytest.mark.anyio


async def fill(store: Store) -> None:
    """Twelve runs of three plans, the third one's without figures, and one whose plan is not known."""
    for number in range(12):
        figures = {} if number % 3 == 2 else {"throughput_rps": 10.0 + number, "p95_ms": 5.0}
        await store.add_run(record(number, status="passed", plan_key="abc"[number % 3], **figures))
    await store.add_run(record(99))


async def test_plans_are_listed_by_their_last_run_a_page_at_a_time(store: Store) -> None:
    await fill(store)
    first = await store.list_plans(RunQuery(limit=2))
    assert [(group.plan_key, group.count, group.newest.name) for group in first.items] == [
        ("c", 4, "Run 11"),
        ("b", 4, "Run 10"),
    ]
    second = await store.list_plans(RunQuery(limit=2, cursor=first.next_cursor))
    assert [group.plan_key for group in second.items] == ["a"]
    assert (second.next_cursor, first.total, second.total) == (None, 3, 3)
    assert [run.throughput_rps for run in second.items[0].recent] == [10, 13, 16, 19]


async def test_plans_are_found_by_their_runs(store: Store) -> None:
    await fill(store)
    page = await store.list_plans(RunQuery(search="run 10", sort="p95"))
    assert [(group.plan_key, group.count, len(group.recent)) for group in page.items] == [("b", 1, 4)]
    assert (await store.list_plans(RunQuery(search="nothing"))).items == []


@pytest.mark.parametrize("cursor", ["x", "WyJwbGFucyIsMSwyXQ", "WyJ4IiwieSIsInoiXQ"])
async def test_a_cursor_of_another_list_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(InvalidInput):
        await store.list_plans(RunQuery(cursor=cursor))


async def test_a_plans_measured_runs_come_in_order_of_time(store: Store) -> None:
    await fill(store)
    assert [run.name for run in await store.plan_runs("a", 3)] == ["Run 3", "Run 6", "Run 9"]
    assert await store.plan_runs("c", 3) == []


async def test_a_plan_has_one_baseline_at_a_time(store: Store) -> None:
    await fill(store)
    first, second = record(0).id, record(3).id
    await store.set_baseline(first)
    await store.set_baseline(second)
    found = await store.baseline("a")
    assert found is not None
    assert found.id == await store.baseline_id("a") == second
    await store.clear_baseline(first)  # is none any more: without an effect
    await store.hide_run(second, DAY)
    assert await store.baseline("a") is await store.baseline_id("a") is None
    await store.restore_run(second)
    assert await store.baseline_id("a") == second
    await store.delete_run(second)
    assert await store.baseline_id("a") is None
    with pytest.raises(NotFound):
        await store.set_baseline(record(99).id)  # its plan has no key


async def test_a_deleted_run_is_nowhere_and_comes_back_with_everything(store: Store) -> None:
    await store.add_run(record(tags=["x"]))
    await store.put_snapshots(record().id, [(0, b"row")])
    link = await store.add_share(record().id)
    await store.hide_run(record().id, DAY)
    assert await store.get_run(record().id) is None
    assert (await store.list_runs(RunQuery(tag="x"))).total == 0
    assert await store.share(link.token) is None
    assert await store.deleted_at(record().id) == DAY
    with pytest.raises(NotFound):
        await store.hide_run(record().id, DAY)
    await store.restore_run(record().id)
    assert (await store.list_runs(RunQuery(tag="x"))).total == 1
    assert await store.share(link.token) == link
    assert await store.snapshots(record().id) == [b"row"]


async def test_what_was_deleted_long_ago_is_purged(store: Store) -> None:
    for number in range(5):
        await store.add_run(record(number))
        if number:
            await store.hide_run(record(number).id, DAY + timedelta(days=number))
    assert await store.purge(DAY + timedelta(days=4), limit=2) == 2
    assert await store.purge(DAY + timedelta(days=4), limit=2) == 1
    assert await store.purge(DAY + timedelta(days=4)) == 0
    assert await store.deleted_at(record(4).id) is not None
    with pytest.raises(NotFound):
        await store.restore_run(record(1).id)


async def test_links_count_their_views_and_know_their_end(store: Store) -> None:
    await store.add_run(record(1))
    await store.add_run(record(2))
    both = (record(1).id, record(2).id)
    made = await store.add_share(record(1).id, expires_at=DAY, hide_target=True, runs=both)
    await store.note_view(made.token, DAY)
    await store.note_view(made.token, DAY + timedelta(hours=1))
    found = await store.share(made.token)
    assert found is not None
    assert (found.views, found.last_viewed_at) == (2, DAY + timedelta(hours=1))
    assert (found.expires_at, found.hide_target, found.runs) == (DAY, True, both)


async def test_a_link_to_a_comparison_is_closed_while_one_of_its_runs_is_deleted(store: Store) -> None:
    await store.add_run(record(1))
    await store.add_run(record(2))
    made = await store.add_share(record(1).id, runs=(record(1).id, record(2).id))
    await store.hide_run(record(2).id, DAY)
    assert await store.share(made.token) is None
    await store.restore_run(record(2).id)
    assert await store.share(made.token) == made


async def test_experiments(store: Store) -> None:
    made = ExperimentRecord(id="e_1", name="Workers", created_at=DAY, status="running", definition={"a": [1]})
    await store.add_experiment(made)
    assert await store.get_experiment("e_1") == made
    await store.update_experiment("e_1", status="done", result={"cells": []})
    [found] = await store.list_experiments()
    assert (found.status, found.result, found.name) == ("done", {"cells": []}, "Workers")
    await store.add_run(record(experiment_id="e_1", cell={"workers": 2}))
    [run] = (await store.list_runs(RunQuery(experiment_id="e_1"))).items
    assert run.cell == {"workers": 2}
    await store.delete_experiment("e_1")
    assert await store.get_experiment("e_1") is None
    with pytest.raises(NotFound):
        await store.update_experiment("e_1", status="x")
