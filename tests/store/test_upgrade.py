"""A database of the first released schema, with data, becomes one of today's in place."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, DateTime, MetaData, create_engine, insert, select
from sqlalchemy.ext.asyncio import create_async_engine

from webui.metrics import codec
from webui.runs.stored import stored_document, stored_view
from webui.runs.upkeep import Upkeep
from webui.store import RunQuery, Store
from webui.store.revisions import MIGRATIONS
from webui.store.tables import Moment

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index"),
]

OLD = Path(__file__).with_name("schema_0001.sql")


@pytest.fixture
async def upgraded(empty_address: str, tmp_path: Path) -> AsyncIterator[Store]:
    """The old database, opened by today's code."""
    old = tmp_path / "katydid.db"
    with closing(sqlite3.connect(old)) as connection:
        connection.executescript(OLD.read_text(encoding="utf-8"))
    if empty_address.startswith("postgresql"):
        await copy(old, empty_address)
    store = await Store.open(empty_address)
    yield store
    await store.close()


async def copy(old: Path, address: str) -> None:
    """The same rows in the first schema on PostgreSQL."""
    tables, rows = read_all(old)

    def fill(connection: Connection) -> None:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS))
        command.upgrade(config, "0001")
        for table in tables.sorted_tables:
            if rows[table.name]:
                connection.execute(insert(table), rows[table.name])

    engine = create_async_engine(address)
    async with engine.begin() as connection:
        await connection.run_sync(fill)
    await engine.dispose()


def read_all(old: Path) -> tuple[MetaData, dict[str, list[dict[str, Any]]]]:
    """The tables, and their rows as Python's values."""
    engine = create_engine(f"sqlite:///{old}")
    tables = MetaData()
    with engine.connect() as connection:
        tables.reflect(connection)
        tables.remove(tables.tables["alembic_version"])
        for table in tables.tables.values():
            for column in table.columns:
                if isinstance(column.type, DateTime):
                    column.type = Moment()
        rows = {
            name: [dict(row) for row in connection.execute(select(table)).mappings()]
            for name, table in tables.tables.items()
        }
    engine.dispose()
    return tables, rows


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


async def test_secrets_in_addresses_of_older_runs_are_hidden(tmp_path: Path) -> None:
    address = f"sqlite+aiosqlite:///{tmp_path / 'katydid.db'}"
    with closing(sqlite3.connect(tmp_path / "katydid.db")) as connection:
        connection.executescript(OLD.read_text(encoding="utf-8"))
        first = connection.execute("SELECT id, name FROM runs ORDER BY id").fetchone()
        secret = "http://joe:s3same@host/items?api_key=s3same&page=2&x-tenant=s3same"
        connection.execute("UPDATE runs SET target = ?, search = ? WHERE id = ?", (secret, secret, first[0]))
        connection.execute(
            "UPDATE documents SET plan = json_set(plan, '$.secrets', json_array('X-Tenant'))"
            " WHERE run_id = ?",
            first[:1],
        )
        before = dict(connection.execute("SELECT id, target FROM runs").fetchall())
        connection.commit()
    store = await Store.open(address)
    shown = {run.id: run.target for run in (await store.list_runs(RunQuery(limit=200))).items}
    assert shown.pop(first[0]) == "http://hidden@host/items?api_key=%5Bhidden%5D&page=2&x-tenant=%5Bhidden%5D"
    assert all(target == before[run] for run, target in shown.items())
    assert (await store.list_runs(RunQuery(search="s3same"))).total == 0
    assert first[0] in [run.id for run in (await store.list_runs(RunQuery(search="hidden"))).items]
    await store.close()
