"""Migrations: from nothing to what `tables.py` says, once, in one transaction."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from tests.store.samples import record
from webui.errors import StoreUnavailable
from webui.store import Store
from webui.store import database as database_module
from webui.store.revisions import MIGRATIONS, newest
from webui.store.tables import metadata

pytestmark = pytest.mark.anyio


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
async def test_the_migrated_schema_is_the_one_in_tables(store: Store) -> None:
    def unlike(_object: Any, _name: str | None, kind: str, *_rest: Any) -> bool:
        return kind != "index"  # indexes are the migrations' alone

    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True, "include_object": unlike}
        )
        return list(compare_metadata(context, metadata))

    async with store._database.reading() as connection:
        assert await connection.run_sync(differences) == []


def test_the_migrations_are_one_line_from_first_to_last() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    script = ScriptDirectory.from_config(config)
    assert script.get_heads() == [newest()]  # by which a database is known to need none
    assert len(script.get_bases()) == 1


async def test_opening_again_keeps_what_is_there(address: str) -> None:
    for number in range(3):
        store = await Store.open(address)
        await store.add_run(record(number))
        assert len(await store.live_runs()) == number + 1
        await store.close()


async def test_a_database_that_is_up_to_date_is_not_migrated(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What migrates takes a good part of the start's time to import."""
    await (await Store.open(address)).close()
    monkeypatch.setitem(sys.modules, "webui.store.migrating", None)
    await (await Store.open(address)).close()


async def test_a_migration_that_fails_leaves_the_database_as_it_was(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE shares (x)")  # in the way of the first migration's last table
        connection.commit()
    with pytest.raises(StoreUnavailable, match="already exists"):
        await Store.open(f"sqlite:///{database}")
    with closing(sqlite3.connect(database)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    assert tables == ["shares"]


async def test_the_file_is_in_wal_mode_with_foreign_keys_and_no_flush_for_each_commit(
    database: Path,
) -> None:
    store = await Store.open(f"sqlite:///{database}")
    async with store._database.reading() as connection:
        found = [
            (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        ]
    await store.close()
    assert found == ["wal", 1, 1, database_module.BUSY_S * 1000]


async def test_a_percent_sign_in_the_folders_name(tmp_path: Path) -> None:
    path = tmp_path / "100% mine" / "katydid.db"
    await (await Store.open(f"sqlite:///{path}")).close()
    assert path.is_file()


async def test_closing_leaves_one_file(database: Path) -> None:
    store = await Store.open(f"sqlite:///{database}")
    await store.add_run(record())
    await store.close()
    assert [path.name for path in database.parent.iterdir()] == [database.name]
