"""Connections and transactions: how the database is opened, set up and brought up to date."""

import asyncio
import json
import os
import sqlite3
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import URL, Connection, ExceptionContext, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from webui.errors import InvalidInput, StoreUnavailable
from webui.store import postgresql
from webui.store.faults import busy, mapped, not_writable
from webui.store.revisions import is_newest

BUSY_S: Final = 5.0  # how long a transaction waits for others that write
CLOSE_S: Final = 1.0
_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
_WRITES = "katydid_writes"
_T = TypeVar("_T")


class Database:
    """One database. `reading()` and `writing()` give a connection inside a transaction, committed at the
    end and rolled back on an error."""

    def __init__(self, url: URL, engine: AsyncEngine) -> None:
        self.url = url
        self.dialect = engine.dialect.name
        self._engine = engine
        # SQLite takes one writer at a time and makes others sleep and ask again. Inside this process they
        # stand in line instead.
        self._turn = asyncio.Lock() if self.dialect == "sqlite" else None
        self._under_way: set[asyncio.Task[Any]] = set()

    @classmethod
    async def open(cls, address: str) -> "Database":
        """Opens, creates where there is none, and migrates. Raises InvalidInput for an address of
        another kind, StoreUnavailable."""
        url = parse_address(address)
        with mapped(url):
            if url.get_backend_name() == "sqlite":
                await asyncio.to_thread(_check_file, url)
            database = cls(url, _create_engine(url))
        try:
            await database._prepare()
        except BaseException:
            await database.close()
            raise
        return database

    async def close(self) -> None:
        """Closes all connections, after what is under way has ended or has had CLOSE_S."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=CLOSE_S)
        await self._engine.dispose()

    async def whole(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Runs `work` to its end also when the caller is cancelled."""
        task = asyncio.ensure_future(work)
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # where nobody waits any more, nobody needs to hear of it

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection for statements that change nothing. Raises StoreUnavailable."""
        with mapped(self.url):
            async with self._engine.begin() as connection:
                yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A connection for statements that change something; waits its turn for up to BUSY_S.

        Raises StoreUnavailable, and NotFound where a row refers to a run that is not there.
        """
        with mapped(self.url):
            async with self._my_turn(), self._engine.connect() as connection:
                await connection.execution_options(**{_WRITES: True})
                async with connection.begin():
                    yield connection

    @asynccontextmanager
    async def _my_turn(self) -> AsyncIterator[None]:
        if self._turn is None:
            yield
            return
        try:
            async with asyncio.timeout(BUSY_S):
                await self._turn.acquire()
        except TimeoutError:
            raise busy(self.url) from None
        try:
            yield
        finally:
            self._turn.release()

    async def _prepare(self) -> None:
        if self.dialect == "sqlite":
            await self._use_write_ahead_log()
        async with self.writing() as connection:
            await connection.run_sync(_bring_up_to_date)

    async def _use_write_ahead_log(self) -> None:
        # Remembered in the file itself, and not possible inside a transaction.
        with mapped(self.url):
            async with self._engine.connect() as connection:
                raw = await connection.get_raw_connection()
                assert raw.driver_connection is not None
                await raw.driver_connection.execute("PRAGMA journal_mode = WAL")


def parse_address(address: str) -> URL:
    """The URL with its async driver. Raises InvalidInput for anything but SQLite files and PostgreSQL."""
    try:
        url = make_url(address)
        driver = _DRIVERS[url.get_backend_name()]
    except (ArgumentError, KeyError, ValueError) as error:
        raise InvalidInput.at(
            "database_url",
            f"write an address such as sqlite:////var/lib/katydid/katydid.db, not {address[:80]!r}",
        ) from error
    url = url.set(drivername=driver)
    if driver == _DRIVERS["postgresql"]:
        return postgresql.for_driver(url)
    if url.database in (None, "", ":memory:"):
        raise InvalidInput.at("database_url", "name a file, such as sqlite:////var/lib/katydid/katydid.db")
    return url


def _check_file(url: URL) -> None:
    assert url.database is not None
    path = Path(url.database).absolute()
    # SQLite would open it, notice at the first write, and leave files behind that nobody may write either.
    if path.is_file() and not os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise not_writable(url)
    folder = path.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailable(
            f"The folder {folder} for the database cannot be made ({error.strerror}): "
            "make it, or name another place."
        ) from error
    if not path.exists() and url.database != ":memory:":
        _create_private(path)


def _create_private(path: Path) -> None:
    """Plans may hold secrets: only the user who runs this may read them. SQLite gives the files that it puts
    beside the database the same rights."""
    with suppress(OSError):  # it is told better when the database is opened
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _create_engine(url: URL) -> AsyncEngine:
    options: dict[str, Any] = {"json_serializer": _dump_json, "pool_size": 5, "max_overflow": 10}
    if url.get_backend_name() != "sqlite":
        options |= {"connect_args": postgresql.arguments(url, BUSY_S), "pool_pre_ping": True}
        return create_async_engine(url, pool_timeout=BUSY_S, **options)
    # With no isolation level the driver begins no transactions of its own: BEGIN is ours to send, so that
    # a migration is one transaction and a writer takes its lock at the start, when it can still wait for it.
    arguments = {"isolation_level": None, "timeout": BUSY_S}
    engine = create_async_engine(url, connect_args=arguments, pool_timeout=BUSY_S, **options)
    event.listen(engine.sync_engine, "connect", _set_up_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    event.listen(engine.sync_engine, "handle_error", _forget_read_only)
    return engine


def _set_up_sqlite(connection: Any, _record: object) -> None:
    # Also the first look into the file: what is wrong with it comes up here. A connection that fails here
    # is not the pool's yet, so nobody else would close it.
    try:
        cursor = connection.cursor()
        cursor.execute("PRAGMA foreign_keys = ON")
        # Safe against a killed process, and no disk flush for each snapshot; a power cut may cost the last.
        cursor.execute("PRAGMA synchronous = NORMAL")
        # KiB for each connection, a quarter of the default: the system keeps what was read, once for all.
        cursor.execute("PRAGMA cache_size = -512")
        cursor.close()
    except BaseException:
        connection.close()
        raise


def _forget_read_only(context: ExceptionContext) -> None:
    # A connection that was opened while the file could not be written stays read-only for good.
    code = getattr(context.original_exception, "sqlite_errorcode", 0)
    if code & 0xFF == sqlite3.SQLITE_READONLY:
        context.is_disconnect = True


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _bring_up_to_date(connection: Connection) -> None:
    if not is_newest(connection):
        from webui.store.migrating import migrate

        migrate(connection)


def _dump_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
