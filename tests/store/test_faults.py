"""Databases that cannot be used: one sentence that names the file and what to do, and nothing lost."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from anyio import create_task_group

from tests.store.samples import record
from webui.errors import InvalidInput, StoreUnavailable
from webui.store import RunQuery, Store
from webui.store import database as database_module

pytestmark = pytest.mark.anyio


def address(path: Path) -> str:
    return f"sqlite:///{path}"


async def refusal(path: Path) -> str:
    """The sentence with which the store refuses to open."""
    with pytest.raises(StoreUnavailable) as caught:
        await Store.open(address(path))
    sentence = str(caught.value)
    assert str(path) in sentence
    assert sentence.count(". ") == 0
    assert sentence.endswith(".")
    return sentence


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits 0.2 s for a lock instead of 5 s."""
    monkeypatch.setattr(database_module, "BUSY_S", 0.2)


@contextmanager
def locked(path: Path, how: str) -> Iterator[None]:
    """Another program holds a lock on the file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(f"BEGIN {how}")
        other.execute("CREATE TABLE IF NOT EXISTS other_program (x)")
        yield
        other.execute("ROLLBACK")


@contextmanager
def powerless() -> Iterator[Path]:
    """A folder, while this process has no more rights than anybody: root may write everywhere."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        nobody = 65534
        was = os.geteuid()
        if was == 0:
            os.chown(folder, nobody, -1)
            os.seteuid(nobody)
        try:
            yield folder
        finally:
            os.seteuid(was)
            folder.chmod(0o700)


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("These are my notes. " * 200)
    assert "is not a Katydid database" in await refusal(path)
    assert path.read_text().startswith("These are my notes.")


async def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    assert "cannot be opened" in await refusal(tmp_path)


async def test_a_damaged_database(tmp_path: Path) -> None:
    path = tmp_path / "katydid.db"
    store = await Store.open(address(path))
    for number in range(300):
        await store.add_run(record(number))
    await store.close()
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    assert "is damaged" in await refusal(path)


async def test_damage_that_is_met_later(tmp_path: Path) -> None:
    path = tmp_path / "katydid.db"
    store = await Store.open(address(path))
    await store.add_run(record())
    await store.put_snapshots(record().id, [(i, bytes(2000)) for i in range(200)])
    await store.close()
    data = bytearray(path.read_bytes())
    with closing(sqlite3.connect(path)) as connection:
        page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'snapshots'").fetchone()[0]
    data[4096 * (page - 1) : 4096 * page] = b"\xff" * 4096
    path.write_bytes(data)
    store = await Store.open(address(path))
    with pytest.raises(StoreUnavailable, match="is damaged"):
        await store.snapshots(record().id)
    assert await store.get_run(record().id) is not None
    await store.close()


@pytest.mark.usefixtures("impatient")
async def test_a_database_that_another_program_keeps_locked(tmp_path: Path) -> None:
    path = tmp_path / "katydid.db"
    with locked(path, "EXCLUSIVE"):
        assert "is in use by another process" in await refusal(path)
    store = await Store.open(address(path))
    await store.close()


@pytest.mark.usefixtures("impatient")
async def test_while_another_writes_reading_goes_on_and_writing_resumes(tmp_path: Path) -> None:
    path = tmp_path / "katydid.db"
    store = await Store.open(address(path))
    await store.add_run(record())
    with locked(path, "IMMEDIATE"):
        assert (await store.list_runs(RunQuery())).total == 1
        with pytest.raises(StoreUnavailable, match="is in use by another process"):
            await store.put_snapshots(record().id, [(0, b"a")])
    await store.put_snapshots(record().id, [(0, b"a")])
    assert await store.snapshots(record().id) == [b"a"]
    await store.close()


@pytest.mark.usefixtures("impatient")
async def test_writers_in_line_behind_a_lock_are_all_told_in_time(tmp_path: Path) -> None:
    path = tmp_path / "katydid.db"
    store = await Store.open(address(path))
    refused = []

    async def write(number: int) -> None:
        try:
            await store.add_run(record(number))
        except StoreUnavailable as error:
            refused.append(str(error))

    with locked(path, "IMMEDIATE"):
        async with create_task_group() as group:
            for number in range(20):
                group.start_soon(write, number)
    assert len(refused) == 20
    assert (await store.list_runs(RunQuery())).total == 0
    await store.close()


