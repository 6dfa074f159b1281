"""A database of the first released schema, with data, becomes one of today's in place."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from webui.metrics import codec
from webui.runs.stored import stored_document, stored_view
from webui.runs.upkeep import Upkeep
from webui.store import RunQuery, Store

pytestmark = pytest.mark.anyio

OLD = Path(__file__).with_name("schema_0001.sql")


@pytest.fixture
async def upgraded(database: Path) -> AsyncIterator[Store]:
    """The old database, opened by today's code."""
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(OLD.read_text(encoding="utf-8"))
    store = await Store.open(f"sqlite:///{database}")
    yield store
    await store.close()


async def test_every_run_is_there_as_it_was(upgraded: Store) -> None:
    page = await upgraded.list_runs(RunQuery())
    assert [(run.name, run.status) for run in page.items] == [
        ("Waiting", "queued"), ("Überfälle 日本", "stopped"), ("Items", "failed"), ("Items", "passed"),
    ]  # fmt: skip
    run = await upgraded.get_run("r_0000000003")
    assert run is not None
    assert (run.note, run.tags) == ("line\nnext", ('it\'s; a "tag"',))
    assert (run.pinned, run.deleted_at, run.plan_key, run.baseline) == (False, None, None, None)
    assert run.sent == 600


async def test_documents_and_snapshots_can_be_read(upgraded: Store) -> None:
    run = await upgraded.get_run("r_0000000001")
    assert run is not None
    document = stored_document(run)
    assert document is not None
    assert document.totals.successes == 600
    rows = [codec.decode(row) for row in await upgraded.snapshots(run.id)]
    assert [row.totals.successes for row in rows] == [200, 200, 200]
    view = await stored_view(upgraded, run.id, datetime.now(UTC))
    assert view.result().response_time_ms.p95 == document.response_time_ms.p95


async def test_links_open_as_before(upgraded: Store) -> None:
    [revoked] = await upgraded.shares("r_0000000001")
    [open_one] = await upgraded.shares("r_0000000002")
    assert revoked.revoked_at is not None
    assert (open_one.revoked_at, open_one.expires_at, open_one.views, open_one.runs) == (None, None, 0, ())


async def test_what_it_did_not_keep_is_filled_in(upgraded: Store) -> None:
    await Upkeep(upgraded).once()
    found = {run.id: run for run in (await upgraded.list_runs(RunQuery())).items}
    first, second, third = (found[f"r_000000000{number}"] for number in (1, 2, 3))
    assert first.plan_key == second.plan_key != third.plan_key
    assert first.p50_ms == pytest.approx(10.1, rel=0.01)
    assert first.p99_ms is not None
    assert len(first.spark_p95) == 3
    assert [group.count for group in (await upgraded.list_plans(RunQuery())).items] == [1, 2]
    await upgraded.set_baseline(first.id)
    assert await upgraded.baseline_id(str(second.plan_key)) == first.id


async def test_searching_and_every_filter_work(upgraded: Store) -> None:
    for query, number in (
        (RunQuery(search="ÜBERFÄLLE"), 1),
        (RunQuery(tag="nightly"), 2),
        (RunQuery(target="10.0.0.9"), 1),
        (RunQuery(pinned=False), 4),
    ):
        assert (await upgraded.list_runs(query)).total == number, query
