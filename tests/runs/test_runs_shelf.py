"""Views of ended runs are made once, kept within bounds, and never out of date."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from tests.runs.fakes import FakeStore, interval
from tests.runs.test_runs_recovery import LATER, store_with
from webui.errors import NotFound
from webui.metrics import codec
from webui.runs import shelf as module
from webui.runs.shelf import Shelf

pytestmark = pytest.mark.anyio


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the runs whose views were made, in order."""
    ids: list[str] = []
    stored_view = module.stored_view

    async def counted(store: Any, run_id: str, now: Any) -> Any:
        ids.append(run_id)
        return await stored_view(store, run_id, now)

    monkeypatch.setattr(module, "stored_view", counted)
    return ids


def store_of(*ids: str, rows: int = 10, status: str = "passed") -> Any:
    store: FakeStore = store_with("me", status)
    for run_id in ids:
        store.records[run_id] = replace(store.records["r_1"], id=run_id)
        store.rows[run_id] = {index: codec.encode(interval(index, 1)) for index in range(rows)}
    return store


async def test_a_view_is_made_once_also_for_those_who_ask_at_the_same_time(made: list[str]) -> None:
    shelf = Shelf(store_of("a"))
    views = await asyncio.gather(*(shelf.view("a", LATER) for _ in range(5)))
    assert made == ["a"]
    assert all(view is views[0] for view in views)
    assert len(views[0].snapshots) == 10


async def test_a_changed_or_deleted_record_is_noticed(made: list[str]) -> None:
    store = store_of("a")
    shelf = Shelf(store)
    await shelf.view("a", LATER)
    store.records["a"] = replace(store.records["a"], name="Another name")
    assert (await shelf.view("a", LATER)).name == "Another name"
    assert made == ["a", "a"]
    await store.delete_run("a")
    with pytest.raises(NotFound):
        await shelf.view("a", LATER)


async def test_the_runs_asked_for_last_are_kept_within_the_bound(made: list[str]) -> None:
    shelf = Shelf(store_of("a", "b", "c"), max_rows=25)
    for run_id in ("a", "b", "a", "c", "a", "b"):
        await shelf.view(run_id, LATER)
    assert made == ["a", "b", "c", "b"]


async def test_one_run_above_the_bound_is_kept_all_the_same(made: list[str]) -> None:
    shelf = Shelf(store_of("a"), max_rows=5)
    await shelf.view("a", LATER)
    await shelf.view("a", LATER)
    assert made == ["a"]


async def test_a_live_run_of_another_process_is_never_kept(made: list[str]) -> None:
    shelf = Shelf(store_of("a", status="running"))
    await shelf.view("a", LATER)
    await shelf.view("a", LATER)
    assert made == ["a", "a"]