async def test_a_file_that_may_not_be_written() -> None:
    with powerless() as folder:
        path = folder / "katydid.db"
        store = await Store.open(address(path))
        await store.add_run(record())
        await store.close()
        path.chmod(0o400)
        assert "is not writable" in await refusal(path)
        path.chmod(0o600)
        store = await Store.open(address(path))
        assert await store.get_run(record().id) == record()
        await store.close()


async def test_a_file_that_may_not_be_read() -> None:
    with powerless() as folder:
        path = folder / "katydid.db"
        await (await Store.open(address(path))).close()
        path.chmod(0o200)
        assert "cannot be opened" in await refusal(path)


async def test_a_folder_that_may_not_be_written() -> None:
    with powerless() as folder:
        folder.chmod(0o500)
        await refusal(folder / "katydid.db")
        with pytest.raises(
            StoreUnavailable, match=f"The folder {folder}/data for the database cannot be made"
        ):
            await Store.open(address(folder / "data" / "katydid.db"))


async def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(StoreUnavailable, match="cannot be made"):
        await Store.open(address(tmp_path / "data" / "katydid.db"))


async def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    path = tmp_path / "some" / "where" / "katydid.db"
    await (await Store.open(address(path))).close()
    assert path.is_file()


async def test_a_full_disk(tmp_path: Path) -> None:
    path = tmp_path / "katydid.db"
    store = await Store.open(address(path))
    await store.add_run(record())
    async with store._database._engine.connect() as connection:
        pages = (await connection.exec_driver_sql("PRAGMA page_count")).scalar_one()
        await connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreUnavailable, match="its disk is full"):
        await store.put_snapshots(record().id, [(0, bytes(100_000))])
    assert await store.snapshots(record().id) == []
    await store.close()


async def test_a_database_of_a_newer_version(tmp_path: Path) -> None:
    path = tmp_path / "katydid.db"
    await (await Store.open(address(path))).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'f00d'")
        connection.commit()
    assert "was written by a newer version of Katydid" in await refusal(path)


@pytest.mark.parametrize(
    "text", ["", "nonsense", "postgresql", "mysql://host/db", "sqlite://", "sqlite:///:memory:"]
)
async def test_an_address_of_no_known_kind(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await Store.open(text)
    assert caught.value.problems[0].field == "database_url"


@pytest.mark.parametrize(
    ("text", "driver"),
    [
        ("sqlite:///x.db", "sqlite+aiosqlite"),
        ("sqlite+pysqlite:///x.db", "sqlite+aiosqlite"),
        ("postgresql://host/db", "postgresql+asyncpg"),
    ],
)
def test_whatever_driver_is_written_the_async_one_is_used(text: str, driver: str) -> None:
    assert database_module.parse_address(text).drivername == driver


async def test_a_server_that_is_not_there() -> None:
    with pytest.raises(StoreUnavailable) as caught:
        await Store.open("postgresql://katydid:secret@127.0.0.1:1/katydid")
    assert "127.0.0.1" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts open files as Linux lists them")
async def test_a_refused_store_leaves_no_file_open(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("These are my notes. " * 200)
    before = open_files(path)
    for _ in range(3):
        await refusal(path)
    assert open_files(path) == before == 0


def open_files(path: Path) -> int:
    """How often this process has the file open."""
    return sum(link.resolve() == path for link in Path("/proc/self/fd").iterdir())


async def test_a_new_database_is_its_users_own(tmp_path: Path) -> None:
    path = tmp_path / "new" / "katydid.db"
    store = await Store.open(address(path))
    try:
        await store.add_run(record())
        rights = {each.name: each.stat().st_mode & 0o777 for each in path.parent.iterdir()}
    finally:
        await store.close()
    assert set(rights.values()) == {0o600}, rights
